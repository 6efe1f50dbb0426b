"""An exact scan of a file, past the page cache: its recall is 1, or something is wrong with the rest of the engine.

Also the plainest of storage loads: every request reads the whole collection from its beginning to its end.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from storagebench import __version__
from storagebench.engines.storage.buffers import BLOCK_BYTES
from storagebench.engines.vectordb.backend import Searcher, Stats, Target
from storagebench.engines.vectordb.direct import DirectFile
from storagebench.engines.vectordb.folder import VectorFolder
from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Ids, similarities
from storagebench.errors import DatasetError
from storagebench.model import DATABASES
from storagebench.units import MIB

FILE = "vectors.f32"
CHUNK_BYTES = 4 * MIB


class VectorsFile(Protocol):
    """How the scan reads; what `read` returns is overwritten by the next read."""

    size_bytes: int

    def read(self, offset: int, length: int) -> memoryview:
        """Return bytes of the file."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class FlatSearcher:
    """Reads chunk after chunk, and keeps the k nearest."""

    def __init__(self, target: Target, file: VectorsFile) -> None:
        self._target = target
        self._file = file
        self._held = min(target.rows, file.size_bytes // (4 * target.dimension))
        self._rows = max(1, CHUNK_BYTES // (4 * target.dimension))

    def search(self, queries: Rows, k: int, effort: int) -> Ids:
        """Compare the queries with every vector that is there."""
        ids: Ids = np.empty((len(queries), 0), np.int64)
        near = np.empty((len(queries), 0), np.float32)
        for first in range(0, self._held, self._rows):
            rows = self.rows(first, min(self._rows, self._held - first))
            found = similarities(queries, rows, self._target.metric)
            numbers = np.broadcast_to(np.arange(first, first + len(rows)), found.shape)
            near, ids = np.concatenate([near, found], axis=1), np.concatenate([ids, numbers], axis=1)
            if near.shape[1] > k:
                kept = np.argpartition(near, -k, axis=1)[:, -k:]
                near, ids = np.take_along_axis(near, kept, 1), np.take_along_axis(ids, kept, 1)
        order = np.lexsort((ids, -near), axis=1)
        answer = np.full((len(queries), k), -1, np.int64)
        answer[:, : order.shape[1]] = np.take_along_axis(ids, order, 1)
        return answer

    def rows(self, first: int, count: int) -> Rows:
        """Read vectors; they are overwritten by the next ones."""
        width = 4 * self._target.dimension
        return np.frombuffer(self._file.read(first * width, count * width), np.float32).reshape(count, -1)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class FlatSession(VectorFolder):
    """One file of vectors."""

    def __init__(self, target: Target) -> None:
        super().__init__(target, vectors=FILE)

    def build(self) -> Mapping[str, Any]:
        """Need no index."""
        return {}

    def searcher(self) -> Searcher:
        """Open the file."""
        return self._opened()

    def fetch(self, ids: Ids) -> Rows:
        """Read vectors one by one."""
        searcher = self._opened()
        try:
            return np.concatenate([searcher.rows(int(one), 1).copy() for one in ids])
        finally:
            searcher.close()

    def stats(self) -> Stats:
        """Count rows by the length of the file.

        Raises:
            DatasetError: there is none.
        """
        try:
            size = (self.path / FILE).stat().st_size
        except OSError as error:
            raise DatasetError(f"{self.path / FILE}: {error.strerror}: --vdb-fresh loads it anew") from None
        return Stats(rows=size // self.row_bytes, disk_bytes=size, resident_bytes=0)

    def data_paths(self) -> tuple[str, ...]:
        """Return the file."""
        return (str(self.path / FILE),)

    def _opened(self) -> FlatSearcher:
        return FlatSearcher(self.target, self._file())

    def _file(self) -> VectorsFile:
        return DirectFile(self.path / FILE, CHUNK_BYTES + self.row_bytes + 2 * BLOCK_BYTES)


class Flat:
    """The exact scan."""

    name = "flat"
    capabilities = DATABASES["flat"]

    def version(self, dsn: str) -> str:
        """Return the version of this project."""
        return __version__

    def connect(self, target: Target) -> FlatSession:
        """Open a session."""
        return FlatSession(target)


BACKEND = Flat()
