"""A job that is looked after leaves its samples, whatever becomes of its samplers, and fails as it would without."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import jsonschema
import pytest

from storagebench.errors import EngineError
from storagebench.launch import Job
from storagebench.model import LOCALHOST, Host
from storagebench.watch import transport
from storagebench.watch.launcher import WatchedLauncher, Watching
from storagebench.watch.section import problems, sections

SCHEMA = json.loads((Path(transport.__file__).parents[1] / "record" / "record.schema.json").read_text())


class Waiting:
    """A launcher whose job is over when it was called, as a job on other hosts would be."""

    name = "mpi"

    def __init__(self, then=lambda tell: None):
        self._then = then

    def run(self, job, tell):
        self._then(tell)
        return []


def run(folder, watching, hosts, then=lambda tell: None):
    job = Job(module="none", payload={}, ranks=len(hosts), hosts=hosts)
    WatchedLauncher(Waiting(then), watching, str(folder), folder).run(job, lambda event: None)
    return sections(folder)


@pytest.fixture
def fake_ssh(monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").symlink_to(Path(__file__).with_name("fake_ssh"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")


def check(found):
    """Hold the sections against the schema of a record."""
    part = {"properties": SCHEMA["properties"], "$defs": SCHEMA["$defs"]}
    jsonschema.validate(json.loads(json.dumps(found)), part)


def test_a_run_leaves_samples_counts_and_curves(look_after, folder, lines):
    look_after(lambda event: None, Watching(0.1, 0.0))
    found = sections(folder)
    check(found)
    (host,) = found["time_series"]["hosts"]
    assert host["host"] == "localhost"
    assert host["samples"] == sum(line["kind"] == "sample" for line in lines("localhost.jsonl")) >= 2
    assert host["problem"] is None
    assert abs(host["ahead_at_end_s"]) <= host["ahead_within_s"] + 0.01
    assert lines("benchmark.jsonl")[-1]["bytes"] == 3 << 20
    assert "cpu_busy_percent" in found["time_series"]["curves"]


def test_two_jobs_of_one_run_share_a_file(look_after, folder, lines):
    for _ in range(2):
        look_after(lambda event: None, Watching(0.1, 0.0))
    assert sum(line["kind"] == "hello" for line in lines("localhost.jsonl")) == 2
    assert sections(folder)["time_series"]["hosts"][0]["problem"] is None


def test_hosts_are_reached_by_ssh_and_one_that_is_not_is_a_problem_and_no_failure(fake_ssh, folder):
    hosts = (Host("there-1"), Host("there-2"), Host("gone"))
    found = run(folder, Watching(0.1, 0.0), hosts, lambda tell: time.sleep(0.3))
    check(found)
    names = {host["host"]: host for host in found["time_series"]["hosts"]}
    assert names["gone"]["problem"] == "the sampler on gone could not be started: Host key verification failed."
    assert names["there-1"]["samples"] >= 2
    assert names["there-2"]["curves"]["cpu_busy_percent"]
    assert problems(found["time_series"])[0] == names["gone"]["problem"]


def test_a_sampler_that_is_killed_is_a_problem_with_the_samples_it_left(folder):
    started = []

    def start(host, interval_s, storage_dir):
        started.append(transport.start(host, interval_s, storage_dir))
        return started[-1]

    def kill(tell):
        started[0].send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 60
        while "problem" not in (folder / "timeseries" / "localhost.jsonl").read_text() and time.monotonic() < deadline:
            time.sleep(0.02)

    found = run(folder, Watching(0.05, 0.0, start), (LOCALHOST,), kill)
    (host,) = found["time_series"]["hosts"]
    assert host["problem"].startswith("the sampler on localhost ended after ")
    assert host["problem"].endswith("was killed by SIGKILL (out of memory?)")
    assert host["samples"] >= 1


def test_a_host_without_python_says_so(folder):
    def start(host, interval_s, storage_dir):
        return subprocess.Popen(
            ["sh", "-c", "echo python3: not found >&2; exit 127"],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    found = run(folder, Watching(0.1, 0.0, start), (LOCALHOST,))
    assert problems(found["time_series"]) == ["the sampler on localhost could not be started: python3: not found"]


def test_a_program_that_is_not_there_is_a_problem_too(folder):
    def start(host, interval_s, storage_dir):
        raise FileNotFoundError(2, "No such file or directory", "ssh")

    found = run(folder, Watching(0.1, 0.0, start), (Host("h1"),))
    assert "no sampler on h1" in problems(found["time_series"])[0]


def test_a_job_that_fails_fails_as_it_would_alone_and_keeps_its_samples(folder):
    def fail(tell):
        raise EngineError("rank 0 died")

    with pytest.raises(EngineError, match=r"^rank 0 died$"):
        run(folder, Watching(0.1, 0.0), (LOCALHOST,), fail)
    assert sections(folder)["time_series"]["hosts"][0]["samples"] >= 1


def test_jobs_without_a_log_are_left_alone():
    plain = Waiting()
    assert Watching(1.0, 60.0).over(lambda out, err: plain, "/")(None, None) is plain
    launching = lambda out, err: plain  # noqa: E731
    assert Watching(0.0, 0.0).over(launching, "/") is launching


def test_a_folder_without_samples_has_no_sections(tmp_path):
    assert sections(tmp_path) == {}
    assert problems(None) == []
