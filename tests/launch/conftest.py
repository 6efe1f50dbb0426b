"""No test of a launcher may leave a process behind, on purpose or not."""

import time
import uuid
from pathlib import Path

import pytest

from tests.launch.fake_hosts import reach_fake_hosts

MARK = "STORAGEBENCH_TEST_MARK"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def mark(monkeypatch):
    """Mark every process that the test starts, and fail when one of them is still there at its end."""
    value = uuid.uuid4().hex
    monkeypatch.setenv(MARK, value)
    yield value
    assert survivors(value) == []


@pytest.fixture
def fake_ssh(monkeypatch, tmp_path):
    """Let mpirun reach any host whose name resolves."""
    reach_fake_hosts(monkeypatch, tmp_path)


def survivors(value, patience_s=5.0):
    """Return the command lines of marked processes that have not ended within `patience_s`."""
    deadline = time.monotonic() + patience_s
    while (found := _marked(value)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def _marked(value):
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if f"{MARK}={value}".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # another user's, or gone while we looked
            continue
    return found
