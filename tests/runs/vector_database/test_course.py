"""A run from a plan to its folder, for real: what is in its leaves, and its verdict."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from storagebench.edition import load_edition
from storagebench.errors import EngineError
from storagebench.judge import judge
from storagebench.record import read_record
from storagebench.runs.vector_database import course
from storagebench.runs.vector_database.family import FAMILY
from tests.engines.vectordb.elasticsearch_standin import standing_in
from tests.engines.vectordb.plans import make_plan
from tests.runs.vector_database.courses import SMALL, ignore, judged, launching, prepared_run, reasons


@pytest.fixture
def plan(tmp_path):
    return make_plan(tmp_path, vectors=SMALL)


def test_an_exact_scan_has_recall_one_and_reads_every_vector_for_every_query(plan, cluster):
    document, _ = prepared_run(plan, cluster)
    assert document["metrics"]["recall"] == 1
    assert document["evidence"]["storage"]["served_by"] == "storage"
    assert document["evidence"]["regime"]["direct_files"] == 1
    assert document["metrics"]["read_kib_per_query"] >= SMALL.nominal_bytes / 1024
    assert document["evidence"]["answers"] == {"problems": [], "disagreements": 0}
    assert document["dataset"]["difficulty"]["contrast"] > 1


def test_the_leaves_have_the_names_of_the_edition_and_the_metadata_is_of_the_executed_plan(tmp_path, cluster):
    plan = make_plan(tmp_path, "diskann", ranks=2, vectors=SMALL)
    document, _ = prepared_run(plan, cluster)
    leaf = Path(document["folder"])
    assert leaf.parent.match("results/whatif/example/results/example/vector_database/diskann/DISKANN/run")
    names = {path.name for path in leaf.iterdir()}
    assert {"summary.json", "statistics.json", "recall_stats.json", "result_verdict.json", "config.json"} <= names
    assert {"record.json", "fs_separation.json", "vdb_run.stdout.log", "vdb_run.stderr.log"} <= names
    metadata = json.loads(next(leaf.glob("*_metadata.json")).read_text())
    assert metadata["model"] == "diskann_DISKANN"
    assert metadata["args"]["search_ef"] == document["tuning"]["effort"] == document["metrics"]["effort"]
    assert {path.name for path in leaf.parents[1].iterdir()} == {"datasize", "datagen", "run"}
    summary = json.loads(next((leaf.parents[1] / "datagen").glob("*/summary.json")).read_text())
    assert summary["inserted_vectors"] == summary["num_vectors"] == 1500


def test_a_saved_record_gets_the_verdict_of_the_live_run(plan, cluster):
    document, judgement = prepared_run(plan, cluster)
    again = judge(read_record(Path(document["folder"])), load_edition("3.0"))
    assert (again.verdict, again.findings) == (judgement.verdict, judgement.findings)


def test_repeats_use_the_collection_and_the_effort_that_are_there(tmp_path, cluster):
    plan = make_plan(tmp_path, "diskann", vectors=SMALL)
    first, second = (FAMILY.prepare(plan, cluster, launching, ignore) for _ in range(2))
    assert first == second
    fresh = FAMILY.prepare(dataclasses.replace(plan, fresh=True), cluster, launching, ignore)
    assert fresh.loaded.started_at > first.loaded.started_at
    assert fresh.tuned.effort


def test_ranks_search_together_and_a_batch_is_one_request(tmp_path, cluster):
    plan = make_plan(tmp_path, ranks=3, vectors=SMALL)
    search = dataclasses.replace(plan.search, batch=4, mode="query_count", queries=90, runtime_s=60.0)
    document, _ = prepared_run(dataclasses.replace(plan, search=search), cluster)
    statistics = json.loads(Path(document["folder"], "statistics.json").read_text())
    assert statistics["successful_batches"] == 90
    assert statistics["total_queries"] == 360
    assert statistics["mean_latency_ms"] == statistics["mean_batch_time_ms"]


def test_a_sweep_has_a_step_for_each_number_of_processes(tmp_path, cluster):
    plan = make_plan(tmp_path, ranks=3, vectors=SMALL)
    document, _ = prepared_run(
        dataclasses.replace(plan, search=dataclasses.replace(plan.search, mode="sweep")), cluster
    )
    assert [step["ranks"] for step in document["sweep"]] == [1, 2, 3]
    assert document["knee"] in {1, 2, 3}


def test_an_open_loop_asks_at_its_rate(tmp_path, cluster):
    plan = make_plan(tmp_path, "null", ranks=2, vectors=SMALL)
    search = dataclasses.replace(plan.search, rate=200.0, runtime_s=1.0)
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    document, judgement = judged(
        FAMILY.run(dataclasses.replace(plan, search=search), prepared, cluster, launching, ignore)
    )
    assert json.loads(Path(document["folder"], "summary.json").read_text())["query_count"] <= 202
    assert reasons(judgement)[0].startswith("the collection holds 0 vectors")


def test_the_effort_of_the_record_is_the_one_that_was_found(tmp_path, cluster):
    plan = make_plan(tmp_path, "diskann", vectors=SMALL)
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    executed = course.with_effort(plan, prepared)
    assert executed.search.effort == prepared.tuned.effort
    assert executed.settings["search.search_ef"] == prepared.tuned.effort
    assert np.all(np.diff([one.effort for one in prepared.tuned.tried]) > 0)


# A server that somebody else runs: a stand-in for Elasticsearch ----------------------------------------------------


@pytest.fixture
def elsewhere():
    pytest.importorskip("elasticsearch")
    with standing_in() as server:
        yield server


def test_of_a_server_elsewhere_the_files_are_out_of_sight_and_the_record_says_so(tmp_path, cluster, elsewhere):
    plan = make_plan(tmp_path, "elasticsearch", dsn=elsewhere.dsn, vectors=SMALL)
    FAMILY.check(plan, cluster)
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    document, _ = judged(FAMILY.run(plan, prepared, cluster, launching, ignore))
    assert document["metrics"]["recall"] == 1
    assert document["engine"]["version"].startswith("Elasticsearch 9.1.0, elasticsearch ")
    assert document["dataset"]["effective"]["type"] == "int8_hnsw"
    assert document["evidence"]["storage"]["served_by"] == "unknown"
    assert document["evidence"]["answers"]["problems"] == []
    assert document["tuning"]["reached"]


def test_a_server_that_is_gone_before_the_window_fails_the_run(tmp_path, cluster, elsewhere):
    plan = make_plan(tmp_path, "elasticsearch", dsn=elsewhere.dsn, vectors=SMALL)
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    elsewhere.stop()
    with pytest.raises(EngineError, match="Elasticsearch does not answer"):
        FAMILY.run(plan, prepared, cluster, launching, ignore)
