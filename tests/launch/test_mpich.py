"""A real MPICH, of PyPI's wheel, in an environment of its own: Open MPI's, in ours, is not touched."""

import os
import subprocess
import sys

import pytest

from storagebench.errors import ClusterError, EngineError
from storagebench.launch import Interpreter, Job
from storagebench.launch.mpi import MpiLauncher
from storagebench.launch.mpirun import Flavour, find_mpirun
from storagebench.model import LOCALHOST, Host
from tests.launch.fake_hosts import AGENT

TWO_HOSTS = (Host("127.0.0.2", 2), Host("127.0.0.3", 2))
WHEELS = ("mpich==5.0.2", "mpi4py==4.1.2")


@pytest.fixture(scope="module")
def mpich(tmp_path_factory):
    """Make an environment with MPICH and an mpi4py; in CI, it must be possible."""
    folder = tmp_path_factory.mktemp("mpich")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    done = subprocess.run([python, "-m", "pip", "install", "-q", *WHEELS], capture_output=True, text=True, check=False)
    if done.returncode:
        assert "CI" not in os.environ, done.stderr
        pytest.skip(f"NOT TESTED: MPICH cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return Interpreter(str(python), str(folder / "bin"))


@pytest.fixture
def fake_hosts(monkeypatch):
    """Let Hydra reach any host whose name resolves."""
    monkeypatch.setenv("HYDRA_LAUNCHER_EXEC", str(AGENT))


def launch(mpich, ranks, hosts=(LOCALHOST,), tell=lambda event: None, **payload):
    job = Job(module="tests.launch.example_ranks", payload=payload, ranks=ranks, hosts=hosts, interpreter=mpich)
    return MpiLauncher().run(job, tell)


def test_ranks_meet_tell_and_answer_under_mpich_too(mpich):
    assert find_mpirun(mpich.mpi_bin).flavour is Flavour.MPICH
    events = []
    results = launch(mpich, 4, tell=events.append, do="count", extra="ü")
    assert [(one["rank"], one["local_rank"], one["size"]) for one in results] == [(rank, rank, 4) for rank in range(4)]
    assert results[0]["gathered"] == [{"rank": rank} for rank in range(4)]
    assert results[1]["payload"] == {"do": "count", "extra": "ü"}
    assert [event["rank"] for event in events if event["kind"] == "progress"] == [0]


def test_ranks_on_two_hosts_count_from_0_on_each(mpich, fake_hosts):
    results = launch(mpich, 4, TWO_HOSTS, do="count")
    assert [(one["rank"], one["local_rank"]) for one in results] == [(0, 0), (1, 1), (2, 0), (3, 1)]


def test_a_rank_that_is_killed_ends_the_job(mpich, fake_hosts):
    with pytest.raises((EngineError, ClusterError)) as caught:
        launch(mpich, 4, TWO_HOSTS, do="misbehave", way="kill", culprit=3)
    # which one depends on whose words hydra passes on first
    assert str(caught.value).startswith(("rank 3", "a rank died", "a rank on 127.0.0.3 was killed by SIGKILL"))
