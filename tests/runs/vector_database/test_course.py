"""A run from a plan to its folder, for real: its verdict, and what becomes of collections that are not what they should be."""

import dataclasses
import json
import resource
import shutil
from pathlib import Path

import numpy as np
import pytest

from storagebench.collect.cluster import collect
from storagebench.edition import load_edition
from storagebench.engines.vectordb.databases import open_session
from storagebench.engines.vectordb.source import source_of
from storagebench.errors import DatasetError, EngineError
from storagebench.judge import judge
from storagebench.launch.local import LocalLauncher
from storagebench.record import read_record
from storagebench.runs.folder import write_verdict
from storagebench.runs.vector_database import course, preparation
from storagebench.runs.vector_database.family import FAMILY
from tests.engines.vectordb.plans import VECTORS, make_plan

SMALL = dataclasses.replace(VECTORS, num_vectors=1500)


def launching(stdout, stderr):
    return LocalLauncher(stdout=stdout, stderr=stderr)


def ignore(event):
    pass


@pytest.fixture(scope="module")
def cluster():
    from storagebench.model import LOCALHOST

    return collect((LOCALHOST,), launching(None, None))


@pytest.fixture
def plan(tmp_path):
    return make_plan(tmp_path, vectors=SMALL)


def prepared_run(plan, cluster):
    """Prepare and run; return the record, the document and the judgement."""
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    return judged(FAMILY.run(plan, prepared, cluster, launching, ignore))


def judged(folder):
    record = read_record(folder)
    judgement = judge(record, load_edition("3.0"))
    return write_verdict(record, judgement), judgement


def reasons(judgement, name="vdbGroundTruthIntegrity"):
    return [finding.saw for finding in judgement.findings if finding.rule_name == name]


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


# What is not what it should be -----------------------------------------------------------------------------------


def test_a_stale_collection_with_the_right_rows_and_label_is_invalid(plan, cluster):
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    other = source_of(dataclasses.replace(SMALL, seed=99)).block(0)
    with open_session(plan) as session:
        session.load(0, other)
    document, judgement = judged(FAMILY.run(plan, prepared, cluster, launching, ignore))
    assert document["verdict"] == "INVALID"
    assert any("the collection is stale" in saw for saw in reasons(judgement))


def test_a_collection_that_lost_rows_is_invalid(plan, cluster):
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    path = Path(plan.collection_dir, "data", "vectors.f32")
    with path.open("r+b") as stream:
        stream.truncate(1000 * 4 * SMALL.dimension)
    with pytest.raises(DatasetError, match="ends at 96,000"):
        FAMILY.run(plan, prepared, cluster, launching, ignore)


def test_a_load_that_was_broken_off_is_loaded_anew(plan, cluster):
    with open_session(plan) as session:
        session.create()
    document, _ = prepared_run(plan, cluster)
    assert document["metrics"]["recall"] == 1


def test_a_foreign_collection_of_our_name_is_left_as_it_is(plan, cluster):
    with open_session(plan) as session:
        session.create()
        session.seal("somebody's own")
    with pytest.raises(DatasetError, match="this project did not make: --vdb-fresh drops it"):
        FAMILY.prepare(plan, cluster, launching, ignore)
    with open_session(plan) as session:
        assert session.label() == "somebody's own"


def test_an_index_that_is_cut_off_is_named(tmp_path, cluster):
    plan = make_plan(tmp_path, "diskann", vectors=SMALL)
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    with Path(plan.collection_dir, "data", "ann_disk.index").open("r+b") as stream:
        stream.truncate(40_960)
    with pytest.raises(DatasetError, match="40,960 of .* bytes, not the collection that was loaded"):
        FAMILY.run(plan, prepared, cluster, launching, ignore)


def test_a_full_disk_in_a_load_leaves_no_part_of_a_collection(plan, cluster):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL.nominal_bytes // 2, hard))
    try:
        with pytest.raises(DatasetError, match="File too large"):
            FAMILY.prepare(plan, cluster, launching, ignore)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not Path(plan.collection_dir, "data").exists()


def test_whatever_stops_a_load_drops_what_there_is(plan, cluster, monkeypatch):
    def stopped(plan, launcher, tell, **how):
        with open_session(plan) as session:
            session.create()
        raise KeyboardInterrupt

    monkeypatch.setattr(preparation.native, "load", stopped)
    with pytest.raises(KeyboardInterrupt):
        FAMILY.prepare(plan, cluster, launching, ignore)
    assert not Path(plan.collection_dir, "data").exists()


def test_a_run_that_fails_leaves_a_folder_that_says_so(plan, cluster):
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    shutil.rmtree(Path(plan.collection_dir, "data"))
    with pytest.raises((DatasetError, EngineError)):
        FAMILY.run(plan, prepared, cluster, launching, ignore)
    (word,) = [json.loads(path.read_text()) for path in Path(plan.results_dir).glob("**/run/*/incomplete.json")]
    assert word["status"] == "failed"
    assert Path(plan.collection_dir).is_dir()


def test_the_effort_of_the_record_is_the_one_that_was_found(tmp_path, cluster):
    plan = make_plan(tmp_path, "diskann", vectors=SMALL)
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    executed = course.with_effort(plan, prepared)
    assert executed.search.effort == prepared.tuned.effort
    assert executed.settings["search.search_ef"] == prepared.tuned.effort
    assert np.all(np.diff([one.effort for one in prepared.tuned.tried]) > 0)
