"""The measured loop: every success is noted once, failures apart, and waiting counts in an open loop."""

import itertools
import time

import numpy as np
import pytest

from storagebench.engines.vectordb import loop
from storagebench.engines.vectordb.backend import RequestError
from storagebench.engines.vectordb.backends.null import NullSearcher
from storagebench.engines.vectordb.loop import CHUNK, Notes, Pace, ask
from storagebench.engines.vectordb.order import permutation, requests
from storagebench.errors import EngineError

QUERIES = np.zeros((50, 4), np.float32)


def asked(searcher, pace, batch=1):
    notes = Notes(k=3, batch=batch)
    ask(searcher, QUERIES, requests(50, batch, 1, 0), 5, pace, notes)
    return notes


class Flaky:
    """Fails every third request; `slow_s` is the length of the first one."""

    def __init__(self, slow_s=0.0, fails=True):
        self._numbers = itertools.count(1)
        self._slow_s = slow_s
        self._fails = fails

    def search(self, queries, k, effort):
        number = next(self._numbers)
        if number == 1:
            time.sleep(self._slow_s)
        if self._fails and number % 3 == 0:
            raise RequestError("too busy")
        return np.arange(k)[np.newaxis] + number


def test_every_request_is_noted_with_its_query_and_answer():
    notes = asked(NullSearcher(), Pace(seconds=60, requests=CHUNK + 10))
    began, latency = notes.times()
    queries, answers = notes.results()
    assert notes.count == len(began) == len(latency) == len(queries) == CHUNK + 10
    assert (np.diff(began) >= 0).all()
    assert (latency > 0).all()
    assert answers.tolist()[-1] == [0, 1, 2]
    assert set(queries.tolist()) == set(range(50))


def test_a_batch_is_one_request_of_many_queries():
    notes = asked(NullSearcher(), Pace(seconds=60, requests=7), batch=8)
    assert notes.count == 7
    assert [array.shape for array in notes.results()] == [(56,), (56, 3)]


def test_failures_count_nowhere_but_among_failures():
    notes = asked(Flaky(), Pace(seconds=60, requests=30))
    assert (notes.count, len(notes.failed), notes.first_failure) == (20, 10, "too busy")


def test_after_failures_each_answer_still_stands_beside_its_own_query():
    notes = asked(Flaky(), Pace(seconds=60, requests=2 * CHUNK))
    queries, answers = notes.results()
    order = np.concatenate(list(itertools.islice(requests(50, 1, 1, 0), 2 * CHUNK)))
    numbers = answers[:, 0]  # of the request that each of them answers
    assert queries.tolist() == order[numbers - 1].tolist()


def test_of_a_large_batch_fewer_requests_are_drawn_at_once(monkeypatch):
    monkeypatch.setattr(loop, "CHUNK_BYTES", 3 * 8 * QUERIES.shape[1] * 4)
    assert asked(NullSearcher(), Pace(seconds=60, requests=7), batch=8).count == 7


def test_a_window_ends_by_the_clock():
    notes = asked(NullSearcher(), Pace(seconds=0.05))
    assert notes.elapsed_s >= 0.05
    assert notes.count > 0


def test_in_an_open_loop_a_request_that_waits_for_another_waits_on_the_clock():
    every_s, slow_s = 0.01, 0.2
    notes = asked(Flaky(slow_s, fails=False), Pace(seconds=60, requests=10, every_ns=int(every_s * 1e9)))
    began, latency = notes.times()
    assert np.diff(began).tolist() == [int(every_s * 1e9)] * 9
    for number in range(10):
        assert latency[number] >= (slow_s - number * every_s) * 1e9 * 0.99


def test_a_database_that_is_gone_ends_the_window(monkeypatch):
    monkeypatch.setattr(loop, "GIVE_UP_S", 0.0)

    class Gone:
        def search(self, queries, k, effort):
            raise RequestError("connection refused")

    with pytest.raises(EngineError, match="answers no more: 50 requests failed in a row.*connection refused"):
        asked(Gone(), Pace(seconds=60))


@pytest.mark.parametrize("batch", [1, 7, 50, 64])
def test_no_query_repeats_before_the_pool_was_asked(batch):
    drawn = np.concatenate(list(itertools.islice(requests(50, batch, 3, 2), 40)))
    for start in range(0, len(drawn) - 50, 50):
        assert sorted(drawn[start : start + 50].tolist()) == list(range(50))


def test_ranks_and_passes_have_orders_of_their_own():
    orders = {tuple(permutation(50, 3, rank, number)) for rank in range(3) for number in range(3)}
    assert len(orders) == 9
    assert permutation(50, 3, 1, 1).tolist() == permutation(50, 3, 1, 1).tolist()
