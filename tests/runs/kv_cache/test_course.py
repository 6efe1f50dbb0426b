"""A run from its plan to its folder and verdict, over a storage that goes wrong: every fault, with its sentence."""

import dataclasses
import json
import re

import pytest

from storagebench.collect.cluster import collect
from storagebench.edition import load_edition
from storagebench.errors import EngineError
from storagebench.judge import judge
from storagebench.launch.local import LocalLauncher
from storagebench.model import LOCALHOST
from storagebench.record import read_record
from storagebench.runs.folder import write_verdict
from storagebench.runs.kv_cache.family import FAMILY
from tests.plan.test_kvcache import plan as plan_of

SMALL = {
    "traffic.model": "tiny-1b",
    "traffic.chunk_tokens": 32,
    "traffic.requests_per_s": 20.0,
    "traffic.median_input_tokens": 400,
    "traffic.most_input_tokens": 2000,
    "tiers.storage_gib": 0.25,
    "tiers.dram_gib": 0.01,
    "load.warmup_s": 0,
    "load.window_s": 2,
    "load.most_gib_per_s": 2,
    "load.fill_gib": 0.02,
    "store.readers": 4,
    "store.writers": 2,
}


def launching(stdout, stderr):
    return LocalLauncher(stdout=stdout, stderr=stderr)


def ignore(event):
    pass


@pytest.fixture(scope="module")
def cluster():
    return collect((LOCALHOST,), launching(None, None))


class Storage:
    """A cache directory with somebody's file in it, and runs on it."""

    def __init__(self, folder, cluster):
        self.cache, self.results = folder / "cache", folder / "results"
        self.cache.mkdir()
        (self.cache / "theirs").write_text("not ours")
        self.cluster = cluster

    def run(self, fault, clients=1, **parameters):
        """Run chat over it; return the record with its verdict."""
        wanted = {name.replace("__", "."): value for name, value in parameters.items()}
        params = SMALL | {"store.backend": "fault", "store.address": fault} | wanted
        made = plan_of("chat", clients, params, division="whatif", results_dir=str(self.results))
        plan = dataclasses.replace(made, cache_dir=str(self.cache))
        prepared = FAMILY.prepare(plan, self.cluster, launching, ignore)
        record = read_record(FAMILY.run(plan, prepared, self.cluster, launching, ignore))
        return write_verdict(record, judge(record, load_edition("3.0")))

    def is_as_it_was(self):
        return [path.name for path in self.cache.rglob("*")] == ["theirs"]


@pytest.fixture
def storage(tmp_path, cluster):
    return Storage(tmp_path, cluster)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (
            "flip:3",
            r"reading object [0-9a-f]{16} \(768\.00 KiB\) failed: block \d+ is not what was written: its stamp is wrong",
        ),
        (
            "short:3",
            r"reading object [0-9a-f]{16} \(768\.00 KiB\) failed: short read: 0 B where 768\.00 KiB were written",
        ),
        ("vanish:3", r"reading object [0-9a-f]{16} \(768\.00 KiB\) failed: it is gone although nobody deleted it"),
        ("full:40", r"writing object [0-9a-f]{16} \(768\.00 KiB\) failed: No space left on device"),
        ("die:3", r"rank 0 .*SIGKILL"),
    ],
)
def test_a_fault_fails_the_run_in_one_sentence_and_leaves_no_figures_and_no_files(storage, fault, sentence):
    with pytest.raises(EngineError, match=rf"{sentence}.* \(the folder of this run: .*\)"):
        storage.run(fault, load__window_s=60, load__most_gib_per_s=0.2)
    (path,) = storage.results.glob("**/incomplete.json")
    word = json.loads(path.read_text())
    assert word["status"] == "failed"
    assert re.search(sentence, word["reason"])
    assert not list(storage.results.glob("**/record.json"))
    assert not list(storage.results.glob("**/summary.json"))
    assert storage.is_as_it_was()


def test_a_killed_client_fails_the_run_of_all(storage):
    with pytest.raises(EngineError, match=r"rank [01] .*SIGKILL"):
        storage.run("die:3", clients=2, load__window_s=60, load__most_gib_per_s=0.2)
    assert not list(storage.results.glob("**/record.json"))
    assert storage.is_as_it_was()


def test_a_stall_of_two_seconds_is_in_the_response_of_all_who_waited_and_the_run_is_no_result(storage):
    record = storage.run("stall:1:2", load__kind="open", load__window_s=8)
    (trial,) = record["kv_cache"]["trials"]
    assert trial["latency_ms"]["restore_response"]["p99"] >= 1900
    assert record["metrics"]["restore_p99_ms"] >= 1900
    assert trial["errors"] == 0
    assert record["verdict"] == "INVALID"
    assert ("x-kv-backend", "backend fault") in {(one["rule_name"], one["saw"]) for one in record["findings"]}
    assert storage.is_as_it_was()


def test_slow_writes_are_in_the_latency_of_writes_and_the_run_is_no_result(storage):
    record = storage.run("slow:1:0.05", load__fill_gib=0, load__window_s=4)
    assert record["metrics"]["write_p50_ms"] >= 45
    assert record["verdict"] == "INVALID"
    assert storage.is_as_it_was()


def test_the_record_has_the_calibration_that_its_headroom_is_made_of(storage):
    record = storage.run("flip:0")
    (trial,) = record["kv_cache"]["trials"]
    (done,), (most,) = trial["client_operations_per_s"], trial["client_null_operations_per_s"]
    assert done == (trial["reads"] + trial["writes"] + trial["deletions"]) / trial["window_s"]
    assert most > 0
    assert trial["harness_headroom"] == (most / done if done else 0)


def test_what_is_stored_stays_within_the_plan_with_any_number_of_clients(storage):
    record = storage.run("flip:0", clients=2)
    (trial,) = record["kv_cache"]["trials"]
    assert 0 < trial["peak_stored_bytes"] <= trial["peak_planned_bytes"] <= 2 * 0.25 * 2**30
    assert record["plan"]["prediction"]["disk_bytes"] == 2 * 0.25 * 2**30
    assert storage.is_as_it_was()
