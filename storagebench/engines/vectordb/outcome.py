"""What ranks report: of loading, of tuning, and of the window."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storagebench.engines.vectordb.recall import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A whole collection, as its label has it; `effective` is what the database says the index was built with."""

    fingerprint: str
    database: str
    database_version: str
    index: str
    rows: int
    dimension: int
    metric: str
    effective: Mapping[str, Any]
    ranks: int
    load_s: float
    build_s: float
    settle_s: float
    disk_bytes: int | None
    resident_bytes: int | None
    peak_memory_bytes: int
    started_at: str
    ended_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One value of the search parameter, and what it gave; `low` is two standard errors below the mean recall."""

    effort: int
    recall: float
    low: float
    latency_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """The least effort that reaches a recall, and the way to it; `reached` says whether there was one."""

    effort: int
    target: float
    reached: bool
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was read during the window: by this process, by the server's processes, by the device; None where unknown."""

    process_read_bytes: int
    server_read_bytes: int | None
    device_read_bytes: int | None
    device_reads: int | None
    device_written_bytes: int | None
    asked_bytes: int | None
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One window with some of the ranks; `started_s` is the rank's monotonic clock."""

    ranks: int
    started_s: float
    elapsed_s: float
    answered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RankSearch:
    """What one rank did in the window; latencies are of requests, as HdrHistograms.

    Attributes:
        steps: one window; more of them, with fewer ranks, where the mode is sweep.
        scores: the recall of every answer to a scored query.
        digests: of the first answer to each of `scores.queries`; ranks must agree.
        different_answers: later answers of this rank to a query that were not the first one's.
        problems: what no right database answers.
        harness_us: what the loop costs for a request that a database answers at once.
    """

    rank: int
    local_rank: int
    hostname: str
    steps: tuple[Step, ...]
    requests: int
    failed: int
    first_failure: str
    successes: str
    failures: str
    per_second: tuple[int, ...]
    scores: Scores
    digests: tuple[int, ...]
    different_answers: int
    problems: tuple[str, ...]
    counted: Counted
    harness_us: float
    device: str | None
    device_reason: str | None
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What rank 0 made sure of before the window.

    Attributes:
        regime: what was asked for.
        direct_files: of the files that searching reads, how many are open with O_DIRECT by this process.
        data_files: how many there are, 0 where they are out of sight.
        evicted: how the database's caches were emptied, "" where it has none.
        resident_share: of the data files in the page cache before the window; None where they are out of sight.
        limit_bytes: the limit of memory in the regime capped.
        quiet: the device had stopped writing.
        quiet_waited_s: the wait for it.
        written_mib_per_s: what it last wrote; None where it cannot be told.
        compared: vectors that were fetched and are, bit for bit, those of the plan.
        problems: what is wrong with the collection.
    """

    regime: str
    direct_files: int
    data_files: int
    evicted: str
    resident_share: float | None
    limit_bytes: int | None
    quiet: bool
    quiet_waited_s: float
    written_mib_per_s: float | None
    compared: int
    problems: tuple[str, ...]
