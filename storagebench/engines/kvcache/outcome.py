"""What a trial returns: the figures of every client, small enough to send and complete enough to merge."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One trial of one Option, as its ranks are told of it; `token` names this run's objects and nobody else's."""

    number: int
    seed: int
    token: str
    cache_dir: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientResult:
    """One rank of one trial.

    Counts are of operations that ended inside the window, each verified; `credit_*_bytes` is what the window would have
    if operations at its edges counted in proportion. `seconds_*_bytes` and `slices_bytes` split the window. Histograms
    are encoded (see `histogram`). `barrier_s` bounds how far apart the ranks' windows are. Bytes of process and device
    are those of the window; None where no device can be told, for `device_reason`. `null_operations_per_s` is what the
    harness does with a storage that takes no time. `stored_objects` is how many there
    were at the end, `peak_bytes` the most that the plan ever holds, `peak_stored_bytes` the most that was really held.
    """

    rank: int
    local_rank: int
    hostname: str
    seed: int
    trace_sha256: str
    io_path: str
    window_s: float
    barrier_s: float
    operations: Mapping[str, int]
    read_bytes: int
    written_bytes: int
    credit_read_bytes: float
    credit_written_bytes: float
    ended_after_window: int
    failed: int
    restored_tokens: int
    requests: int
    input_tokens: int
    output_tokens: int
    looked_up: int
    planned_hits: int
    observed_hits: int
    seconds_read_bytes: tuple[float, ...]
    seconds_written_bytes: tuple[float, ...]
    slices_bytes: tuple[float, ...]
    histograms: Mapping[str, str]
    request_storage_s: float
    stored_objects: int
    peak_bytes: int
    peak_stored_bytes: int
    fill_bytes: int
    fill_s: float
    cpu_s: float
    run_queue_s: float
    null_operations_per_s: float
    process_read_bytes: int
    process_written_bytes: int
    device_read_bytes: int | None
    device_written_bytes: int | None
    device: str | None
    device_reason: str | None
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """One trial of one Option; stamps are local time without zone, as upstream writes them."""

    option: int
    number: int
    rate: float
    started_at: str
    ended_at: str
    clients: tuple[ClientResult, ...]
