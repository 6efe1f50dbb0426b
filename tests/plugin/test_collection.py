"""What `--collect-only` lists, which is the plan of a session in one look."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--division=closed"], 18),
        (["--division=whatif"], 19),
        (["--division=whatif", "--accelerators=1,2", "-k", "unet3d"], 6),
        (["--edition=2.0", "-k", "h100"], 18),
        (["--edition=1.0", "-k", "unet3d-a100"], 5),
        (["-m", "training", "-k", "unet3d-b200-x1-run1"], 1),
        (["--accelerators=8,80", "-k", "x8-"], 18),
        (["--quick"], 5),
    ],
)
def test_quiet_listing_has_one_line_an_item(arguments, found):
    listing = ["suites/training", "--collect-only", "-q", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *listing, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    items = [line for line in done.stdout.splitlines() if "::test_run[" in line]
    assert len(items) == found
    assert all(line.startswith("suites/training/test_training.py::test_run[") for line in items)
