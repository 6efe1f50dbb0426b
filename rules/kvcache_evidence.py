"""What only this project's own runs tell of themselves: whether their figures can be believed."""

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from rules.registry import Breach, rule
from storagebench.model import Edition, Lands, Missing, Record

own = functools.partial(rule, "x", family="kv_cache", editions="3.0", warns=True)

TRIALS = "own.kv_cache.trials"


@rule("6.4.2", "x-kv-backend", family="kv_cache", editions="3.0")
def objects_are_files(record: Record, edition: Edition) -> Iterator[Breach]:
    """Objects are stored as files of a local or mounted filesystem.

    This project can also store them elsewhere (6.4.2 and 6.5.1 know files alone). Reads: own.kv_cache.backend.
    """
    if record.has("own.kv_cache.backend") and (backend := record.text("own.kv_cache.backend")) != "local":
        yield Breach(Lands.INVALID, f"backend {backend:.40}", "local")


@own("x-kv-steady")
def load_was_steady(record: Record, edition: Edition) -> Iterator[Breach]:
    """The bytes moved in ten slices of the window neither drift nor scatter.

    Reads: own.kv_cache.trials: steady.
    """
    if wild := [_name(trial) for trial in _trials(record) if trial.value("steady") is not True]:
        yield Breach(Lands.ADVICE, f"{', '.join(wild):.100}: not steady", "a longer warm-up, fill or window")


@own("x-kv-cold", numbers="least_from_storage")
def reads_came_from_the_storage(record: Record, edition: Edition) -> Iterator[Breach]:
    """What was read came from the storage, not from a page cache.

    Buffered reads ask the kernel to forget, and it need not. Reads: own.kv_cache.trials: io_path, cache_bypass_ratio.
    """
    for trial in _trials(record):
        ratio = trial.number("cache_bypass_ratio") if trial.has("cache_bypass_ratio") else 1.0
        if ratio < edition["kv_cache.least_from_storage"]:
            saw = f"{_name(trial)}: {100 * ratio:.0f} % of the bytes came from the storage ({trial.text('io_path')})"
            yield Breach(Lands.ADVICE, saw, "O_DIRECT, or a working set of three times the memory")


@own("x-kv-harness", numbers="least_headroom most_client_cpu")
def harness_was_no_bottleneck(record: Record, edition: Edition) -> Iterator[Breach]:
    """The client had processor and harness to spare.

    Reads: own.kv_cache.trials: harness_headroom, client_cpu_share; own.cluster_start.hosts: logical_cpus.
    """
    cores = (
        [host.get("logical_cpus", 1) for host in record.items("own.cluster_start.hosts")] if _trials(record) else [1]
    )
    for trial in _trials(record):
        headroom, cpu = trial.number("harness_headroom"), trial.number("client_cpu_share") / min(cores)
        if headroom < edition["kv_cache.least_headroom"] or cpu > edition["kv_cache.most_client_cpu"]:
            saw = (
                f"{_name(trial)}: harness {headroom:.1f} times as fast as the run, a client took {100 * cpu:.0f} % CPU"
            )
            yield Breach(Lands.ADVICE, saw, "a larger client, or more of them")


def _trials(record: Record) -> tuple[Record, ...]:
    if not record.has(TRIALS):
        return ()
    found: list[Any] = list(record.items(TRIALS))
    if not all(isinstance(trial, Mapping) for trial in found):
        raise Missing(TRIALS, "holds something else than trials")
    return tuple(Record(record.family, record.division, record.folder, trial) for trial in found)


def _name(trial: Record) -> str:
    return f"option {trial.count('option')} trial {trial.count('trial')}"
