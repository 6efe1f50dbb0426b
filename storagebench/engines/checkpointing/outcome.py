"""What a checkpointing run returns: the raw times and counters of every rank, from which all figures are computed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Residency:
    """How far a rank's files were in the page cache of its host before they were read, counted with mincore(2).

    Pages before and after the engine asked the kernel to drop them; `refused_files` did not take the advice.
    """

    pages: int
    before: int
    after: int
    refused_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """One save or one load by one rank; stamps are local time without zone, as upstream writes them.

    `duration_s` is the rank's own, from the barrier before to its last byte (and with rank_sync to the barrier
    after). `process_bytes` is what this process made the kernel move to or from storage, `device_bytes` what the
    device below the folder moved meanwhile, `dirty_bytes` what its host still had to write when the save was over
    (dirty and under writeback, /proc/meminfo, for a load: None). The latter two are counted by one rank of each
    host, None on all others.
    """

    number: int
    checkpoint: int
    started_at: str
    ended_at: str
    duration_s: float
    bytes: int
    process_bytes: int
    device_bytes: int | None
    dirty_bytes: int | None
    cpu_s: float
    residency: Residency | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankResult:
    """Everything one rank has to tell; `reads_rank` is the rank whose files it loads, which recovery shifts."""

    rank: int
    local_rank: int
    hostname: str
    reads_rank: int
    saves: tuple[Transferred, ...]
    loads: tuple[Transferred, ...]
    device: str | None
    device_reason: str | None
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A finished invocation; stamps are local time without zone and include the start of the ranks."""

    engine: str
    engine_version: str
    started_at: str
    ended_at: str
    ranks: tuple[RankResult, ...]
