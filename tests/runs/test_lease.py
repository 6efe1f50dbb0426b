"""A storage is lent to one benchmark at a time, and a dead one cannot keep it."""

import json
import os
import subprocess
import sys
import threading

import pytest

from storagebench.errors import ClusterError
from storagebench.runs import lease
from storagebench.runs.lease import LEASE_FILE, Pace, held

QUICK = Pace(beat_s=0.05, stale_s=1.0, poll_s=0.01)


def write(folder, host, pid):
    owner = {"host": host, "pid": pid, "token": "other", "beat": 3}
    (folder / LEASE_FILE).write_text(json.dumps(owner))


def take(folder):
    told = []
    with held(str(folder), told.append, QUICK):
        assert (folder / LEASE_FILE).exists()
    return told


def test_a_lease_is_there_while_it_is_held_and_gone_afterwards(tmp_path):
    assert take(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_second_benchmark_waits_for_the_first_and_says_for_whom(tmp_path):
    told, order, waiting = [], [], threading.Event()

    def second():
        with held(str(tmp_path), lambda text: (told.append(text), waiting.set()), QUICK):
            order.append("second")

    with held(str(tmp_path), order.append, QUICK):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(60)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert told == [f"waiting for the benchmark of process {os.getpid()} on {os.uname().nodename} to leave {tmp_path}"]


def test_an_owner_of_this_host_that_is_gone_holds_nothing(tmp_path, monkeypatch):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write(tmp_path, os.uname().nodename, gone.pid)
    with held(str(tmp_path), lambda text: None, Pace(0.05, 3600.0, 0.01)):
        pass


def test_an_owner_of_another_host_is_dead_when_it_falls_silent(tmp_path):
    write(tmp_path, "elsewhere", 1)
    assert take(tmp_path) == [f"waiting for the benchmark of process 1 on elsewhere to leave {tmp_path}"]


@pytest.mark.parametrize("text", ["", "no json", '{"host": 1}'])
def test_a_file_that_is_no_lease_is_not_waited_for_for_ever(tmp_path, text):
    (tmp_path / LEASE_FILE).write_text(text)
    assert take(tmp_path) == []


def test_a_lease_that_was_lost_is_told(tmp_path):
    lost = pytest.raises(ClusterError, match="was taken by another benchmark while this one ran")
    with lost, held(str(tmp_path), lambda text: None, QUICK):
        write(tmp_path, "elsewhere", 1)
        next(thread for thread in threading.enumerate() if thread.name == "storagebench-lease").join(60)
    assert json.loads((tmp_path / LEASE_FILE).read_text())["host"] == "elsewhere"


def test_a_storage_that_cannot_be_written_is_named():
    with pytest.raises(ClusterError, match="^/proc/nowhere cannot be kept for one benchmark at a time"):
        held("/proc/nowhere", lambda text: None, QUICK).__enter__()


def test_local_filesystems_need_no_lease():
    assert "ext4" in lease.LOCAL_TYPES
    assert not {"nfs4", "lustre", "fuse.ceph", "gpfs", "beegfs", "cifs"} & lease.LOCAL_TYPES
