"""The DLIO that an interpreter has: its version, and what its source says it can do."""

import functools
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storagebench.errors import ClusterError

PROBE = Path(__file__).with_name("probe.py")
PROBE_S = 60
"""A probe takes 0.1 s; a Python on a shared filesystem that nobody has used lately takes much longer."""
OLDEST_PYTHON = (3, 11)
"""Our own modules run in DLIO's interpreter too."""
NEEDED = ("mpi4py", "numpy", "omegaconf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A DLIO as it was found.

    `keys` are the dotted keys that it looks for in a configuration, `formats` those that it has a name for, `modules`
    what else its interpreter has of what DLIO and our plug-ins can use.
    """

    python: str
    version: str
    source: str
    keys: frozenset[str]
    formats: frozenset[str]
    modules: frozenset[str]

    @property
    def counts_in_bytes(self) -> bool:
        """Whether it calls the size of a sample record_length_bytes, as all but the releases do."""
        return "dataset.record_length_bytes" in self.keys

    @property
    def is_fork(self) -> bool:
        """Whether it is MLCommons' fork of edition 3.0: that one reads raw bytes, and leaves out uneven rests."""
        return "dataset.skip_listing" in self.keys

    @property
    def has_torch(self) -> bool:
        """Whether the real torch can be imported."""
        return "torch" in self.modules

    @property
    def title(self) -> str:
        """Version and source, as the record names them: ``2.0.0 (source bb680f0b1390)``."""
        return f"{self.version} (source {self.source})"

    @property
    def mpi_bin(self) -> str | None:
        """The folder beside its Python, if that holds the mpirun that goes with its mpi4py."""
        beside = Path(self.python).parent
        return str(beside) if os.access(beside / "mpirun", os.X_OK) else None


@functools.cache
def installation_of(python: str) -> Installation:
    """Ask an interpreter what it has of DLIO; once for each interpreter.

    Raises:
        ClusterError: it cannot be started, is too old, has no DLIO, or one that we cannot drive.
    """
    found = _answer(python)
    version = tuple(int(part) for part in re.findall(r"\d+", found["python_version"])[:2])
    dlio = found["dlio"]
    if version < OLDEST_PYTHON:
        raise ClusterError(
            f"--dlio-python: {python} is Python {found['python_version']}, and our part inside DLIO needs 3.11 or newer"
        )
    if dlio is None:
        raise ClusterError(
            f"--dlio-python: {python} has no dlio_benchmark: `make dlio` makes an environment that has it, or install it there"
        )
    if dlio["version"] is None:
        raise ClusterError(
            f"--dlio-python: the dlio_benchmark of {python} has no version that a record could name: install it with pip"
        )
    if not {"dataset.record_length", "dataset.record_length_bytes"} & set(dlio["keys"]):
        raise ClusterError(
            f"--dlio-python: the dlio_benchmark {dlio['version']} of {python} reads no configuration that we know "
            "(neither dataset.record_length nor dataset.record_length_bytes)"
        )
    if missing := [name for name in NEEDED if name not in found["modules"]]:
        raise ClusterError(f"--dlio-python: {python} lacks {', '.join(missing)}, which DLIO needs: install it there")
    return Installation(
        python=python,
        version=dlio["version"],
        source=dlio["commit"] or dlio["source"],
        keys=frozenset(dlio["keys"]),
        formats=frozenset(dlio["formats"]),
        modules=frozenset(found["modules"]),
    )


def _answer(python: str) -> dict[str, Any]:
    try:
        asked = subprocess.run(
            [python, PROBE], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PROBE_S, check=False
        )
        answer: dict[str, Any] = json.loads(asked.stdout)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or f"no answer within {PROBE_S} s"
        raise ClusterError(f"--dlio-python: {python} cannot be started ({reason}): name a Python") from None
    except ValueError:
        said = (asked.stderr or asked.stdout).strip().splitlines() or ["nothing"]
        raise ClusterError(f"--dlio-python: {python} is no Python 3 that works (it says {said[-1]!r:.200})") from None
    return answer
