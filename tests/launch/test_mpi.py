"""MPI ranks under the mpirun of this environment: the same promises as local ones, on one host and on two."""

import io
import os
import shutil
import sys
import textwrap

import pytest

from storagebench.errors import ClusterError, DatasetError, EngineError
from storagebench.launch import Job
from storagebench.launch import mpi as mpi_module
from storagebench.launch.mpi import MpiLauncher
from storagebench.launch.mpirun import find_mpirun
from storagebench.model import LOCALHOST, Host

TWO_HOSTS = (Host("127.0.0.2", 2), Host("127.0.0.3", 2))


def launch(ranks=2, launcher=None, tell=lambda event: None, hosts=(LOCALHOST,), **payload):
    job = Job(module="tests.launch.example_ranks", payload=payload, ranks=ranks, hosts=hosts)
    return (launcher or MpiLauncher()).run(job, tell)


@pytest.fixture
def program(tmp_path):
    """Write a program that stands in for mpirun: the body of a shell script, with the version it claims."""

    def write(body, version="mpirun (Open MPI) 5.0.11"):
        path = tmp_path / "mpirun"
        path.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{version}"; exit; fi\n{textwrap.dedent(body)}')
        path.chmod(0o755)
        return str(path)

    return write


@pytest.mark.parametrize("ranks", [2, (os.cpu_count() or 1) + 2], ids=["2 ranks", "more ranks than cores"])
def test_results_come_in_order_of_rank_and_only_rank_0_tells(ranks):
    events = []
    results = launch(ranks, tell=events.append, do="count", extra="ü")
    assert [result["rank"] for result in results] == list(range(ranks))
    assert [result["local_rank"] for result in results] == list(range(ranks))
    assert {result["size"] for result in results} == {ranks}
    assert results[0]["gathered"] == [{"rank": rank} for rank in range(ranks)]
    assert all(result["gathered"] is None for result in results[1:])
    assert results[1]["payload"] == {"do": "count", "extra": "ü"}
    assert [event["rank"] for event in events if event["kind"] == "progress"] == [0]
    assert [one["rank"] for one in events[0]["ranks"]] == list(range(ranks))


def test_local_ranks_count_from_0_on_each_host(fake_ssh):
    results = launch(4, hosts=TWO_HOSTS, do="count")
    assert [result["local_rank"] for result in results] == [0, 1, 0, 1]
    assert [result["rank"] for result in results] == [0, 1, 2, 3]


def test_what_ranks_print_goes_to_the_log_and_cannot_forge_a_message():
    stdout, stderr = io.BytesIO(), io.BytesIO()
    launch(2, MpiLauncher(stdout=stdout, stderr=stderr), do="count")
    assert b"hello from 1\n" in stderr.getvalue()
    assert b'["result",{"forged":true}]\n' in stderr.getvalue()
    assert b"@storagebench" not in stdout.getvalue() + stderr.getvalue()


def test_results_may_be_large():
    assert [len(result["bulk"]) for result in launch(2, do="large", bytes=2_000_000)] == [2_000_000] * 2


@pytest.mark.parametrize(
    ("way", "sentence"),
    [
        ("kill", r"rank 1 on \S+ was killed by SIGKILL \(out of memory\?\), last words: about to go"),
        ("kill with a child", r"a rank died"),
        ("raise", r"rank 1 on \S+: ZeroDivisionError: a mistake"),
        ("file", r"rank 1 on \S+: No such file or directory: /nowhere/at/all"),
        ("exit", r"rank 1 on \S+: SystemExit: 3"),
    ],
)
def test_a_rank_that_goes_wrong_ends_the_job_with_its_name(way, sentence):
    with pytest.raises(EngineError, match=rf"^{sentence}"):
        launch(do="misbehave", way=way)


def test_an_error_on_another_host_comes_with_the_name_of_that_host(fake_ssh):
    with pytest.raises(DatasetError, match=r"^rank 3 on 127\.0\.0\.3: file 3 is damaged: remove it"):
        launch(4, hosts=TWO_HOSTS, do="misbehave", way="dataset", culprit=3)


def test_a_rank_killed_on_another_host_ends_the_job(fake_ssh):
    with pytest.raises(
        EngineError, match=r"^rank 3 on 127\.0\.0\.3 was killed by SIGKILL|^a rank died and mpirun ended"
    ):
        launch(4, hosts=TWO_HOSTS, do="misbehave", way="kill", culprit=3)


def test_a_module_that_is_not_there_is_an_error_with_its_name():
    job = Job(module="tests.launch.no_such_module", payload={}, ranks=2, hosts=(LOCALHOST,))
    with pytest.raises(
        EngineError, match=r"^rank [01] on \S+: ImportError: No module named tests.launch.no_such_module$"
    ):
        MpiLauncher().run(job, lambda event: None)


