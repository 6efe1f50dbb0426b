"""Recall over every answer, with ties, an interval, and no credit for naming a vector twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.vectordb.recall import Scores, hits, recall_of, scores_of
from storagebench.engines.vectordb.truth import Truth

TRUTH = Truth(
    np.array([[1, 2, 3, 4], [5, 6, 7, 8]]), np.array([[0.9, 0.8, 0.7, 0.7], [0.9, 0.8, 0.7, 0.6]], np.float32)
)


def recall(answer, query=0, *, ties=True):
    return hits(np.array([answer]), np.array([query]), TRUTH, 3, ties=ties)[0]


@pytest.mark.parametrize(
    ("answer", "share"),
    [([1, 2, 3], 1), ([3, 1, 2], 1), ([1, 2, 9], 2 / 3), ([1, 1, 1], 1 / 3), ([0, 0, 0], 0), ([-1, -1, -1], 0)],
)
def test_each_right_neighbour_counts_once(answer, share):
    assert recall(answer) == pytest.approx(share)


def test_a_vector_as_near_as_the_last_is_as_good_and_the_exact_set_says_otherwise():
    assert recall([1, 2, 4]) == 1
    assert recall([1, 2, 4], ties=False) == pytest.approx(2 / 3)
    assert recall([5, 6, 8], query=1) == pytest.approx(2 / 3)


def test_more_ties_than_places_are_no_more_than_one():
    assert hits(np.array([[1, 2, 3, 4]]), np.array([0]), TRUTH, 3)[0] == 1


def test_all_answers_count_not_only_the_first_to_a_query():
    scores = scores_of(np.array([[1, 2, 3], [0, 0, 0], [5, 6, 7]]), np.array([0, 0, 1]), TRUTH, 3)
    assert scores == Scores((0, 1), (2, 1), (1.0, 1.0), (1.0, 1.0))
    whole = recall_of([scores], 3)
    assert whole.mean == pytest.approx(2 / 3)
    assert (whole.answers, whole.queries, whole.minimum, whole.zero_share) == (3, 2, 0.5, 0)


def test_ranks_are_joined_exactly():
    apart = [Scores((0, 3), (1, 2), (1.0, 1.0), (1.0, 0.8)), Scores((3,), (2,), (2.0,), (2.0,))]
    whole = recall_of(apart, 10)
    assert whole.mean == pytest.approx(4 / 5)
    assert whole.exact_mean == pytest.approx(3.8 / 5)
    assert whole.per_query == (1.0, 0.75)


def test_no_answer_has_no_recall():
    with pytest.raises(ValueError, match="no scored query"):
        recall_of([Scores((), (), (), ())], 10)


@given(st.lists(st.lists(st.integers(0, 30), min_size=10, max_size=10), min_size=1, max_size=20), st.integers(1, 10))
def test_it_is_what_sets_say(answers, k):
    drawn = np.random.default_rng(1)
    ids = np.array([drawn.permutation(31)[:20] for _ in answers])
    near = np.sort(drawn.random(ids.shape).astype(np.float32), axis=1)[:, ::-1]
    found = hits(np.array(answers)[:, :k], np.arange(len(answers)), Truth(ids, near), k, ties=False)
    expected = [len(set(answer[:k]) & set(right[:k].tolist())) / k for answer, right in zip(answers, ids, strict=True)]
    assert found == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=50))
def test_the_interval_holds_the_mean(shares):
    scores = Scores(tuple(range(len(shares))), (1,) * len(shares), tuple(shares), tuple(shares))
    whole = recall_of([scores], 10)
    assert whole.low - 1e-9 <= whole.mean <= whole.high + 1e-9
