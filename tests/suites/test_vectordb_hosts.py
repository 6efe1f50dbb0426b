"""`pytest suites/vectordb --hosts=…` on two real hosts: load by block, search with a common start, and a host that dies."""

import json
import time

from tests.suites.session import session
from tests.suites.test_vectordb_suite import TINY, started, wait_until, words_of

SUITE = "suites/vectordb"
BLOCKS = (*(option for option in TINY if "num_vectors" not in option), "--param=dataset.num_vectors=20000")
"""Three blocks: with four ranks on two hosts, both hosts load."""


def options(hosts, *more):
    return (
        "-k=flat-tiny",
        "--accelerators=4",
        f"--hosts={hosts.text(2)}",
        f"--ssh-config={hosts.config}",
        *BLOCKS,
        *more,
    )


def test_ranks_of_two_hosts_load_block_by_block_and_search_together(ssh_hosts, tmp_path):
    done = session(tmp_path, *options(ssh_hosts, "--vdb-runtime=2"), suite=SUITE)
    assert done.returncode == 0, done.output
    (record,) = done.records()
    assert [host["hostname"] for host in record["cluster_start"]["hosts"]] == ["h1", "h2"]
    assert record["dataset"]["ranks"] == record["plan"]["accelerators"] == 4
    assert record["metrics"]["recall"] == 1  # a block that nobody loaded would be zeros, and its neighbours missed
    assert record["evidence"]["answers"] == {"problems": [], "disagreements": 0}
    assert record["evidence"]["storage"]["served_by"] == "storage"
    metadata = json.loads(next(tmp_path.glob("results/**/run/*/*_metadata.json")).read_text())
    assert metadata["args"]["num_query_processes"] == 4
    assert [host.left() for host in ssh_hosts] == [[], []]


def ranks_on(host):
    return [line for line in host.processes() if "storagebench.launch.rank" in line]


def test_a_host_that_dies_in_the_window_leaves_no_figures_and_the_collection(ssh_hosts, tmp_path):
    process = started(tmp_path, *options(ssh_hosts, "--vdb-runtime=200"))
    try:
        wait_until(process, lambda: list(tmp_path.glob("results/**/vdb_run.stdout.log")) and ranks_on(ssh_hosts[1]))
        time.sleep(1.0)
        ssh_hosts[1].stop()
        output, _ = process.communicate(timeout=240)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1, output
    assert ssh_hosts[1].address in output
    assert "Traceback" not in output
    assert words_of(tmp_path) == ["failed"]
    assert not list(tmp_path.glob("results/**/run/*/record.json"))
    assert list(tmp_path.glob("data/vectordb/flat/*/data/sealed.json"))
    assert ssh_hosts[0].left(60) == []
