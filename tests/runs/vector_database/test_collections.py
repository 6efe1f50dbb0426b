"""What becomes of collections that are not the planned ones, and of loads that are stopped: a verdict, or one sentence."""

import contextlib
import dataclasses
import json
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from storagebench.engines.vectordb.databases import backend_of, open_session, target_of
from storagebench.engines.vectordb.postgres import running
from storagebench.engines.vectordb.source import source_of
from storagebench.errors import DatasetError, EngineError
from storagebench.runs.vector_database import preparation
from storagebench.runs.vector_database.family import FAMILY
from storagebench.units import MIB
from tests.engines.vectordb.plans import make_plan, open_folder
from tests.runs.vector_database.courses import SMALL, ignore, judged, launching, prepared_run, reasons

HALF = dataclasses.replace(SMALL, num_vectors=SMALL.num_vectors // 2)


@pytest.fixture
def plan(tmp_path):
    return make_plan(tmp_path, vectors=SMALL)


def run_after(plan, cluster, spoil):
    """Prepare a whole collection, spoil it, run; return the document and what the rules say of the collection."""
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    spoil(plan)
    document, judgement = judged(FAMILY.run(plan, prepared, cluster, launching, ignore))
    assert judgement.verdict.name == document["verdict"]
    return document, reasons(judgement)


# Sealed, but not the planned one: INVALID, with the sentence ------------------------------------------------------


def lose_half_of_the_file(plan):
    with Path(plan.collection_dir, "data", "vectors.f32").open("r+b") as stream:
        stream.truncate(HALF.nominal_bytes)


def put_an_index_of_half_in_its_place(plan):
    with open_session(plan) as session:
        label = session.label()
        session.drop()
    target = dataclasses.replace(target_of(plan), rows=HALF.num_vectors)
    with backend_of(plan.index.database).connect(target) as session:
        session.create()
        session.load(0, source_of(HALF).block(0))
        session.build()
        session.seal(label)


def delete_half_of_the_rows(plan):
    with open_session(plan) as session:
        session._do(f"DELETE FROM {plan.collection} WHERE id >= {HALF.num_vectors}")


@pytest.mark.parametrize(
    ("database", "spoil"),
    [
        ("flat", lose_half_of_the_file),
        ("diskann", put_an_index_of_half_in_its_place),
        ("pgvector", delete_half_of_the_rows),
    ],
)
def test_half_a_sealed_collection_is_invalid_and_its_figures_are_kept(cluster, database, spoil):
    with open_folder() as folder:
        plan = make_plan(folder, database, vectors=SMALL)
        if database == "pgvector":
            with running(str(folder)) as dsn:
                document, said = run_after(dataclasses.replace(plan, dsn=dsn), cluster, spoil)
        else:
            document, said = run_after(plan, cluster, spoil)
    assert document["verdict"] == "INVALID"
    assert said[0] == "the collection holds 750 vectors, not 1,500"  # pgvector also finds fewer than asked for
    assert document["metrics"]["recall"] < 0.9
    assert document["metrics"]["queries_per_s"] > 0


def test_a_collection_of_other_data_is_invalid(plan, cluster):
    def relabel(plan):
        with open_session(plan) as session:
            session.seal(json.dumps(json.loads(session.label()) | {"fingerprint": "0123456789abcdef"}))

    document, said = run_after(plan, cluster, relabel)
    assert document["verdict"] == "INVALID"
    (sentence,) = said
    assert sentence.startswith("the collection holds other data: fingerprint 0123456789abcdef, planned ")


@pytest.mark.parametrize("database", ["flat", "diskann"])
def test_a_stale_collection_with_the_right_rows_and_label_is_invalid(tmp_path, cluster, database):
    def replace(plan):
        with open_session(plan) as session:
            label = session.label()
            session.drop()
            session.create()
            session.load(0, source_of(dataclasses.replace(SMALL, seed=99)).block(0))
            session.build()
            session.seal(label)

    document, said = run_after(make_plan(tmp_path, database, vectors=SMALL), cluster, replace)
    assert document["verdict"] == "INVALID"
    assert said == ["64 of 64 vectors that were fetched are not those of the plan: the collection is stale"]


def test_a_collection_whose_seal_is_gone_is_invalid(plan, cluster):
    document, said = run_after(plan, cluster, lambda plan: Path(plan.collection_dir, "data", "sealed.json").unlink())
    assert document["verdict"] == "INVALID"
    assert said == ["the collection was never sealed: its load was broken off"]


# Damaged: nothing to measure, one sentence ------------------------------------------------------------------------


def test_an_index_that_is_cut_off_is_named(tmp_path, cluster):
    plan = make_plan(tmp_path, "diskann", vectors=SMALL)
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    with Path(plan.collection_dir, "data", "ann_disk.index").open("r+b") as stream:
        stream.truncate(40_960)
    with pytest.raises(DatasetError, match="40,960 of .* bytes, not the collection that was loaded"):
        FAMILY.run(plan, prepared, cluster, launching, ignore)


def test_a_run_that_fails_leaves_a_folder_that_says_so(plan, cluster):
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    shutil.rmtree(Path(plan.collection_dir, "data"))
    with pytest.raises((DatasetError, EngineError)):
        FAMILY.run(plan, prepared, cluster, launching, ignore)
    (word,) = [json.loads(path.read_text()) for path in Path(plan.results_dir).glob("**/run/*/incomplete.json")]
    assert word["status"] == "failed"
    assert Path(plan.collection_dir).is_dir()


# Loads that were stopped, and collections of others ------------------------------------------------------------------


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


@pytest.fixture
def small_disk():
    """A filesystem of some MiB, which every user may enter; its size can be changed."""
    with open_folder() as folder:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m,mode=755", "none", folder], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("NOT TESTED: no small filesystem can be mounted here: run as root")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def resize(folder, mib):
    subprocess.run(["mount", "-o", f"remount,size={mib}m", folder], check=True)


@pytest.mark.parametrize(
    ("database", "left_mib"),
    [
        ("flat", 4),  # the vectors take 5.7
        ("diskann", 9),  # enough for the vectors, too little for the graph
        ("zvec", 4),  # it maps what it writes, and so a full disk kills it
        ("pgvector", 4),
    ],
)
def test_a_disk_that_is_full_in_mid_load_leaves_no_collection_and_a_larger_one_is_enough(
    cluster, small_disk, database, left_mib
):
    plan = make_plan(small_disk, database, vectors=dataclasses.replace(SMALL, dimension=1000))
    with contextlib.ExitStack() as stack:
        resize(small_disk, 1024)
        if database == "pgvector":
            plan = dataclasses.replace(plan, dsn=stack.enter_context(running(str(small_disk))))
        resize(small_disk, left_mib + shutil.disk_usage(small_disk).used // MIB)
        with pytest.raises((DatasetError, EngineError), match="No space left|killed by SIGBUS") as caught:
            FAMILY.prepare(plan, cluster, launching, ignore)
        assert "\n" not in str(caught.value)
        with open_session(plan) as session:
            assert session.label() is None
        resize(small_disk, 1024)
        assert FAMILY.prepare(plan, cluster, launching, ignore).loaded.rows == SMALL.num_vectors
