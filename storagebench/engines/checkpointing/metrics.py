"""The figures of a checkpointing run, made of what its ranks measured.

Editions 2.0 and 3.0 define them alike: a checkpoint takes as long as its slowest rank, its rate is its size by that
time, and the published rate is the mean of the rates (not the total by the total).
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storagebench.engines.checkpointing.outcome import RankResult, Transferred
from storagebench.units import GIB

SAVE, LOAD = "save", "load"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One save or one load by all ranks.

    `device_bytes` and `dirty_bytes` are sums over hosts, None unless every host could count; `resident_pages` are
    those that were in the page caches of the readers when the load began, of `pages` in all; `gib_per_s_of_host` has
    for each host the bytes of its ranks by the time of the slowest of them.
    """

    phase: str
    number: int
    checkpoint: int
    started_at: str
    ended_at: str
    duration_s: float
    bytes: int
    gib_per_s: float
    process_bytes: int
    device_bytes: int | None
    dirty_bytes: int | None
    cpu_s: float
    pages: int | None
    resident_pages: int | None
    gib_per_s_of_host: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseFigures:
    """A series of saves or of loads in one line; deviations are those of a population, as upstream has them."""

    gib_per_s: float
    gib_per_s_stdev: float
    duration_s: float
    duration_s_stdev: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Everything that is reported of an invocation; a phase that it has not is None."""

    checkpoints: tuple[Checkpoint, ...]
    checkpoint_bytes: int
    save: PhaseFigures | None
    load: PhaseFigures | None

    def of(self, phase: str) -> tuple[Checkpoint, ...]:
        """Return the saves or the loads, in order."""
        return tuple(one for one in self.checkpoints if one.phase == phase)

    @property
    def save_to_load_s(self) -> float | None:
        """Seconds from the end of the last save to the start of the first load, within one invocation."""
        saves, loads = self.of(SAVE), self.of(LOAD)
        if not saves or not loads:
            return None
        return (
            datetime.fromisoformat(loads[0].started_at) - datetime.fromisoformat(saves[-1].ended_at)
        ).total_seconds()


def measure(ranks: Sequence[RankResult]) -> Metrics:
    """Make the figures of all ranks, which have made as many checkpoints each."""
    saves = [_checkpoint(SAVE, ranks, [rank.saves[i] for rank in ranks]) for i in range(len(ranks[0].saves))]
    loads = [_checkpoint(LOAD, ranks, [rank.loads[i] for rank in ranks]) for i in range(len(ranks[0].loads))]
    both = (*saves, *loads)
    return Metrics(
        checkpoints=both, checkpoint_bytes=both[0].bytes if both else 0, save=_figures(saves), load=_figures(loads)
    )


def _checkpoint(phase: str, ranks: Sequence[RankResult], parts: Sequence[Transferred]) -> Checkpoint:
    size, slowest = sum(part.bytes for part in parts), max(part.duration_s for part in parts)
    counting = [part for rank, part in zip(ranks, parts, strict=True) if rank.local_rank == 0]
    cold = [part.residency for part in parts if part.residency is not None]
    return Checkpoint(
        phase=phase,
        number=parts[0].number,
        checkpoint=parts[0].checkpoint,
        started_at=min(part.started_at for part in parts),
        ended_at=max(part.ended_at for part in parts),
        duration_s=slowest,
        bytes=size,
        gib_per_s=size / slowest / GIB,
        process_bytes=sum(part.process_bytes for part in parts),
        device_bytes=_sum(part.device_bytes for part in counting),
        dirty_bytes=_sum(part.dirty_bytes for part in counting),
        cpu_s=sum(part.cpu_s for part in parts),
        pages=sum(one.pages for one in cold) if cold else None,
        resident_pages=sum(one.after for one in cold) if cold else None,
        gib_per_s_of_host=_by_host(ranks, parts),
    )


def _by_host(ranks: Sequence[RankResult], parts: Sequence[Transferred]) -> dict[str, float]:
    hosts: dict[str, list[Transferred]] = {}
    for rank, part in zip(ranks, parts, strict=True):
        hosts.setdefault(rank.hostname, []).append(part)
    return {
        host: sum(part.bytes for part in own) / max(part.duration_s for part in own) / GIB
        for host, own in hosts.items()
    }


def _figures(series: Sequence[Checkpoint]) -> PhaseFigures | None:
    if not series:
        return None
    rates, durations = [one.gib_per_s for one in series], [one.duration_s for one in series]
    return PhaseFigures(
        gib_per_s=statistics.fmean(rates),
        gib_per_s_stdev=statistics.pstdev(rates),
        duration_s=statistics.fmean(durations),
        duration_s_stdev=statistics.pstdev(durations),
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    """Add up what every host counted; None when one could not."""
    known = list(counts)
    return None if not known or None in known else sum(count for count in known if count is not None)
