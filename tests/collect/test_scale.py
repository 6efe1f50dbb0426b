"""Sixty-four hosts, simulated from one real answer: asked, merged, checked; and secrets that stay where they are."""

import json

from storagebench.collect import probe
from storagebench.collect.agreement import conditions
from storagebench.collect.cluster import ask
from storagebench.collect.host import facts_of
from storagebench.collect.proc import without_credentials
from storagebench.hosts import parse_hosts
from storagebench.model import Cluster
from storagebench.serial import from_json, to_json


class Simulated:
    """Answers for every host with this machine's answer under the host's name."""

    name = "ssh"

    def ask(self, hosts, asked):
        one = probe.answer(asked)
        return [{**one, "hostname": host.name} for host in hosts]


def test_64_hosts_are_one_cluster_that_can_be_written_and_read():
    hosts = parse_hosts("node[01-64]:8")
    cluster = Cluster(tuple(map(facts_of, ask(hosts, {}, Simulated()))), "ssh", "2026-01-01T00:00:00+00:00")
    assert [host.hostname for host in cluster.hosts] == [host.name for host in hosts]
    assert cluster.memory_bytes == 64 * cluster.hosts[0].memory_bytes
    text = json.dumps(to_json(cluster))
    assert from_json(Cluster, json.loads(text)) == cluster


def test_64_hosts_with_one_problem_make_one_sentence():
    answer = {**probe.answer({}), "clock_offset_s": 90.0, "clock_uncertainty_s": 0.0}
    hosts = parse_hosts("node[01-64]")
    found = [
        problem for problem in conditions((host.name, facts_of(answer)) for host in hosts) if "clock" in problem.text
    ]
    assert len(found) == 1
    assert found[0].text.startswith("node01, node02, ")


def test_no_secret_of_the_environment_or_of_a_mount_is_in_a_description(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    answer = probe.answer({})
    mount = "40 1 0:50 / /s3 rw - fuse.s3fs https://user:hunter2@store.example/bucket rw,password=hunter2\n"
    answer["files"]["/proc/self/mountinfo"] += mount
    text = json.dumps(to_json(facts_of(answer)))
    assert "hunter2" not in text
    assert "https://store.example/bucket" in text


def test_credentials_are_cut_out_of_urls_alone():
    assert without_credentials("https://u:p@h/x") == "https://h/x"
    assert without_credentials("root@h:/export") == "root@h:/export"
    assert without_credentials("a https://u@h and http://v:w@i") == "a https://h and http://i"
