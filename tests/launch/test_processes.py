"""Processes are ended with all that belongs to them, and their endings are put into words."""

import subprocess
import sys

import pytest

from storagebench.launch.processes import end, ending_text, has_children, has_ended
from tests.launch.conftest import survivors

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
PARENT = f"""
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], preexec_fn=os.setpgrp)
child.wait()
"""


def started(code):
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout.readline() == b"up\n"
    return process


@pytest.mark.parametrize("code", [STUBBORN, PARENT], ids=["that ignores SIGTERM", "with a child in a group of its own"])
def test_a_process_ends_within_the_grace(code, mark):
    process = started(code)
    end([process], grace_s=0.1)
    assert process.returncode is not None
    process.stdout.close()
    assert survivors(mark) == []


def test_an_end_is_seen_without_reaping():
    process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    while not has_ended(process):
        pass
    assert process.returncode is None
    end([process])
    assert process.returncode == 0
    assert has_ended(process)


def test_children_are_seen():
    process = started(PARENT)
    assert has_children(process.pid)
    end([process], grace_s=0.1)
    process.stdout.close()


@pytest.mark.parametrize(
    ("returncode", "text"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-9, "was killed by SIGKILL (out of memory?)"),
        (-11, "was killed by SIGSEGV"),
        (-99, "was killed by signal 99"),
    ],
)
def test_an_ending_is_put_into_words(returncode, text):
    assert ending_text(returncode) == text
