"""Local processes: results in order, one clear sentence for every way to fail, nobody left behind."""

import io
import socket
import subprocess
import sys

import pytest

from storagebench.errors import ClusterError, DatasetError, EngineError
from storagebench.launch import Job
from storagebench.launch.local import LocalLauncher
from storagebench.model import LOCALHOST, Host


def launch(ranks=3, launcher=None, tell=lambda event: None, hosts=(LOCALHOST,), **payload):
    job = Job(module="tests.launch.example_ranks", payload=payload, ranks=ranks, hosts=hosts)
    return (launcher or LocalLauncher()).run(job, tell)


def test_results_come_in_order_of_rank_and_rank_0_has_what_was_gathered():
    results = launch(do="count", extra=[1, None, "ü"])
    assert [result["rank"] for result in results] == [0, 1, 2]
    assert [result["local_rank"] for result in results] == [0, 1, 2]
    assert {result["size"] for result in results} == {3}
    assert [result["gathered"] for result in results] == [[{"rank": 0}, {"rank": 1}, {"rank": 2}], None, None]
    assert results[2]["payload"] == {"do": "count", "extra": [1, None, "ü"]}


def test_events_of_every_rank_are_told():
    events = []
    launch(do="count", tell=events.append)
    assert sorted(event["rank"] for event in events if event["kind"] == "progress") == [0, 1, 2]


def test_the_launcher_hears_where_its_ranks_live():
    events = []
    launch(do="count", tell=events.append)
    (known,) = (event["ranks"] for event in events if event["kind"] == "ranks")
    assert [(one["rank"], one["host"]) for one in known] == [(i, socket.gethostname()) for i in range(3)]
    assert len({one["pid"] for one in known}) == 3


def test_what_ranks_print_goes_to_the_log_and_cannot_forge_a_message():
    stdout, stderr = io.BytesIO(), io.BytesIO()
    launch(2, LocalLauncher(stdout=stdout, stderr=stderr), do="count")
    lines = stdout.getvalue().decode().splitlines()
    assert sorted(lines) == [
        '[0] ["result",{"forged":true}]',
        "[0] hello from 0",
        '[1] ["result",{"forged":true}]',
        "[1] hello from 1",
    ]
    assert stderr.getvalue() == b""


def test_one_rank_alone_meets_nobody_and_goes_on():
    assert launch(1, do="count")[0]["gathered"] == [{"rank": 0}]


def test_a_rank_that_is_late_is_waited_for():
    assert [result["gathered"] for result in launch(do="dawdle")] == [[0, 1, 2], None, None]


def test_results_may_be_large():
    assert [len(result["bulk"]) for result in launch(2, do="large", bytes=8_000_000)] == [8_000_000] * 2


@pytest.mark.parametrize(
    ("way", "sentence"),
    [
        ("kill", r"rank 1 on \S+ was killed by SIGKILL \(out of memory\?\), last words: about to go"),
        ("kill with a child", r"rank 1 on \S+ was killed by SIGKILL"),
        ("raise", r"rank 1 on \S+: ZeroDivisionError: a mistake"),
        ("file", r"rank 1 on \S+: No such file or directory: /nowhere/at/all"),
        ("exit", r"rank 1 on \S+: SystemExit: 3"),
        ("leave", r"rank 1 on \S+ ended with exit code 0 without a word"),
        ("finish", r"rank 1 finished while rank [02] waits for it"),
        ("gather", r"rank \d waits at a \w+, rank \d at a \w+"),
        ("unserialisable", r"rank 1 on \S+: TypeError: Object of type LocalCommunicator is not JSON serializable"),
    ],
)
def test_a_rank_that_goes_wrong_ends_the_job_with_its_name(way, sentence):
    with pytest.raises(EngineError, match=rf"^{sentence}"):
        launch(do="misbehave", way=way)


def test_an_error_of_our_own_tree_keeps_its_class():
    with pytest.raises(DatasetError, match=r"rank 1 on \S+: file 3 is damaged: remove it"):
        launch(do="misbehave", way="dataset")


def test_a_mistake_leaves_its_traceback_in_the_log():
    stderr = io.BytesIO()
    with pytest.raises(EngineError):
        launch(launcher=LocalLauncher(stderr=stderr), do="misbehave", way="raise")
    assert b"[1] ZeroDivisionError: a mistake" in stderr.getvalue()
    assert b"[1] Traceback" in stderr.getvalue()


def test_a_module_that_is_not_there_is_an_error_with_its_name():
    job = Job(module="tests.launch.no_such_module", payload={}, ranks=2, hosts=(LOCALHOST,))
    with pytest.raises(EngineError, match="ended with exit code 1, last words: .*no_such_module"):
        LocalLauncher().run(job, lambda event: None)


def test_another_machine_is_refused_by_name():
    with pytest.raises(ClusterError, match="^elsewhere is not this machine.*--launcher=mpi"):
        launch(hosts=(LOCALHOST, Host("elsewhere")), do="count")


def test_an_exception_in_the_listener_ends_every_rank():
    def stumble(event):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launch(do="sleep", tell=stumble)


def test_a_file_in_the_working_directory_cannot_take_a_modules_place(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    assert len(launch(2, do="count")) == 2


def test_a_rank_module_without_a_launcher_says_so(monkeypatch):
    monkeypatch.delenv("STORAGEBENCH_CONNECTION", raising=False)
    done = subprocess.run(
        [sys.executable, "-m", "tests.launch.example_ranks"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "only a launcher can start" in done.stderr
    assert "Traceback" not in done.stderr
