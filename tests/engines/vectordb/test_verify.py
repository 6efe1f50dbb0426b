"""A collection of other data, half a collection, a stale one, and engines that lie: each is told in a sentence."""

import dataclasses
import json

import numpy as np
import pytest

from storagebench.engines.vectordb import verify
from storagebench.engines.vectordb.databases import open_session
from storagebench.engines.vectordb.source import source_of
from tests.engines.vectordb.plans import make_plan


@pytest.fixture
def plan(tmp_path):
    return make_plan(tmp_path)


def loaded(plan, *, rows=None, fingerprint=None, seed=None):
    """A sealed collection, right but for what is asked."""
    vectors = plan.vectors if seed is None else dataclasses.replace(plan.vectors, seed=seed)
    session = open_session(plan)
    session.create()
    for number in range(vectors.num_blocks):
        session.load(vectors.rows_of(number).start, source_of(vectors).block(number))
    if rows:
        path = session.path / "vectors.f32"
        path.write_bytes(path.read_bytes()[: rows * session.row_bytes])
    session.seal(json.dumps({"fingerprint": fingerprint or plan.vectors.fingerprint()}))
    return session


def problems(session, plan):
    return verify.collection_problems(session, plan, source_of(plan.vectors))


def test_the_planned_collection_has_no_problem(plan):
    assert problems(loaded(plan), plan) == []


def test_a_collection_of_other_data_is_named(plan):
    (problem,) = problems(loaded(plan, seed=99, fingerprint="0123456789abcdef"), plan)
    assert problem.startswith("the collection holds other data: fingerprint 0123456789abcdef")


def test_half_a_collection_is_named(plan):
    assert problems(loaded(plan, rows=1500), plan) == ["the collection holds 1,500 vectors, not 3,000"]


def test_a_stale_collection_with_the_right_number_of_rows_and_the_right_label_is_named(plan):
    (problem,) = problems(loaded(plan, seed=99), plan)
    assert "64 of 64 vectors that were fetched are not those of the plan: the collection is stale" in problem


def test_a_collection_that_was_never_sealed_is_named(plan):
    session = loaded(plan)
    (session.path / "sealed.json").unlink()
    assert problems(session, plan) == ["the collection was never sealed: its load was broken off"]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ([[1, 2, 3], [4, 4, 5]], "of 2 answers 1 name a vector twice"),
        ([[0, 0, 0], [0, 0, 0]], "of 2 answers 2 name a vector twice"),
        ([[1, 2, 3000], [4, 5, 6]], "of 2 answers 1 name a vector that is not in the collection"),
        ([[1, 2, -1], [4, 5, 6]], "of 2 answers 1 hold fewer than 3 neighbours"),
    ],
)
def test_what_no_right_database_answers_is_told(answers, sentence):
    assert verify.answer_problems(np.array(answers), 3000) == [sentence]


def test_right_answers_have_no_problem():
    assert verify.answer_problems(np.array([[1, 2, 3], [2999, 0, 5]]), 3000) == []
    assert verify.answer_problems(np.array([[0, 1, -1]]), 2) == []


def test_neighbours_in_the_wrong_order_are_told_by_the_vectors_themselves(plan):
    session, queries = loaded(plan), source_of(plan.vectors).queries(20)
    searcher = session.searcher()
    asked = np.arange(20)
    answers = searcher.search(queries, 10, 0)
    assert verify.order_problems(session, queries, asked, answers, plan.vectors) == []
    wrong = verify.order_problems(session, queries, asked, answers[:, ::-1], plan.vectors)
    assert wrong == ["of 20 answers 20 have a nearer neighbour behind a farther one"]
