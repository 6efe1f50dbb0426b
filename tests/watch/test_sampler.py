"""The sampler: text for any Python from 3.6 on, raw counters, a grid that does not drift, answers in between."""

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.model import LOCALHOST
from storagebench.watch import sampler, transport
from storagebench.watch.transport import start_here

SOURCE = Path(sampler.__file__)
MOUNTSTATS = """\
device rootfs mounted on / with fstype rootfs
device server:/export mounted on /mnt/fs with fstype nfs4 statvers=1.1
  age:  3600
  bytes:  100 200 0 0 5120 1024 2 1
  per-op statistics
          READ: 5 5 0 700 5120 1 2 3 0
         WRITE: 2 2 0 1300 200 1 2 3 0
device tmpfs mounted on /tmp with fstype tmpfs
"""


@pytest.fixture
def asked(tmp_path):
    """Start a sampler and talk to it: ``say("ping 1")``, ``hear()``."""
    process = start_here(LOCALHOST, 0.05, str(tmp_path))

    class Talk:
        pid = process.pid

        def say(self, line):
            process.stdin.write(line.encode() + b"\n")

        def hear(self, kind="sample"):
            while line := process.stdout.readline():
                message = json.loads(line)
                if message["kind"] == kind:
                    return message
            pytest.fail(f"the sampler ended without {kind}: {process.stderr.read()}")

        def rest(self):
            return [json.loads(line) for line in process.communicate(timeout=60)[0].splitlines()]

    yield Talk()
    process.kill()
    process.communicate()


@pytest.fixture
def sleeper():
    """Start a process that does nothing."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def test_it_keeps_to_the_language_of_python_3_6_and_to_the_standard_library():
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names
    annotations = [node.returns for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    # What 3.6 cannot evaluate stands in quotes: list[int], str | None.
    assert not [one for one in annotations if isinstance(one, (ast.Subscript, ast.BinOp))]


def test_it_greets_then_samples_then_takes_a_last_sample_and_ends(asked):
    assert asked.hear("hello")["pid"] == asked.pid
    first = asked.hear()
    assert first["n"] == 0
    assert len(first["cpu"]) >= 8
    assert first["memory"]["MemTotal"] > 0
    assert {"Dirty", "Writeback"} <= first["memory"].keys()
    asked.hear()
    asked.say("stop")
    *_, last = asked.rest()
    assert last["last"] is True
    assert last["cpu_s"] > 0


def test_samples_stand_on_a_grid_however_long_they_take(asked):
    samples = [asked.hear() for _ in range(6)]
    begin = samples[0]["mono"]
    for sample in samples:
        assert sample["mono"] >= begin + 0.05 * sample["n"] - 0.001
    assert [sample["n"] for sample in samples] == sorted({sample["n"] for sample in samples})


def test_it_answers_between_samples(asked):
    asked.hear("hello")
    asked.say("ping 7")
    pong = asked.hear("pong")
    assert pong["id"] == "7"
    assert pong["mono"] > 0


def test_it_looks_at_processes_and_says_which_are_gone(asked, sleeper):
    asked.say(f"look 1 {sleeper.pid},999999999")
    alive, gone = asked.hear("looked")["ranks"]
    assert alive["threads"][0][0] in "SR"
    assert alive["io"] >= 0
    assert gone == {"pid": 999999999, "gone": True}


def test_two_looks_at_a_process_that_reads_differ(asked):
    def io():
        asked.say(f"look 1 {os.getpid()}")
        return asked.hear("looked")["ranks"][0]["io"]

    first = io()
    Path("/proc/self/status").read_bytes()
    assert io() > first


def test_a_process_that_does_not_wait_for_the_signal_gets_none(asked, sleeper):
    asked.say(f"dump 1 {sleeper.pid}")
    assert asked.hear("dumped")["pids"] == []
    assert sleeper.poll() is None


def test_it_ends_with_its_stdin(asked):
    asked.hear("hello")
    asked.rest()


def test_it_dies_with_the_process_that_started_it(tmp_path):
    program = (
        "import sys, time\n"
        "from storagebench.model import LOCALHOST\n"
        "from storagebench.watch.transport import start_here\n"
        "process = start_here(LOCALHOST, 1.0, sys.argv[1])\n"
        "process.stdout.readline()\n"
        "print(process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        parent.send_signal(signal.SIGKILL)
    # That none is left is what the mark of this folder's tests looks for.


def test_it_takes_nothing_from_anybody(asked):
    asked.hear("hello")
    assert os.getpriority(os.PRIO_PROCESS, asked.pid) == sampler.NICE


def test_the_program_is_sent_whole(tmp_path):
    assert SOURCE.read_bytes() == transport.PROGRAM


def test_a_path_that_is_not_there_is_that_of_its_parent(tmp_path):
    assert sampler.existing(str(tmp_path / "not" / "there")) == tmp_path.resolve()
    assert Path(sampler.mount_point(tmp_path.resolve())).is_mount()


def test_nfs_mounts_are_counted_by_mount_point():
    assert sampler.nfs(MOUNTSTATS) == {
        "/mnt/fs": {
            "bytes": [100, 200, 0, 0, 5120, 1024, 2, 1],
            "read": [5, 5, 0, 700, 5120, 1, 2, 3, 0],
            "write": [2, 2, 0, 1300, 200, 1, 2, 3, 0],
        }
    }


def test_pressure_is_the_total_of_each_line():
    text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=11\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
    assert sampler.pressure(text) == {"some": 11, "full": 7}


def test_a_file_that_is_not_there_reads_as_empty():
    assert sampler.Source("/proc/no/such/file").read() == ""


@given(st.text())
def test_no_parser_takes_garbage_for_counters(text):
    assert sampler.disks(text, {"vda"}) == {}
    assert sampler.nfs(text.replace("device", "")) == {}
    assert sampler.processors("x" + text) == []
