"""`pytest suites/kvcache --hosts=…` on two real hosts: clients on both, keys of their own or shared, and a host that dies."""

import json
import re
import subprocess
import time
from collections import Counter

from storagebench.launch.mpi import MpiLauncher
from tests.engines.kvcache.test_repeats import SEED, execute, planned
from tests.suites.session import ROOT, command, environment, session
from tests.suites.test_kvcache_suite import CHAT
from tests.suites.test_many_hosts import IMPATIENT


def options(hosts, folder, **parameters):
    """Say what to run: two clients on each host; `parameters` has their dots as two underscores and wins over CHAT's."""
    cache = folder / "cache"
    cache.mkdir()
    places = (f"--hosts={hosts.text(2)}", f"--ssh-config={hosts.config}", f"--cache-dir={cache}", "--collector=ssh")
    own = tuple(f"--param={name.replace('__', '.')}=" for name in parameters)
    kept = [option for option in CHAT if not option.startswith(own)] if own else CHAT
    return ("-k", "chat", *kept, *places, *map("".join, zip(own, parameters.values(), strict=True)))


def test_clients_on_two_hosts_have_plans_of_their_own_and_one_window(ssh_hosts, tmp_path):
    done = session(tmp_path, *options(ssh_hosts, tmp_path), suite="suites/kvcache")
    assert done.returncode == 0, done.output
    (record,) = done.records()
    assert [host["hostname"] for host in record["cluster_start"]["hosts"]] == ["h1", "h2"]
    (trial,) = record["kv_cache"]["trials"]
    assert trial["hostnames"] == ["h1", "h1", "h2", "h2"]
    assert len(set(trial["trace_sha256"])) == 4
    (path,) = tmp_path.glob("results/**/summary.json")
    summary = json.loads(path.read_text())
    assert (summary["total_ranks"], summary["host_count"], summary["npernode"]) == (4, 2, 2)
    assert summary["options"]["1"]["missing_files"] == []
    told = [json.loads(path.read_text()) for path in sorted(path.parent.glob("option_1/trial_0/rank_*/*.json"))]
    assert [one["seed"] for one in told] == [42, 43, 44, 45]
    assert {one["summary"]["elapsed_time"] for one in told} == {0.5}
    assert list((tmp_path / "cache").iterdir()) == []
    assert [host.left() for host in ssh_hosts] == [[], []]


def test_clients_on_two_hosts_share_one_plan(ssh_hosts, tmp_path):
    shared = {"store__keys": "shared", "tiers__storage_gib": "16", "tiers__dram_gib": "0"}
    done = session(tmp_path, *options(ssh_hosts, tmp_path, **shared), suite="suites/kvcache")
    assert done.returncode == 0, done.output
    (record,) = done.records()
    (trial,) = record["kv_cache"]["trials"]
    assert trial["hostnames"] == ["h1", "h1", "h2", "h2"]
    assert len(set(trial["trace_sha256"])) == 1
    assert trial["errors"] == 0
    assert list((tmp_path / "cache").iterdir()) == []


def test_clients_on_two_hosts_read_all_that_the_other_wrote(ssh_hosts, tmp_path):
    """The whole plan, with no window to end it: each read of the other's objects has come, and was what was written."""
    launcher = MpiLauncher(ssh_config=str(ssh_hosts.config))
    sha256, operations = planned(SEED, "shared", 2)
    (plan, few, many), (other, other_few, other_many) = execute(
        tmp_path, "shared", 2, launcher, ssh_hosts.asked(slots=1)
    )
    assert plan == other == sha256
    assert few == many
    assert other_few == other_many
    assert Counter(few) + Counter(other_few) == operations


def test_a_host_that_dies_in_mid_run_fails_it_with_its_name_and_leaves_nothing(ssh_hosts, tmp_path):
    slow = {"store__backend": "fault", "store__address": "slow:1:0.2"}
    long = {"load__window_s": "600", "load__most_gib_per_s": "0.01", "load__fill_gib": "0"}
    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(
        command(tmp_path, "suites/kvcache", *options(ssh_hosts, tmp_path, **slow, **long)),
        cwd=ROOT, env=environment() | IMPATIENT, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while len([path for path in tmp_path.glob("cache/rank_*/storagebench-*/*/*") if path.is_file()]) < 4:
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.05)
        ssh_hosts[1].stop()
        assert process.wait(timeout=180) == 1
    finally:
        process.kill()
        process.wait()
        log.close()
    said = (tmp_path / "log").read_text()
    host = ssh_hosts[1]  # named by its address or by its name: ssh's last words have either
    assert re.search(
        rf"{host.address} cannot be reached any more|start anything on ({host.address}|{host.name})\b", said
    )
    assert "Traceback" not in said
    (word,) = [json.loads(path.read_text()) for path in tmp_path.glob("results/**/incomplete.json")]
    assert word["status"] == "failed"
    assert list(tmp_path.glob("results/**/record.json")) == []
    assert ssh_hosts[0].left(60) == []
    assert list((tmp_path / "cache").iterdir()) == []
