"""A database that does nothing: what a run measures of it is the harness itself."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from storagebench import __version__
from storagebench.engines.vectordb.backend import Stats, Target
from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Ids
from storagebench.model import DATABASES


class NullSearcher:
    """Answers every query with the ids 0 to k - 1."""

    def __init__(self) -> None:
        self._answer: Ids = np.zeros((0, 0), np.int64)

    def search(self, queries: Rows, k: int, effort: int) -> Ids:
        """Return the same array each time."""
        if self._answer.shape != (len(queries), k):
            self._answer = np.tile(np.arange(k, dtype=np.int64), (len(queries), 1))
        return self._answer

    def close(self) -> None:
        """Hold nothing."""


class NullSession:
    """Remembers a label in its folder, and nothing else."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._label = Path(target.folder, "null.json")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def label(self) -> str | None:
        """Return what was sealed."""
        return self._label.read_text(encoding="utf-8") if self._label.exists() else None

    def create(self) -> None:
        """Make the folder."""
        self._label.parent.mkdir(parents=True, exist_ok=True)

    def load(self, first_id: int, rows: Rows) -> None:
        """Drop the vectors."""

    def build(self) -> Mapping[str, Any]:
        """Build nothing."""
        return {}

    def settle(self, deadline_s: float) -> None:
        """Be at rest."""

    def seal(self, label: str) -> None:
        """Keep the label."""
        self._label.write_text(label, encoding="utf-8")

    def searcher(self) -> NullSearcher:
        """Return a searcher."""
        return NullSearcher()

    def fetch(self, ids: Ids) -> Rows:
        """Return zeros."""
        return np.zeros((len(ids), self._target.dimension), np.float32)

    def stats(self) -> Stats:
        """Hold nothing."""
        return Stats(rows=0, disk_bytes=0, resident_bytes=0, asked_bytes=0)

    def evict(self) -> str:
        """Have no caches."""
        return ""

    def data_paths(self) -> tuple[str, ...]:
        """Read no files."""
        return ()

    def pids(self) -> tuple[int, ...]:
        """Live in the process that searches."""
        return ()

    def drop(self) -> None:
        """Forget the label."""
        self._label.unlink(missing_ok=True)


class Null:
    """The null database."""

    name = "null"
    capabilities = DATABASES["null"]

    def version(self, dsn: str) -> str:
        """Return the version of this project."""
        return __version__

    def connect(self, target: Target) -> NullSession:
        """Open a session."""
        return NullSession(target)


BACKEND = Null()
