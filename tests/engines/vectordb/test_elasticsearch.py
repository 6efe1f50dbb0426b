"""Elasticsearch beside the protocol that all databases keep to: what it refuses, and what is none."""

import http.server
import threading

import numpy as np
import pytest

from storagebench.engines.vectordb.backend import RequestError
from storagebench.engines.vectordb.databases import backend_of, open_session
from storagebench.engines.vectordb.source import source_of
from storagebench.errors import ClusterError, DatasetError
from tests.engines.vectordb.elasticsearch_standin import standing_in
from tests.engines.vectordb.plans import VECTORS, make_plan

pytest.importorskip("elasticsearch")


@pytest.fixture
def server():
    with standing_in() as server:
        yield server


@pytest.fixture
def plan(tmp_path, server):
    return make_plan(tmp_path, "elasticsearch", dsn=server.dsn, vectors=VECTORS)


def loaded(plan):
    session = open_session(plan)
    session.create()
    session.load(0, source_of(plan.vectors).block(0))
    session.build()
    return session


def test_the_mapping_is_the_one_that_was_asked_for_and_is_read_back(plan, server):
    effective = loaded(plan).build()
    assert effective == {
        "M": 8,
        "ef_construction": 32,
        "type": "int8_hnsw",
        "dims": 24,
        "similarity": "dot_product",
    }
    assert server.indices[plan.collection].segments == 1


def test_an_id_that_is_there_is_refused_with_the_servers_own_words(plan):
    session = loaded(plan)
    with pytest.raises(DatasetError, match=r"from id 0 on: \[0\]: version conflict, document already exists"):
        session.load(0, source_of(plan.vectors).block(0)[:3])


def test_vectors_that_are_not_of_length_one_are_refused(plan):
    session = open_session(plan)
    session.create()
    with pytest.raises(DatasetError, match="unit-length"):
        session.load(0, 2 * source_of(plan.vectors).block(0)[:3])


@pytest.mark.parametrize("queries", [1, 3])
def test_a_server_that_is_busy_fails_the_request_and_not_the_searcher(plan, server, queries):
    session = loaded(plan)
    searcher = session.searcher()
    asked = source_of(plan.vectors).queries(queries)
    server.busy = True
    with pytest.raises(RequestError, match="did not answer: rejected execution: queue capacity"):
        searcher.search(asked, 5, 20)
    server.busy = False
    assert searcher.search(asked, 5, 20).shape == (queries, 5)


def test_less_effort_than_neighbours_is_the_servers_own_refusal(plan):
    with pytest.raises(RequestError, match=r"\[num_candidates\] cannot be less than \[k\]"):
        loaded(plan).searcher().search(source_of(plan.vectors).queries(1), 10, 5)


def test_a_vector_that_is_not_there_is_named(plan):
    with pytest.raises(DatasetError, match="holds no vector 3000 in sb_"):
        loaded(plan).fetch(np.array([3, 3000]))


class Stranger(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"version": {"number": "1.0"}}')

    def log_message(self, *arguments):
        pass


def test_another_kind_of_server_is_told_from_elasticsearch():
    with http.server.HTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        dsn = f"127.0.0.1:{stranger.server_address[1]}"
        with pytest.raises(ClusterError, match=f"--vdb-dsn={dsn}: no Elasticsearch answers there"):
            backend_of("elasticsearch").version(dsn)
        stranger.shutdown()


def test_an_address_that_is_none_is_refused():
    with pytest.raises(ClusterError, match=r"--vdb-dsn=nowhere: .*; name the server as host:port"):
        backend_of("elasticsearch").version("nowhere")
