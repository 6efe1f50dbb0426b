"""Where vectors come from: a seed, block by block and in any order, or a file that the user brought."""

import hashlib
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from storagebench.engines.vectordb.vector_files import VectorFile
from storagebench.errors import DatasetError
from storagebench.model import BLOCK_ROWS, Vectors

Rows = NDArray[np.float32]
"""Vectors, C-contiguous: shape (count, dimension)."""

BANK_ROWS = 4096
"""Rows of noise that are drawn once: full-dimensional noise for every vector would cost four times as much."""


class Source(Protocol):
    """Makes the vectors of a collection and the queries that are held out of it."""

    def block(self, number: int) -> Rows:
        """Return the vectors of a block."""
        ...

    def queries(self, count: int) -> Rows:
        """Return the first queries of the pool: from the same distribution, and none of the collection's vectors."""
        ...


def source_of(vectors: Vectors) -> Source:
    """Return the source of a collection's vectors.

    Raises:
        DatasetError: a file that the user brought cannot be read, or is not the one that was planned.
    """
    return _File(vectors) if vectors.distribution == "file" else _Seeded(vectors)


def unit(rows: Rows) -> Rows:
    """Scale vectors to length 1, as the metric COSINE has it.

    Raises:
        DatasetError: one has no direction.
    """
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
        raise DatasetError(
            f"vector {int(np.argmin(lengths))} is zero and has no direction: leave it out, or choose the metric L2"
        )
    return np.ascontiguousarray(rows / lengths, dtype=np.float32)


class _Seeded:
    """Vectors of a distribution: nothing depends on the number of ranks, the order of blocks or numpy's own state."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._draw = {"clustered": self._clustered, "uniform": self._uniform, "normal": self._normal}[
            vectors.distribution
        ]
        if vectors.distribution == "clustered":
            self._shape()

    def block(self, number: int) -> Rows:
        return self._rows("vectors", number, len(self._vectors.rows_of(number)))

    def queries(self, count: int) -> Rows:
        blocks = range(-(-count // BLOCK_ROWS))
        return np.concatenate(
            [self._rows("queries", block, min(BLOCK_ROWS, count - block * BLOCK_ROWS)) for block in blocks]
        )

    def _rows(self, stream: str, block: int, count: int) -> Rows:
        """Draw a whole block and cut it: a vector must not depend on how many come after it."""
        rows = np.ascontiguousarray(self._draw(generator(self._vectors.seed, stream, block), BLOCK_ROWS)[:count])
        return unit(rows) if self._vectors.metric == "COSINE" else rows

    def _shape(self) -> None:
        """Draw what all clustered vectors share: the subspace they vary in, the centres, the noise."""
        shape, drawn = self._vectors, generator(self._vectors.seed, "shape", 0)
        scale = np.float32(1 / np.sqrt(shape.latent))
        self._basis = drawn.standard_normal((shape.latent, shape.dimension), np.float32) * scale
        self._centres = drawn.standard_normal((shape.clusters, shape.latent), np.float32)
        weights = np.arange(1, shape.clusters + 1, dtype=np.float64) ** -0.7
        self._steps = np.cumsum(weights / weights.sum())
        self._bank = drawn.standard_normal((BANK_ROWS, shape.dimension), np.float32) * np.float32(shape.noise)

    def _clustered(self, drawn: np.random.Generator, count: int) -> Rows:
        shape = self._vectors
        cluster = np.searchsorted(self._steps, drawn.random(count)).clip(max=shape.clusters - 1)
        around = drawn.standard_normal((count, shape.latent), np.float32) * np.float32(shape.spread)
        rows: Rows = (self._centres[cluster] + around) @ self._basis
        rows += self._bank[drawn.integers(0, BANK_ROWS, count)]
        return rows

    def _uniform(self, drawn: np.random.Generator, count: int) -> Rows:
        return drawn.random((count, self._vectors.dimension), np.float32)

    def _normal(self, drawn: np.random.Generator, count: int) -> Rows:
        return drawn.standard_normal((count, self._vectors.dimension), np.float32)


class _File:
    """The first vectors of a file are the collection, those at its end the queries."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._file = VectorFile.open(vectors.file)
        if self._file.digest() != vectors.file_digest:
            raise DatasetError(f"{vectors.file} has changed since the run was planned; plan it again")

    def block(self, number: int) -> Rows:
        rows = self._vectors.rows_of(number)
        return self._read(rows.start, rows.stop)

    def queries(self, count: int) -> Rows:
        return self._read(self._file.count - count, self._file.count)

    def _read(self, start: int, stop: int) -> Rows:
        rows = self._file.rows(start, stop)
        if not np.isfinite(rows).all():
            bad = start + int(np.argmin(np.isfinite(rows).all(axis=1)))
            raise DatasetError(f"{self._vectors.file}: vector {bad} holds a number that is not finite; leave it out")
        return unit(rows) if self._vectors.metric == "COSINE" else rows


def generator(seed: int, stream: str, number: int) -> np.random.Generator:
    """Return a generator of its own for everything that is drawn: of a seed, a stream by name, and a number in it."""
    key = hashlib.sha256(f"{seed}/{stream}/{number}".encode()).digest()[:16]
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
