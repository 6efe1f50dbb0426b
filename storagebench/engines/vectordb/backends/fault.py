"""A database that lies, for tests: an exact scan whose answers are spoilt in the way that the index type names.

TWICE (a vector is named twice), REVERSED (farthest first), ZEROS (id 0 for everything), FEW (one neighbour is missing),
BEYOND (an id that is not in the collection), FARTHEST (in order, but the wrong end of it), REFUSING (every other request
fails). CACHED is honest, but reads through the page cache, and counts what it asks of it.
"""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from storagebench import __version__
from storagebench.engines.vectordb.backend import RequestError, Searcher, Stats, Target
from storagebench.engines.vectordb.backends.flat import FILE, FlatSession, VectorsFile
from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Ids
from storagebench.model import DATABASES

Lie = Callable[[Ids, int], Ids]
"""Spoils right answers, in place or not; the number is the size of the collection."""


def _twice(answers: Ids, rows: int) -> Ids:
    answers[:, 1:2] = answers[:, :1]
    return answers


def _few(answers: Ids, rows: int) -> Ids:
    answers[:, -1] = -1
    return answers


def _beyond(answers: Ids, rows: int) -> Ids:
    answers[:, -1] = rows
    return answers


SPOILT: dict[str, Lie] = {
    "TWICE": _twice,
    "REVERSED": lambda answers, _: answers[:, ::-1],
    "ZEROS": lambda answers, _: np.zeros_like(answers),
    "FEW": _few,
    "BEYOND": _beyond,
    "FARTHEST": lambda answers, _: answers,
    "CACHED": lambda answers, _: answers,
    "REFUSING": lambda answers, _: answers,
}


class FaultSearcher:
    """An honest searcher behind a liar."""

    def __init__(self, honest: Searcher, target: Target) -> None:
        self._honest = honest
        self._target = target
        self._lie = SPOILT[target.index]
        self._requests = itertools.count()

    def search(self, queries: Rows, k: int, effort: int) -> Ids:
        """Find the right answer, and give another one."""
        number = next(self._requests)
        if self._target.index == "REFUSING" and number % 2:
            raise RequestError("the database is too busy")
        asked = -queries if self._target.index == "FARTHEST" else queries
        return self._lie(self._honest.search(asked, k, effort), self._target.rows)

    def close(self) -> None:
        """Close the honest one."""
        self._honest.close()


class CachedFile:
    """A file read through the page cache."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.size_bytes = path.stat().st_size
        self.asked_bytes = 0

    def read(self, offset: int, length: int) -> memoryview:
        """Return bytes of the file."""
        self.asked_bytes += length
        self._file.seek(offset)
        return memoryview(self._file.read(length))

    def close(self) -> None:
        """Close it."""
        self._file.close()


class FaultSession(FlatSession):
    """A collection that is as it should be."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._cached: list[CachedFile] = []

    def searcher(self) -> Searcher:
        """Open the file."""
        return FaultSearcher(super().searcher(), self.target)

    def stats(self) -> Stats:
        """Say what was asked of the page cache as well."""
        asked = sum(file.asked_bytes for file in self._cached) if self.target.index == "CACHED" else None
        return replace(super().stats(), asked_bytes=asked)

    def _file(self) -> VectorsFile:
        if self.target.index != "CACHED":
            return super()._file()
        self._cached.append(CachedFile(self.path / FILE))
        return self._cached[-1]


class Fault:
    """The liar."""

    name = "fault"
    capabilities = DATABASES["fault"]

    def version(self, dsn: str) -> str:
        """Return the version of this project."""
        return __version__

    def connect(self, target: Target) -> FaultSession:
        """Open a session."""
        return FaultSession(target)


BACKEND = Fault()
