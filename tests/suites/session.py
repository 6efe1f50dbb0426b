"""Runs `pytest suites/...` of this checkout as a person would, in a process of its own."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[2]
TINY = (
    "--division=whatif",
    "--param=dataset.num_files_train=16",
    "--param=dataset.record_length_bytes=40000",
    "--param=dataset.record_length_bytes_stdev=0",
    "--param=train.epochs=2",
    "--param=train.computation_time=0.002",
    "--param=reader.batch_size=2",
)
"""A unet3d of 640 kB that is over at once; INVALID by rule, and so whatif."""


@dataclass(frozen=True)
class Session:
    """What came of it."""

    returncode: int
    output: str
    folder: Path

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("results/**/record.json"))]

    def incomplete(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("results/**/incomplete.json"))]

    def testcases(self) -> list[ET.Element]:
        return list(ET.parse(self.folder / "report.xml").iter("testcase"))

    def line(self, pattern: str) -> str:
        """Return the one line that matches; a sentence is one line."""
        found = [line for line in self.output.splitlines() if re.search(pattern, line)]
        assert found, f"{pattern!r} is nowhere in\n{self.output}"
        return found[0]


def command(folder: Path, *arguments: str) -> list[str]:
    (folder / "data").mkdir(exist_ok=True)
    paths = [f"--data-dir={folder}/data", f"--results-dir={folder}/results", f"--junitxml={folder}/report.xml"]
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *paths, *arguments]


def environment() -> dict[str, str]:
    """Return the environment without what this very pytest session put there."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "STORAGEBENCH_"))}


def session(folder: Path, *arguments: str, suite: str = "suites/training") -> Session:
    """Run a suite to its end; later options of the same name win over the paths in `folder`."""
    done = subprocess.run(
        [*command(folder), suite, *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return Session(done.returncode, done.stdout + done.stderr, folder)
