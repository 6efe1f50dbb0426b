"""Exact neighbours, found block by block while the vectors are made: no second copy of a collection is needed.

float32 products of float32 vectors; against float64 they give the same ten neighbours (tests hold them to it).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storagebench.engines.vectordb.source import Rows
from storagebench.errors import DatasetError
from storagebench.model import BLOCK_ROWS, DEPTH, FLOAT_BYTES, TILE_BYTES

Ids = NDArray[np.int64]
Similarities = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Truth:
    """Of every query the nearest vectors, best first: ids and similarities, shape (queries, depth)."""

    ids: Ids
    similarities: Similarities

    def save(self, path: Path) -> None:
        """Write it under a temporary name and rename it."""
        part = path.with_name(f".{path.name}.part")
        with part.open("wb") as sink:
            np.savez(sink, ids=self.ids, similarities=self.similarities)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Truth":
        """Read what `save` wrote.

        Raises:
            DatasetError: the file is missing or damaged.
        """
        try:
            with np.load(path) as held:
                return cls(held["ids"], held["similarities"])
        except (OSError, ValueError, KeyError) as error:
            raise DatasetError(
                f"{path} holds no exact neighbours ({error}): delete it to have them found again"
            ) from None


class Seeker:
    """Finds the neighbours of some queries among all vectors that are shown to it, in any order."""

    def __init__(self, queries: Rows, metric: str) -> None:
        self._queries = queries
        self._metric = metric
        self._ids: Ids = np.empty((len(queries), 0), np.int64)
        self._similarities: Similarities = np.empty((len(queries), 0), np.float32)
        self._at_once = max(1, TILE_BYTES // (FLOAT_BYTES * BLOCK_ROWS))

    def add(self, first_id: int, rows: Rows) -> None:
        """Compare all queries with these vectors, whose ids begin at `first_id`."""
        found = [self._best(tile, first_id, rows) for tile in self._tiles()]
        self.merge(Truth(np.concatenate([ids for ids, _ in found]), np.concatenate([near for _, near in found])))

    def merge(self, other: Truth) -> None:
        """Take in what another seeker found among other vectors."""
        self._ids, self._similarities = best(
            np.concatenate([self._ids, other.ids], axis=1),
            np.concatenate([self._similarities, other.similarities], axis=1),
        )

    def truth(self) -> Truth:
        """Return what was found so far."""
        return Truth(self._ids, self._similarities)

    def _tiles(self) -> list[Rows]:
        return [self._queries[at : at + self._at_once] for at in range(0, len(self._queries), self._at_once)]

    def _best(self, tile: Rows, first_id: int, rows: Rows) -> tuple[Ids, Similarities]:
        near = similarities(tile, rows, self._metric)
        kept = min(DEPTH, len(rows))
        place = np.argpartition(near, len(rows) - kept, axis=1)[:, len(rows) - kept :]
        return place.astype(np.int64) + first_id, np.take_along_axis(near, place, axis=1)


def similarities(queries: Rows, rows: Rows, metric: str) -> Similarities:
    """Return how near each vector is to each query: larger is nearer, shape (queries, vectors).

    The inner product; for L2 the negative squared distance, without the part that is the same for all vectors.
    """
    near: Similarities = queries @ rows.T
    if metric == "L2":
        near *= 2
        near -= np.einsum("ij,ij->i", rows, rows)
    return near


def best(ids: Ids, near: Similarities) -> tuple[Ids, Similarities]:
    """Keep the nearest of each query, best first; of equals the smaller id comes first, so that no order of blocks shows."""
    order = np.lexsort((ids, -near), axis=1)[:, :DEPTH]
    return np.take_along_axis(ids, order, axis=1), np.take_along_axis(near, order, axis=1)
