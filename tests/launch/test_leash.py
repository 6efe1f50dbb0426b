"""Whatever happens to the program that launched, its ranks and their children end with it."""

import os
import signal
import subprocess
import sys

import pytest

from storagebench.launch.leash import leashed
from tests.launch.conftest import ROOT, survivors

HERE, TWO_HOSTS = ["localhost"], ["127.0.0.2", "127.0.0.3"]


@pytest.fixture
def driver(monkeypatch):
    """Start the driver, wait until its ranks have met, and make sure that it ends with the test."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "tests.launch.example_driver", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert [process.stdout.readline() for _ in range(2)] == ["ranks\n", "ready\n"]
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("arguments", [["local", *HERE], ["mpi", *HERE], ["mpi", *TWO_HOSTS]], ids=" ".join)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "sigkill"])
def test_no_rank_survives_its_launcher(driver, fake_ssh, mark, arguments, number):
    process = driver(*arguments)
    process.send_signal(number)
    assert process.wait(timeout=15) != 0
    assert survivors(mark) == []


def test_a_process_whose_parent_is_gone_already_does_not_start():
    done = subprocess.run(
        [sys.executable, "-m", "storagebench.launch.leash", "1", "echo", "alive"], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert done.stdout == b""


def test_the_leash_lets_a_command_with_its_parent_run():
    command = [sys.executable, "-m", "storagebench.launch.leash", str(os.getpid()), "echo", "alive"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"alive\n"


def test_a_setpriv_that_does_not_know_the_leash_is_not_used(monkeypatch, tmp_path):
    assert leashed.__wrapped__() == ("setpriv", "--pdeathsig", "KILL")
    (tmp_path / "setpriv").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "setpriv").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert leashed.__wrapped__() == ()
    (tmp_path / "setpriv").unlink()
    assert leashed.__wrapped__() == ()
