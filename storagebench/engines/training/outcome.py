"""What a training run returns: the raw times and counters of every rank, from which all figures are computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheDrop:
    """How a rank put its share of the dataset out of the page cache, and how far that went.

    `resident_*_pages` count pages of the sampled files in memory before and after; `written_back` says that a
    second pass was needed, since pages that are still to be written cannot be dropped; `refused_files` counts
    files whose filesystem does not take the advice.
    """

    files: int
    bytes: int
    refused_files: int
    sampled_files: int
    sampled_pages: int
    resident_before_pages: int
    resident_after_pages: int
    written_back: bool
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointResult:
    """One checkpoint, written by rank 0 between two epochs; stamps are local time without zone."""

    epoch: int
    bytes: int
    started_at: str
    ended_at: str
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochResult:
    """One epoch of one rank.

    Lists have one entry for each step, in seconds: `load_s` is the wait for the batch, `compute_s` the simulated
    compute as it lasted, `nominal_compute_s` as it should have lasted, `processed_s` both waits together;
    the barrier after the step is in none of them, but in `block_s`. Stamps are local time without zone, as
    upstream writes them. `requested_bytes` is what the samples read took up in their files;
    `process_read_bytes` is what this process made the kernel fetch from storage; `device_read_bytes` is what
    the device below the dataset read, counted by one rank of each host, None on all others.
    """

    epoch: int
    started_at: str
    block_started_at: str
    block_ended_at: str
    ended_at: str
    block_s: float
    load_s: tuple[float, ...]
    compute_s: tuple[float, ...]
    nominal_compute_s: tuple[float, ...]
    processed_s: tuple[float, ...]
    samples: int
    requested_bytes: int
    process_read_bytes: int
    device_read_bytes: int | None
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankResult:
    """Everything one rank has to tell; `device` is None where no device can be told, for `device_reason`."""

    rank: int
    local_rank: int
    hostname: str
    epochs: tuple[EpochResult, ...]
    checkpoints: tuple[CheckpointResult, ...]
    cache_drop: CacheDrop | None
    device: str | None
    device_reason: str | None
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A finished run; stamps are local time without zone and include the start of the ranks.

    `engine_detail` says what its version does not, `files` are texts of the engine's own to be kept, by name.
    """

    engine: str
    engine_version: str
    started_at: str
    ended_at: str
    ranks: tuple[RankResult, ...]
    engine_detail: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
