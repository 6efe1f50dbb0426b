"""Exact neighbours: those of float64, in any order of blocks, of any metric."""

import numpy as np
import pytest

from storagebench.engines.vectordb.difficulty import difficulty
from storagebench.engines.vectordb.source import source_of
from storagebench.engines.vectordb.truth import Seeker, Truth, best
from storagebench.errors import DatasetError
from storagebench.model import DEPTH
from tests.engines.vectordb.plans import VECTORS

ROWS, QUERIES = source_of(VECTORS).block(0), source_of(VECTORS).queries(50)


def in_float64(metric):
    rows, queries = ROWS.astype(np.float64), QUERIES.astype(np.float64)
    if metric == "L2":
        return -((queries[:, None, :] - rows[None]) ** 2).sum(axis=2)
    return queries @ rows.T


def found_in(cuts, metric, order=1):
    seeker = Seeker(QUERIES, metric)
    pieces = list(zip([0, *cuts], [*cuts, len(ROWS)], strict=True))
    for start, stop in pieces[::order]:
        seeker.add(start, ROWS[start:stop])
    return seeker.truth()


@pytest.mark.parametrize("metric", ["COSINE", "L2", "IP"])
def test_the_neighbours_are_those_of_an_independent_float64_computation(metric):
    expected = np.argsort(-in_float64(metric), axis=1)[:, :10]
    assert np.array_equal(found_in([1000, 1001, 2500], metric).ids[:, :10], expected)


def test_blocks_in_another_order_and_size_give_the_same():
    one, other = found_in([700, 2000], "COSINE"), found_in([3, 1500, 2999], "COSINE", -1)
    assert np.array_equal(one.ids, other.ids)
    assert one.ids.shape == (50, DEPTH)


def test_what_ranks_found_apart_joins_to_the_whole():
    apart = [Seeker(QUERIES, "COSINE") for _ in range(3)]
    for number, start in enumerate(range(0, 3000, 500)):
        apart[number % 2].add(start, ROWS[start : start + 500])
    whole = Seeker(QUERIES, "COSINE")
    for seeker in apart:
        whole.merge(seeker.truth())
    assert np.array_equal(whole.truth().ids, found_in([], "COSINE").ids)


def test_of_equals_the_smaller_id_comes_first():
    ids, near = best(np.array([[5, 2, 9]]), np.array([[1.0, 1.0, 2.0]], np.float32))
    assert ids.tolist() == [[9, 2, 5]]
    assert near.tolist() == [[2.0, 1.0, 1.0]]


def test_it_is_read_back_as_it_was_saved_and_damage_is_named(tmp_path):
    truth = found_in([], "COSINE")
    truth.save(tmp_path / "t.npz")
    assert np.array_equal(Truth.load(tmp_path / "t.npz").ids, truth.ids)
    (tmp_path / "t.npz").write_bytes(b"no zip")
    with pytest.raises(DatasetError, match="holds no exact neighbours"):
        Truth.load(tmp_path / "t.npz")


def test_uniform_vectors_are_harder_to_tell_apart_than_clustered_ones():
    import dataclasses

    measured = {}
    for distribution in ("clustered", "uniform"):
        source = source_of(dataclasses.replace(VECTORS, distribution=distribution))
        seeker = Seeker(source.queries(50), "COSINE")
        seeker.add(0, source.block(0))
        measured[distribution] = difficulty(seeker.truth(), source.queries(50), source.block(0), "COSINE")
    clustered, uniform = measured["clustered"], measured["uniform"]
    assert clustered.contrast > uniform.contrast > 1
    assert 0 < clustered.local_dimension < uniform.local_dimension
    assert clustered.gap > 0


def test_the_local_dimension_of_a_plane_is_two():
    drawn = np.random.default_rng(3)
    rows = np.zeros((8000, 24), np.float32)
    rows[:, :2] = drawn.random((8000, 2))
    queries = np.zeros((60, 24), np.float32)
    queries[:, :2] = 0.3 + 0.4 * drawn.random((60, 2))
    seeker = Seeker(queries, "L2")
    seeker.add(0, rows)
    assert difficulty(seeker.truth(), queries, rows, "L2").local_dimension == pytest.approx(2, rel=0.1)
