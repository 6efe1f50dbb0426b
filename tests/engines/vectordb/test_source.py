"""Vectors are a pure function of seed and block; queries are held out of them."""

import dataclasses

import numpy as np
import pytest

from storagebench.engines.vectordb.source import source_of, unit
from storagebench.errors import DatasetError
from storagebench.model import BLOCK_ROWS
from tests.engines.vectordb.plans import VECTORS

DISTRIBUTIONS = ("clustered", "uniform", "normal")
LARGE = dataclasses.replace(VECTORS, num_vectors=BLOCK_ROWS + 100)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_block_is_the_same_whatever_was_made_before_it(distribution):
    vectors = dataclasses.replace(LARGE, distribution=distribution)
    forwards, backwards = source_of(vectors), source_of(vectors)
    first, last = forwards.block(0), forwards.block(1)
    np.random.seed(1)  # noqa: NPY002 - numpy's own state must not matter
    assert np.array_equal(backwards.block(1), last)
    assert np.array_equal(backwards.block(0), first)
    assert (len(first), len(last)) == (BLOCK_ROWS, 100)
    assert first.dtype == np.float32
    assert first.flags.c_contiguous


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_queries_are_none_of_the_vectors_and_more_of_them_begin_alike(distribution):
    source = source_of(dataclasses.replace(VECTORS, distribution=distribution))
    queries, vectors = source.queries(300), source.block(0)
    assert np.array_equal(source.queries(100), queries[:100])
    assert (queries @ vectors.T).max() < 1 - 1e-6


def test_cosine_vectors_have_length_one_and_others_their_own():
    assert np.allclose(np.linalg.norm(source_of(VECTORS).block(0), axis=1), 1, atol=1e-6)
    lengths = np.linalg.norm(source_of(dataclasses.replace(VECTORS, metric="L2")).block(0), axis=1)
    assert lengths.std() > 0.01


def test_another_seed_gives_other_vectors_and_another_fingerprint():
    other = dataclasses.replace(VECTORS, seed=8)
    assert not np.array_equal(source_of(other).block(0), source_of(VECTORS).block(0))
    assert other.fingerprint() != VECTORS.fingerprint()


def test_a_vector_without_direction_is_named():
    rows = np.ones((4, 3), np.float32)
    rows[2] = 0
    with pytest.raises(DatasetError, match="vector 2 is zero"):
        unit(rows)


def brought(tmp_path, rows):
    from storagebench.engines.vectordb.vector_files import VectorFile

    path = tmp_path / "mine.npy"
    np.save(path, rows)
    found = VectorFile.open(str(path))
    shape = {"file": str(path), "file_digest": found.digest(), "distribution": "file"}
    return dataclasses.replace(VECTORS, num_vectors=50, dimension=6, metric="L2", **shape), path


def test_of_a_file_the_end_is_queries(tmp_path):
    rows = np.random.default_rng(1).random((60, 6), np.float32)
    vectors, _ = brought(tmp_path, rows)
    source = source_of(vectors)
    assert np.array_equal(source.block(0), rows[:50])
    assert np.array_equal(source.queries(10), rows[50:])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_named(tmp_path, bad):
    rows = np.ones((60, 6), np.float32)
    rows[33, 2] = bad
    vectors, _ = brought(tmp_path, rows)
    with pytest.raises(DatasetError, match="vector 33 holds a number that is not finite"):
        source_of(vectors).block(0)


def test_a_file_that_changed_since_is_refused(tmp_path):
    vectors, path = brought(tmp_path, np.ones((60, 6), np.float32))
    np.save(path, np.zeros((60, 6), np.float32))
    with pytest.raises(DatasetError, match="has changed"):
        source_of(vectors)