def test_srun_takes_the_place_of_mpirun(program):
    """A stand-in for srun starts the ranks by the mpirun of this environment."""
    srun = program(
        f"""
        ranks=$2
        [ "$(wc -l <"$SLURM_HOSTFILE")" = "$ranks" ] || exit 9
        while [ "${{1#--}}" != "$1" ]; do case $1 in --ntasks|--nodes) shift 2;; *) shift;; esac; done
        exec {find_mpirun().path} --bind-to none -n "$ranks" -H "localhost:$ranks" "$@"
        """,
        "slurm 23.11.4",
    )
    assert [result["rank"] for result in launch(3, MpiLauncher(srun), do="count")] == [0, 1, 2]


def test_debians_mpirun_starts_the_same_ranks():
    debian = shutil.which("mpirun.openmpi")
    if debian is None:
        assert "CI" not in os.environ
        pytest.skip("NOT TESTED: openmpi-bin is not installed")
    assert [result["size"] for result in launch(3, MpiLauncher(debian), do="count")] == [3, 3, 3]


def test_an_unknown_host_is_named_before_anything_starts(program, tmp_path):
    launcher = MpiLauncher(program(f"touch {tmp_path}/started"))
    with pytest.raises(ClusterError, match=r"no address is known for nohost\.invalid"):
        launch(launcher=launcher, hosts=(LOCALHOST, Host("nohost.invalid")), do="count")
    assert not (tmp_path / "started").exists()


def test_a_host_that_cannot_be_reached_is_named_with_what_ssh_said(monkeypatch, tmp_path):
    agent = tmp_path / "ssh"
    agent.write_text("#!/bin/sh\necho 'ssh: Permission denied (publickey)' >&2\nexit 255\n")
    agent.chmod(0o755)
    monkeypatch.setenv("PRTE_MCA_plm_ssh_agent", str(agent))
    with pytest.raises(
        ClusterError, match=r"cannot start anything on 127\.0\.0\.2 \(.*denied.*ssh -o BatchMode=yes 127"
    ):
        launch(hosts=(Host("127.0.0.2"),), do="count")


def test_a_world_of_the_wrong_size_is_told_from_a_result(program):
    """An mpirun of another MPI than mpi4py's starts ranks that do not know of each other."""
    alone = program(
        f"{sys.executable} -m tests.launch.example_ranks & {sys.executable} -m tests.launch.example_ranks; wait"
    )
    with pytest.raises(ClusterError, match=r"MPI made a world of 1 where 2 ranks were asked for.*--mpi-bin"):
        launch(launcher=MpiLauncher(alone), do="count")


def test_an_mpirun_that_fails_says_why_in_one_sentence(program):
    with pytest.raises(ClusterError, match="mpirun ended with exit code 7 before the ranks had met: no slots for you"):
        launch(launcher=MpiLauncher(program("echo no slots for you >&2; exit 7")), do="count")


def test_ranks_that_never_meet_are_given_up(program, monkeypatch):
    monkeypatch.setattr(mpi_module, "START_S", 0.2)
    with pytest.raises(ClusterError, match="have not met within 0 s: check that `ssh"):
        launch(launcher=MpiLauncher(program("exec sleep 600")), do="count")


def test_an_mpirun_that_ignores_sigterm_is_killed(program, monkeypatch):
    monkeypatch.setattr(mpi_module, "START_S", 0.2)
    monkeypatch.setattr(mpi_module, "GRACE_S", 0.2)
    with pytest.raises(ClusterError):
        launch(launcher=MpiLauncher(program("trap '' TERM; while true; do sleep 0.1; done")), do="count")


def test_an_exception_in_the_listener_ends_every_rank():
    def stumble(event):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launch(do="sleep", tell=stumble)


def test_an_mpirun_that_announces_a_failure_and_stays_is_ended(program, monkeypatch):
    monkeypatch.setattr(mpi_module, "GRACE_S", 0.2)
    hanging = program(
        "echo 'prterun noticed that process rank 3 with PID 9 on node h9 exited on' "
        ">&2; echo 'signal 9 (Killed).' >&2; exec sleep 600"
    )
    with pytest.raises(EngineError, match="^rank 3 on h9 was killed by SIGKILL"):
        launch(launcher=MpiLauncher(hanging), do="count")


@pytest.mark.parametrize("way", ["count", "kill"])
def test_no_shared_memory_is_left_behind(way, tmp_path, monkeypatch):
    monkeypatch.setattr(mpi_module, "SHARED_MEMORY", str(tmp_path))
    if way == "count":
        launch(do="count")
    else:
        with pytest.raises(EngineError):
            launch(do="misbehave", way=way)
    assert list(tmp_path.iterdir()) == []
