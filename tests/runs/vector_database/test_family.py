"""What a plan is refused for when it meets the machine: one sentence each, before any work."""

import dataclasses
import socket
import subprocess
import sys
from importlib.util import find_spec

import pytest

from storagebench.engines.vectordb import regime
from storagebench.engines.vectordb.postgres import running
from storagebench.errors import ClusterError, StorageBenchError
from storagebench.model import Host
from storagebench.runs.vector_database.family import FAMILY
from tests.engines.vectordb.plans import make_plan, open_folder


def refused(plan, cluster):
    with pytest.raises(StorageBenchError) as caught:
        FAMILY.check(plan, cluster)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("database", "changes", "sentence"),
    [
        ("flat", {"dsn": "host:1"}, "--vdb-dsn=host:1: flat lives in the process and has no server"),
        ("milvus", {}, "--vdb-dsn is missing: milvus is a server that you run; name it as host:port"),
        ("pgvector", {"regime": "direct"}, "pgvector does not read past the page cache; choose cold"),
        ("milvus", {"regime": "cold", "dsn": "h:1"}, "the files of milvus are its server's"),
        ("pgvector", {"hosts": (Host("h1"), Host("h2"))}, "many hosts need a server of pgvector that all reach"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path, cluster, database, changes, sentence):
    assert sentence in refused(make_plan(tmp_path, database, **changes), cluster)


@pytest.mark.parametrize(
    ("database", "module", "command"),
    [
        ("diskann", "diskannpy", "python -m pip install diskannpy-rust"),
        ("pgvector", "psycopg", "python -m pip install 'psycopg[binary]'"),
        ("milvus", "pymilvus", "python -m pip install pymilvus"),
        ("elasticsearch", "elasticsearch", "python -m pip install elasticsearch"),
        ("zvec", "zvec", "python -m pip install zvec"),
    ],
)
def test_what_is_not_installed_is_named_with_the_command(tmp_path, cluster, monkeypatch, database, module, command):
    monkeypatch.setitem(sys.modules, module, None)
    plan = make_plan(tmp_path, database, dsn="127.0.0.1:1" if database in {"milvus", "elasticsearch"} else "")
    assert refused(plan, cluster).endswith(command)


@pytest.mark.parametrize("database", ["pgvector", "milvus", "elasticsearch"])
def test_a_server_that_does_not_answer_is_named(tmp_path, cluster, database):
    if database == "milvus" and not find_spec("pymilvus"):
        pytest.skip("NOT TESTED: the client of milvus is a group of its own: python -m pip install pymilvus")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        dsn = f"postgresql://{address}/x" if database == "pgvector" else address
        assert f"--vdb-dsn={dsn}: " in refused(make_plan(tmp_path, database, dsn=dsn), cluster)


def test_a_limit_of_memory_that_cannot_be_set_is_refused_before_a_collection_is_loaded(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(regime, "CGROUPS", ())
    assert "capped needs control groups" in refused(make_plan(tmp_path, regime="capped"), cluster)


def test_more_bytes_than_the_disk_or_the_memory_has_are_refused_with_the_working(tmp_path, cluster):
    plan = make_plan(tmp_path)
    for name in ("disk_bytes", "memory_bytes_per_host"):
        large = dataclasses.replace(plan.prediction, **{name: 2**60}, working=("disk: it is large", "", "memory: too"))
        assert "1048576.00 TiB" in refused(dataclasses.replace(plan, prediction=large), cluster)


def test_storage_that_cannot_be_read_past_its_cache_is_refused_before_a_collection_is_loaded(tmp_path, cluster):
    if subprocess.run(["mount", "-t", "ramfs", "none", tmp_path], capture_output=True, check=False).returncode:
        pytest.skip("NOT TESTED: no filesystem without O_DIRECT can be mounted here: run as root")
    try:
        assert "cannot be opened with O_DIRECT" in refused(make_plan(tmp_path), cluster)
        assert list(tmp_path.iterdir()) == []
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_second_server_on_the_same_data_does_not_start():
    with (
        open_folder() as folder,
        running(str(folder)),
        pytest.raises(ClusterError, match="PostgreSQL does not start in .*/server: "),
        running(str(folder)),
    ):
        pass
