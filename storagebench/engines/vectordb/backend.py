"""What a database must be able to do to be measured; one conformance test holds all of them to it.

A `Session` is opened by every rank for itself and shares nothing with others but the collection. Searching goes through
a `Searcher`, of which each rank has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Ids
from storagebench.errors import EngineError
from storagebench.model import Database


class RequestError(EngineError):
    """One request failed; the database may well answer the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The collection that a session is about; `folder` is its own on the storage under test."""

    name: str
    folder: str
    dsn: str
    rows: int
    dimension: int
    metric: str
    index: str
    parameters: Mapping[str, Any]
    shards: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What a database says of a collection; None where it does not say.

    `asked_bytes` is what searching asked of its files since the database began to count, served by a cache or not.
    """

    rows: int
    disk_bytes: int | None = None
    resident_bytes: int | None = None
    asked_bytes: int | None = None


class Searcher(Protocol):
    """Answers queries; for one thread of one process."""

    def search(self, queries: Rows, k: int, effort: int) -> Ids:
        """Answer a request: ids, best first, shape (queries, k); -1 where fewer were found. The array is the caller's.

        Raises:
            RequestError: this request failed.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Session(Protocol):
    """A database with one collection in mind."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def label(self) -> str | None:
        """Return what `seal` wrote, "" for a collection that was not sealed, None where there is none."""
        ...

    def create(self) -> None:
        """Make the collection.

        Raises:
            DatasetError: there is one of that name; it is never replaced in silence.
        """
        ...

    def load(self, first_id: int, rows: Rows) -> None:
        """Insert vectors with consecutive ids.

        Raises:
            DatasetError: any of them was refused.
        """
        ...

    def build(self) -> Mapping[str, Any]:
        """Build the index; return its parameters as read back from the database, not as they were asked for.

        Raises:
            DatasetError: it cannot be built.
        """
        ...

    def settle(self, deadline_s: float) -> None:
        """Wait until the index covers every row and nothing works in the background.

        Raises:
            DatasetError: it does not come to rest in time.
        """
        ...

    def seal(self, label: str) -> None:
        """Keep a label with the collection: it is whole from here on."""
        ...

    def searcher(self) -> Searcher:
        """Open the collection for searching.

        Raises:
            DatasetError: it is damaged.
        """
        ...

    def fetch(self, ids: Ids) -> Rows:
        """Return vectors as the database holds them, in the order of `ids`."""
        ...

    def stats(self) -> Stats:
        """Say how large the collection is."""
        ...

    def evict(self) -> str:
        """Empty the database's own caches; say how, "" where it has none to empty."""
        ...

    def data_paths(self) -> tuple[str, ...]:
        """Return the files that searching reads; empty where they are out of sight."""
        ...

    def pids(self) -> tuple[int, ...]:
        """Return the processes of the database on this host, apart from the caller's."""
        ...

    def drop(self) -> None:
        """Remove the collection; nothing happens where there is none."""
        ...


class Backend(Protocol):
    """A database by its name in results trees."""

    name: str
    capabilities: Database

    def version(self, dsn: str) -> str:
        """Return the version of what answers.

        Raises:
            ClusterError: it is not installed, or nothing answers at the DSN; one sentence with what to do.
        """
        ...

    def connect(self, target: Target) -> Session:
        """Open a session.

        Raises:
            ClusterError: as `version`.
        """
        ...
