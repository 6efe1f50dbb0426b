"""Runs that are looked after, and no process left behind by any of them."""

import json

import pytest

from storagebench.launch import Job
from storagebench.launch.local import LocalLauncher
from storagebench.model import LOCALHOST
from tests.launch.conftest import mark  # noqa: F401 - every test of this folder uses it


@pytest.fixture
def folder(tmp_path):
    """Stand for the folder of a run."""
    made = tmp_path / "run"
    made.mkdir()
    return made


@pytest.fixture
def look_after(folder):
    """Run example ranks as a family's course would: ``look_after(tell, Watching(1.0, 60.0), hang="fifo")``."""

    def run(tell, watching, ranks=2, hosts=(LOCALHOST,), **payload):
        job = Job(module="tests.watch.example_ranks", payload={"hang": ""} | payload, ranks=ranks, hosts=hosts)
        with (folder / "run.stdout.log").open("wb") as stdout, (folder / "run.stderr.log").open("wb") as stderr:
            launching = watching.over(lambda out, err: LocalLauncher(stdout=out, stderr=err), str(folder))
            return launching(stdout, stderr).run(job, tell)

    return run


@pytest.fixture
def lines(folder):
    """Read a file of JSON lines below the run's folder."""
    return lambda name: [json.loads(line) for line in (folder / "timeseries" / name).read_text().splitlines()]
