"""How hard a collection is to search, told from exact neighbours: without it a recall says little."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Truth

Doubles = NDArray[np.float64]
TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Difficulty:
    """Means over queries.

    Attributes:
        contrast: distance of a random vector over that of the nearest; near 1, neighbours are chance.
        local_dimension: the local intrinsic dimension (Levina and Bickel 2004) by the hundred nearest.
        gap: by how much of its distance the eleventh neighbour is farther than the tenth.
        k_distance: distance of the tenth neighbour.
    """

    contrast: float
    local_dimension: float
    gap: float
    k_distance: float


def difficulty(truth: Truth, queries: Rows, sample: Rows, metric: str) -> Difficulty | None:
    """Measure by exact neighbours and a sample of the collection; None where there are too few vectors to tell."""
    if truth.ids.shape[1] < 11 or len(sample) < 2:
        return None
    queries = queries[: len(truth.ids)]
    near = _distances(truth.similarities.astype(np.float64), queries, metric)
    squares = np.einsum("ij,ij->i", sample, sample)
    products = (queries @ sample.T).astype(np.float64)
    far = 2 * products - squares if metric == "L2" else products
    random = _distances(far, queries, metric).mean(axis=1)
    radius = near[:, -1:]
    ratios = np.log(radius / near[:, :-1]).mean(axis=1)
    return Difficulty(
        contrast=float(np.mean(random / near[:, 0])),
        local_dimension=float(np.mean(1 / np.maximum(ratios, TINY))),
        gap=float(np.mean((near[:, 10] - near[:, 9]) / near[:, 9])),
        k_distance=float(near[:, 9].mean()),
    )


def _distances(near: Doubles, queries: Rows, metric: str) -> Doubles:
    """Turn similarities into Euclidean distances; for IP into what is missing from the best, which orders alike."""
    if metric == "COSINE":
        missing = 2 - 2 * near
    elif metric == "L2":
        missing = np.einsum("ij,ij->i", queries, queries).astype(np.float64)[:, np.newaxis] - near
    else:
        missing = (near.max() - near) ** 2
    distances: Doubles = np.sqrt(np.maximum(missing, TINY**2))
    return distances
