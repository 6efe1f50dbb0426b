"""A run that stands still is named, with the place of every rank, and never killed."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from storagebench.watch.launcher import Watching

STALL_AFTER_S = 1.0
"""Short, as nothing here waits for a run in good order."""
STACK_S = 60.0


class Listener:
    """Hears what a run tells, and lets rank 1 go on once its stall was told; what a slow start brings is no stall."""

    def __init__(self, release):
        self.events, self._release, self._released = [], release, False

    def __call__(self, event):
        self.events.append(event)
        if event["kind"] == "stall" and event["stage"] == "hanging" and not self._released:
            self._released = True
            self._release(self.events)

    def stall(self):
        return next(event for event in self.events if event["kind"] == "stall" and event["stage"] == "hanging")


def pid_of(rank, events):
    (known,) = (event["ranks"] for event in events if event["kind"] == "ranks")
    return next(one["pid"] for one in known if one["rank"] == rank)


@pytest.fixture
def fifo(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def test_a_rank_that_hangs_in_a_read_is_found_with_its_python_stack_in_the_log(look_after, folder, fifo, lines):
    log = folder / "run.stderr.log"

    def release(events):
        """Wait for the stack, then let the rank read its byte."""

        def write():
            deadline = time.monotonic() + STACK_S
            while "hang_in_a_read" not in log.read_text() and time.monotonic() < deadline:
                time.sleep(0.02)
            with fifo.open("wb") as stream:
                stream.write(b"x")

        threading.Thread(target=write, daemon=True).start()

    heard = Listener(release)
    results = look_after(heard, Watching(0.0, STALL_AFTER_S), hang="fifo", fifo=str(fifo))
    assert [result["rank"] for result in results] == [0, 1]
    stall = heard.stall()
    assert stall["silent_s"] >= STALL_AFTER_S
    assert [one["rank"] for one in stall["ranks"]] == [0, 1]
    assert stall["text"].startswith("no progress and no I/O for ")
    assert " in hanging: " in stall["text"]
    assert f"rank 1 on {stall['ranks'][1]['host']} (pid {pid_of(1, heard.events)}) S" in stall["text"]
    assert stall["text"] in [one["text"] for one in lines("stalls.jsonl")]
    assert '[1]   File "' in log.read_text()


def test_a_rank_that_was_stopped_is_found_and_not_killed(look_after):
    heard = Listener(lambda events: os.kill(pid_of(1, events), signal.SIGCONT))
    results = look_after(heard, Watching(0.0, STALL_AFTER_S), hang="stop")
    assert [result["rank"] for result in results] == [0, 1]
    stall = heard.stall()
    assert stall["ranks"][1]["at"].startswith("T")


def test_nobody_looks_where_nobody_was_asked_to(look_after, folder):
    look_after(lambda event: None, Watching(0.0, 0.0))
    assert not (folder / "timeseries").exists()
    assert Path(folder, "run.stderr.log").exists()
