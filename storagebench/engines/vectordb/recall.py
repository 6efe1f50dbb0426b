"""Recall of answers against exact neighbours, over every answer that was given, not over the first to each query."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storagebench.engines.vectordb.truth import Ids, Truth

TIE = 1e-6
"""An answer as near as the k-th neighbour, but for rounding, is as good as it."""

RESAMPLES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Recall@k of all scored answers; the interval is of the mean, by resampling queries (95 %)."""

    k: int
    answers: int
    queries: int
    mean: float
    exact_mean: float
    low: float
    high: float
    minimum: float
    p5: float
    median: float
    zero_share: float
    per_query: tuple[float, ...]


def hits(answers: Ids, queries: NDArray[np.int64], truth: Truth, k: int, *, ties: bool = True) -> NDArray[np.float64]:
    """Return the recall of each answer, shape (answers,): the share of its k neighbours that are right.

    Args:
        answers: ids, shape (answers, k); -1 where nothing was found.
        queries: which query each answers, a row of `truth`.
        truth: the exact neighbours.
        k: neighbours asked for.
        ties: whether a vector as near as the k-th counts as right; without it only the k of the truth do.
    """
    k = min(k, truth.ids.shape[1])
    right = np.zeros(len(answers))
    as_near = truth.similarities >= truth.similarities[:, k - 1 : k] - TIE
    wanted = as_near if ties else np.zeros_like(as_near)
    wanted[:, :k] = True
    for place in range(min(k, answers.shape[1])):
        given = answers[:, place : place + 1]
        fresh = ~(answers[:, :place] == given).any(axis=1)
        right += ((truth.ids[queries] == given) & wanted[queries]).any(axis=1) & fresh
    return np.minimum(right / k, 1.0)


@dataclass(frozen=True, slots=True)
class Scores:
    """Of each scored query that was asked: how many answers, and their recall added up, ties counted and not."""

    queries: tuple[int, ...]
    answers: tuple[int, ...]
    recall: tuple[float, ...]
    exact: tuple[float, ...]


def scores_of(answers: Ids, queries: NDArray[np.int64], truth: Truth, k: int) -> Scores:
    """Score answers; `queries` are rows of the truth."""
    asked, place = np.unique(queries, return_inverse=True)
    sums = [np.bincount(place, hits(answers, queries, truth, k, ties=ties), len(asked)) for ties in (True, False)]
    counts = np.bincount(place, minlength=len(asked))
    return Scores(tuple(asked.tolist()), tuple(counts.tolist()), tuple(sums[0].tolist()), tuple(sums[1].tolist()))


def recall_of(scores: Iterable[Scores], k: int) -> Recall:
    """Sum up the scores of all ranks; the mean is over answers, the spread over queries.

    Raises:
        ValueError: no scored query was answered.
    """
    rows = [row for one in scores for row in zip(one.queries, one.answers, one.recall, one.exact, strict=True)]
    if not rows:
        raise ValueError("no scored query was answered")
    table = np.array(rows)
    asked, place = np.unique(table[:, 0], return_inverse=True)
    counts, sums, exact = (np.bincount(place, table[:, column]) for column in (1, 2, 3))
    means = sums / counts
    low, high = _interval(sums, counts)
    return Recall(
        k=k,
        answers=int(counts.sum()),
        queries=len(asked),
        mean=float(sums.sum() / counts.sum()),
        exact_mean=float(exact.sum() / counts.sum()),
        low=low,
        high=high,
        minimum=float(means.min()),
        p5=float(np.percentile(means, 5)),
        median=float(np.median(means)),
        zero_share=float(np.mean(means == 0)),
        per_query=tuple(round(float(mean), 6) for mean in means),
    )


def _interval(sums: NDArray[Any], counts: NDArray[Any]) -> tuple[float, float]:
    """Return the 95 % interval of the mean: queries are what varies, answers to one of them hardly differ."""
    drawn = np.random.Generator(np.random.PCG64(len(sums)))
    chosen = drawn.integers(0, len(sums), (RESAMPLES, len(sums)))
    low, high = np.percentile(sums[chosen].sum(axis=1) / counts[chosen].sum(axis=1), [2.5, 97.5])
    return float(low), float(high)
