"""A cluster is described by one rank on each host, in the order the hosts were named."""

import socket
from datetime import datetime

import pytest

from storagebench.collect import describing, probe
from storagebench.collect.cluster import collect
from storagebench.collect.local import LocalCollector
from storagebench.errors import ClusterError
from storagebench.launch.local import LocalLauncher
from storagebench.launch.mpi import MpiLauncher
from storagebench.model import LOCALHOST, Cluster, Host
from storagebench.serial import from_json, to_json
from tests.launch.fake_hosts import reach_fake_hosts


def test_one_host_is_described_without_starting_anything():
    cluster = collect((LOCALHOST,), LocalLauncher())
    assert [host.hostname for host in cluster.hosts] == [socket.gethostname()]
    assert cluster.method == "local"
    assert datetime.fromisoformat(cluster.collected_at).utcoffset().total_seconds() == 0
    assert from_json(Cluster, to_json(cluster)) == cluster


def test_two_hosts_describe_themselves_whatever_their_slots(monkeypatch, tmp_path):
    reach_fake_hosts(monkeypatch, tmp_path)
    cluster = collect((Host("127.0.0.3", 8), Host("127.0.0.2")), MpiLauncher())
    assert [host.hostname for host in cluster.hosts] == ["127.0.0.3", "127.0.0.2"]
    assert cluster.method == "mpi"
    assert cluster.memory_bytes == 2 * cluster.hosts[0].memory_bytes


def test_two_names_of_one_machine_are_refused():
    class Merging:
        """Stands for two names of one machine; Open MPI itself may hang there."""

        name = "mpi"

        def run(self, job, tell):
            return [probe.answer(job.payload)] * job.ranks

    with pytest.raises(ClusterError, match="^--hosts=a, b: two of these lead to one machine"):
        collect((Host("a"), Host("b")), Merging())


def test_a_launcher_may_have_a_collector_of_its_own():
    launching = describing(lambda stdout, stderr: LocalLauncher(), LocalCollector())
    assert launching(None, None).name == "local"
    assert collect((LOCALHOST,), launching(None, None)).method == "local"
    with pytest.raises(ClusterError, match="^elsewhere is not this machine: use --collector=ssh or"):
        collect((LOCALHOST, Host("elsewhere")), launching(None, None))
