"""Plans of vector databases: what is taken from a point, and every bad input refused in one sentence before work starts."""

import dataclasses
from pathlib import Path

import pytest

from storagebench.config import load_workloads
from storagebench.edition import load_edition
from storagebench.errors import StorageBenchError
from storagebench.model import DATABASES, LOCALHOST, Cluster, HostFacts
from storagebench.parameters import flatten
from storagebench.plan.vectordb import describe, make_plan
from storagebench.plan.wishes import BroughtVectors, VectorWishes, Wishes
from storagebench.select import Point

WORKLOADS = {
    workload.id: workload for workload in load_workloads(Path(__file__).parents[2] / "configs/vectordb", "vectordb")
}
HOST = HostFacts(
    hostname="h1", memory_bytes=2**35, available_bytes=2**34, logical_cpus=8, physical_cpus=4, cpu_model="x",
    architecture="x86_64", kernel="6",
)  # fmt: skip
CLUSTER = Cluster((HOST,), "local", "2026-01-01T00:00:00+00:00")
WISHES = Wishes(
    division="whatif", edition="3.0", quick=False, hosts=(LOCALHOST,), params={}, data_dir="/mnt/fs",
    results_dir="/var/results", checkpoint_dir="", cache_dir="", seed=None, organisation="o", system="s", engine="native", launcher="local",
    decode=None, columns="all",
)  # fmt: skip


def planned(name="diskann-tiny", params=None, ranks=1, *, quick=False, **wishes):
    wished = dataclasses.replace(
        WISHES, params={"vector_database": params or {}}, quick=quick, vectordb=VectorWishes(**wishes)
    )
    return make_plan(Point(WORKLOADS[name], ranks, ""), wished, load_edition("3.0"), CLUSTER, 42)


def test_the_points_of_closed_are_milvus_with_the_numbers_of_the_edition():
    closed = {name: workload for name, workload in WORKLOADS.items() if "closed" in workload.divisions}
    assert set(closed) == {f"milvus-{index}-{size}" for index in ("diskann", "hnsw", "aisaq") for size in ("1m", "10m")}
    for name, workload in closed.items():
        found = flatten(workload.parameters)
        assert [found[f"dataset.{key}"] for key in ("num_vectors", "dimension", "distribution")] == [
            10_000_000 if name.endswith("10m") else 1_000_000,
            1536,
            "uniform",
        ]
        assert found["index.metric_type"] == "COSINE"
        assert (found["benchmark.search_limit"], found["benchmark.runtime"]) == (10, 60)
    assert flatten(WORKLOADS["milvus-diskann-1m"].parameters)["index.max_degree"] == 64
    assert flatten(WORKLOADS["milvus-diskann-1m"].parameters)["index.search_list_size"] == 200
    assert flatten(WORKLOADS["milvus-aisaq-1m"].parameters)["index.inline_pq"] == 16
    assert flatten(WORKLOADS["milvus-hnsw-1m"].parameters)["index.M"] == 64


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_point_can_be_planned_and_described(name):
    plan = planned(name)
    assert plan.collection in "\n".join(describe(plan))
    assert plan.index.type in DATABASES[plan.index.database].indexes
    assert len(plan.collection) <= 63  # PostgreSQL's longest name
    assert plan.search.pool >= 10_000


@pytest.mark.parametrize(
    ("name", "regime"),
    [("diskann-tiny", "direct"), ("flat-tiny", "direct"), ("pgvector-hnsw-tiny", "cold"), ("milvus-hnsw-1m", "warm")],
)
def test_the_regime_is_the_most_honest_one_that_needs_no_rights(name, regime):
    assert planned(name).regime == regime
    assert planned(name, regime="warm").regime == "warm"


def test_other_data_and_another_index_have_another_collection_but_another_window_has_not():
    names = {
        planned(params=params).collection
        for params in ({}, {"dataset.seed": 3}, {"index.max_degree": 32}, {"dataset.num_vectors": 4000})
    }
    assert len(names) == 4
    assert planned(runtime_s=300).collection == planned().collection


