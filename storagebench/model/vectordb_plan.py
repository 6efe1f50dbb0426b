"""The plan of a vector-database run: which vectors, in which index, asked how."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from storagebench.model.plan import Plan
from storagebench.model.vectors import Vectors
from storagebench.serial import to_json

REGIMES = ("direct", "cold", "capped", "warm")
"""What may serve the queries: storage past every cache, caches emptied before the window, a share of memory, all of it."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index by the database's own name for it, and the parameters that it is built with."""

    database: str
    type: str
    parameters: Mapping[str, Any]
    shards: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How queries are asked.

    Attributes:
        k: neighbours asked for.
        batch: queries in a request.
        pool: held-out queries; none repeats before all of them were asked.
        scored: the first of the pool, whose neighbours are known exactly.
        tuning: those after them, by which the effort is found.
        effort: the search parameter (ef, search_list, probes); 0 to find the least that reaches `target_recall`.
        mode: timed, query_count or sweep.
        runtime_s: the window; that of the last step where the mode is sweep.
        queries: requests in all where the mode is query_count.
        warm_up_s: queries before the window, which count nowhere.
        rate: queries a second of an open loop, over all ranks; 0 for a closed one.
        quiet_s: how long to wait for the device to stop writing.
    """

    k: int
    batch: int
    pool: int
    scored: int
    tuning: int
    effort: int
    target_recall: float
    mode: str
    runtime_s: float
    queries: int
    warm_up_s: float
    rate: float
    quiet_s: float

    @property
    def known(self) -> int:
        """Queries whose neighbours are known exactly."""
        return min(self.pool, self.scored + self.tuning)


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorDatabasePlan(Plan):
    """A collection, its index, and a window of queries; `dsn` names the server of a database that has one."""

    storage_option: ClassVar[str] = "--data-dir"
    separation_rule: ClassVar[str] = "5.4.2"

    vectors: Vectors
    index: Index
    search: Search
    regime: str
    dsn: str
    fresh: bool
    data_dir: str

    @property
    def storage_dir(self) -> str:
        """The data directory: it holds an embedded database, and lies beside a server's data."""
        return self.data_dir

    @property
    def open_files_per_rank(self) -> int:
        """The files of an index, and the queries."""
        return 16

    @property
    def collection(self) -> str:
        """Name the collection after all that is in it: two that differ have two names."""
        index = {"vectors": self.vectors.fingerprint(), "index": to_json(self.index)}
        digest = hashlib.sha256(json.dumps(index, sort_keys=True).encode()).hexdigest()[:10]
        held = f"{self.vectors.num_vectors}x{self.vectors.dimension}_{self.vectors.distribution}"
        return f"sb_{held}_{self.index.type.lower()}_{digest}"

    @property
    def collection_dir(self) -> str:
        """The folder of an embedded collection; for every database, of the exact neighbours and what was tuned."""
        return f"{self.data_dir}/vectordb/{self.index.database}/{self.collection}"
