"""What tests of several folders share."""

import contextlib
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from tests import real_hosts

# `pytest --explain` and its like read this file too, and must work with the little that `make quick` installs.
with contextlib.suppress(ModuleNotFoundError):
    from hypothesis import settings

    # No test measures time: a busy machine is no failure. What the current profile says otherwise (CI's has a seed) stays.
    settings.register_profile("untimed", deadline=None)
    settings.load_profile("untimed")

_TOKEN = re.compile(r"\x1b\[\??[0-9;]*[A-Za-z]|\x1b[78D]|\r|\n|[^\x1b\r\n]+")


@pytest.fixture(scope="session")
def _ssh_hosts(tmp_path_factory):
    """Two hosts of their own on this machine, booted once a session."""
    if lacking := real_hosts.why_not():
        assert "CI" not in os.environ, lacking
        pytest.skip(f"NOT TESTED: no hosts can be made on this machine: {lacking}")
    with real_hosts.booted(tmp_path_factory.mktemp("hosts")) as hosts:
        yield hosts


@pytest.fixture
def ssh_hosts(_ssh_hosts):
    """Two hosts with a real sshd each, mended after each test; nothing that a test starts there may be left."""
    yield _ssh_hosts
    assert _ssh_hosts.mend() == {}


@pytest.fixture(scope="session")
def dlio_python(tmp_path_factory) -> str:
    """The Python of a real DLIO; its environment is made here where `make test` has not made it."""
    root = Path(__file__).parents[1]
    with FileLock(tmp_path_factory.getbasetemp().parent / "make-dlio.lock"):
        subprocess.run(["make", "-C", root, "dlio"], check=True, capture_output=True, timeout=600)
    return str(root / ".venv-dlio/bin/python")


@pytest.fixture
def screen() -> Callable[..., list[str]]:
    """Show text as a terminal of unlimited height would: ``screen("a", "\\rb") == ["b"]``."""
    return lambda *texts: _shown("".join(texts))


def _shown(text: str) -> list[str]:
    lines, row, column, saved = [""], 0, 0, (0, 0)
    for token in _TOKEN.findall(text):
        if token == "\r":
            column = 0
        elif token == "\n":
            row, column = row + 1, 0
        elif token == "\x1bD":
            row += 1
        elif token == "\x1b[A":
            row -= 1
        elif token == "\x1b7":
            saved = row, column
        elif token == "\x1b8":
            row, column = saved
        elif token == "\x1b[K":
            lines[row] = lines[row][:column]
        elif not token.startswith("\x1b"):
            lines[row] = lines[row].ljust(column)[:column] + token + lines[row][column + len(token) :]
            column += len(token)
        lines += [""] * (row + 1 - len(lines))
    return lines