def test_what_the_user_typed_is_an_override_and_what_we_set_is_not():
    plan = planned(params={"index.max_degree": 32}, ranks=8)
    assert list(plan.overrides) == ["index.max_degree"]
    assert plan.settings == {"run.num_query_processes": 8, "storage.storage_root": "/mnt/fs"}
    assert planned(runtime_s=300).parameter("benchmark.runtime") == 300


@pytest.mark.parametrize(
    ("name", "params", "sentence"),
    [
        ("diskann-tiny", {"benchmark.search_limit": 101}, "exact ones are kept of 100"),
        ("diskann-tiny", {"dataset.num_vectors": 9}, "10 neighbours of 9 vectors"),
        ("diskann-tiny", {"search.search_ef": 5}, "search.search_ef=5 is less than the 10 neighbours asked for"),
        ("diskann-tiny", {"search.search_ef": 20_000}, "diskann takes 10,000 at most"),
        ("diskann-tiny", {"index.metric_type": "IP"}, "knows no metric IP; it has COSINE, L2"),
        ("diskann-tiny", {"index.pq_chunks": 65}, "65 chunks of 64 dimensions"),
        ("diskann-tiny", {"index.M": 16}, "DISKANN of diskann is not built with it; it takes max_degree"),
        ("diskann-tiny", {"index.max_degree": 3}, "index.max_degree=3: DISKANN of diskann takes 4 to 512"),
        ("diskann-tiny", {"index.index_type": "HNSW"}, "diskann has no such index; choose one of DISKANN"),
        ("flat-tiny", {"index.max_degree": 16}, "FLAT of flat is not built with it; it takes none"),
        ("flat-tiny", {"search.search_ef": 50}, "FLAT of flat has no search parameter"),
        ("pgvector-hnsw-tiny", {"dataset.dimension": 2001}, "takes 2,000 dimensions at most, not 2,001"),
        ("pgvector-ivfflat-small", {"index.lists": 200_000}, "IVFFLAT of pgvector takes 1 to 32,768"),
        ("pgvector-ivfflat-small", {"dataset.num_vectors": 300}, "400 lists for 300 vectors"),
        ("pgvector-ivfflat-small", {"search.search_ef": 401}, "search.search_ef=401 is more than the 400 lists"),
        ("pgvector-hnsw-tiny", {"index.index_type": "IVFFLAT"}, "index.lists is missing"),
        ("diskann-tiny", {"run.mode": "query_count"}, "needs benchmark.queries"),
        ("diskann-tiny", {"benchmark.scored_queries": 10_000}, "no query is left to tune by"),
        ("milvus-diskann-1m", {"index.inline_pq": 4}, "DISKANN of milvus is not built with it"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(name, params, sentence):
    with pytest.raises(StorageBenchError) as caught:
        planned(name, params)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_vectors_that_were_brought_make_the_collection_and_their_end_the_queries():
    plan = planned(file=BroughtVectors("/data/mine.npy", 50_000, 64, "0123456789abcdef"))
    assert (plan.vectors.num_vectors, plan.vectors.dimension, plan.vectors.distribution) == (40_000, 64, "file")
    assert plan.parameter("dataset.num_vectors") == 40_000
    with pytest.raises(StorageBenchError, match="holds 9,000 vectors, of which the last 10,000 are queries"):
        planned(file=BroughtVectors("/data/mine.npy", 9_000, 64, "0123456789abcdef"))


def test_the_prediction_grows_with_ranks_and_vectors():
    small, large = planned("diskann-1m"), planned("diskann-10m")
    assert large.prediction.disk_bytes == 10 * small.prediction.disk_bytes
    assert planned("diskann-1m", ranks=64).prediction.memory_bytes_per_host > small.prediction.memory_bytes_per_host


def test_quick_is_small_and_says_so():
    plan = planned(quick=True)
    assert plan.vectors.nominal_bytes < 10 * 2**20
    assert {override.origin for override in plan.overrides.values()} == {"quick"}
