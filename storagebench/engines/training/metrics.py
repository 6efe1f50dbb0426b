"""AU, throughput and bytes of a training run, by the named definition of an edition; pure arithmetic.

The three releases of DLIO behind the three editions count differently. With n steps of B samples in a block (on one
rank), of which the first, being the only one that cannot be prefetched, is left out of the window:

================== ================================== ============================ ================
definition         AU                                 samples/s                    edition, source
================== ================================== ============================ ================
``dlio-2.0.0``     nominal compute of 2..n / window   n × B / whole block          1.0, PyPI 2.0.0
``dlio-mlperf-2.0`` measured compute of 2..n / window (n - 2) × B / window         2.0, its branch
``dlio-3.0``       measured compute of 2..n / window  (n - 1) × B / window         3.0, its fork
================== ================================== ============================ ================

The window is the block's wall time less the time of step 1. Edition 2.0 drops one step too many from its samples
(a known flaw, kept here since its results have it). An epoch's AU is the mean over ranks, its throughput the sum;
a run has the mean and the population standard deviation over epochs (DLIO, `utils/statscounter.py`).
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from storagebench.engines.training.outcome import EpochResult, RankResult
from storagebench.model import TrainingPlan
from storagebench.units import MIB

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Definition:
    """How AU and throughput are counted; `uncounted_steps` is taken from the steps behind the samples."""

    nominal_compute: bool
    whole_block: bool
    uncounted_steps: int

    def compute_s(self, epoch: EpochResult) -> tuple[float, ...]:
        """Return the compute of each step that AU is made of, in seconds."""
        return epoch.nominal_compute_s if self.nominal_compute else epoch.compute_s

    def au_percent(self, epoch: EpochResult) -> float | None:
        """Return a rank's AU in one epoch; None when there is no window, as with a single step."""
        window_s = epoch.block_s - epoch.processed_s[0]
        if len(epoch.processed_s) == 1 or window_s <= 0:
            return None
        return 100 * sum(self.compute_s(epoch)[1:]) / window_s

    def samples_per_s(self, epoch: EpochResult) -> float | None:
        """Return a rank's throughput in one epoch; None when the definition counts no step."""
        steps = len(epoch.processed_s)
        duration_s = epoch.block_s - (0 if self.whole_block else epoch.processed_s[0])
        counted = steps - self.uncounted_steps
        if counted <= 0 or duration_s <= 0:
            return None
        return counted * epoch.samples / steps / duration_s


DEFINITIONS = {
    "dlio-2.0.0": Definition(nominal_compute=True, whole_block=True, uncounted_steps=0),
    "dlio-mlperf-2.0": Definition(nominal_compute=False, whole_block=False, uncounted_steps=2),
    "dlio-3.0": Definition(nominal_compute=False, whole_block=False, uncounted_steps=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochMetrics:
    """One epoch of all ranks.

    Bytes: `nominal` is samples × record length, as the rules count; `requested` what those samples take up in their
    files; `process` what the ranks made the kernel fetch; `device` what the devices read, None if any host cannot
    tell. `device_to_nominal` far below 1 means that memory, not storage, served the epoch. Rates in MiB/s: the
    nominal one follows the definition's samples/s, the others are bytes over the slowest rank's block.
    """

    epoch: int
    au_percent: float | None
    samples_per_s: float | None
    block_s: float
    nominal_bytes: float
    requested_bytes: int
    process_read_bytes: int
    device_read_bytes: int | None
    nominal_mib_per_s: float | None
    requested_mib_per_s: float
    device_mib_per_s: float | None
    device_to_nominal: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """A whole run: means and population standard deviations over epochs; None where an epoch has no value."""

    definition: str
    epochs: tuple[EpochMetrics, ...]
    au_mean_percent: float | None
    au_stdev_percent: float | None
    samples_per_s_mean: float | None
    samples_per_s_stdev: float | None
    nominal_mib_per_s_mean: float | None
    nominal_mib_per_s_stdev: float | None
    au_minimum_percent: float
    au_met: bool


def measure(ranks: Sequence[RankResult], plan: TrainingPlan) -> Metrics:
    """Compute the metrics of a run by the plan's `au_definition`; an AU that cannot be told is not met."""
    definition = DEFINITIONS[plan.au_definition]
    record_bytes = plan.dataset.record_length_bytes
    device_bytes = _device_bytes(ranks)
    by_epoch = zip(*(rank.epochs for rank in ranks), strict=True)
    epochs = tuple(
        _epoch(definition, results, record_bytes, from_device)
        for results, from_device in zip(by_epoch, device_bytes, strict=True)
    )
    au_mean, au_stdev = _mean_and_stdev(epoch.au_percent for epoch in epochs)
    rate_mean, rate_stdev = _mean_and_stdev(epoch.samples_per_s for epoch in epochs)
    io_mean, io_stdev = _mean_and_stdev(epoch.nominal_mib_per_s for epoch in epochs)
    minimum = 100 * float(plan.parameter("metric.au", 0.0))
    return Metrics(
        definition=plan.au_definition,
        epochs=epochs,
        au_mean_percent=au_mean,
        au_stdev_percent=au_stdev,
        samples_per_s_mean=rate_mean,
        samples_per_s_stdev=rate_stdev,
        nominal_mib_per_s_mean=io_mean,
        nominal_mib_per_s_stdev=io_stdev,
        au_minimum_percent=minimum,
        au_met=au_mean is not None and au_mean >= minimum,
    )


def _epoch(
    definition: Definition, ranks: Sequence[EpochResult], record_bytes: float, device_bytes: int | None
) -> EpochMetrics:
    block_s = max(rank.block_s for rank in ranks)
    utilisations = _all(definition.au_percent(rank) for rank in ranks)
    rates = _all(definition.samples_per_s(rank) for rank in ranks)
    nominal_bytes = sum(rank.samples for rank in ranks) * record_bytes
    requested_bytes = sum(rank.requested_bytes for rank in ranks)
    return EpochMetrics(
        epoch=ranks[0].epoch,
        au_percent=statistics.fmean(utilisations) if utilisations else None,
        samples_per_s=sum(rates) if rates else None,
        block_s=block_s,
        nominal_bytes=nominal_bytes,
        requested_bytes=requested_bytes,
        process_read_bytes=sum(rank.process_read_bytes for rank in ranks),
        device_read_bytes=device_bytes,
        nominal_mib_per_s=sum(rates) * record_bytes / MIB if rates else None,
        requested_mib_per_s=requested_bytes / block_s / MIB,
        device_mib_per_s=None if device_bytes is None else device_bytes / block_s / MIB,
        device_to_nominal=None if device_bytes is None else device_bytes / nominal_bytes,
    )


def _device_bytes(ranks: Sequence[RankResult]) -> list[int | None]:
    """Add up each epoch over the hosts, whose first ranks do the counting; one that cannot tell makes it None."""
    counting = [rank.epochs for rank in ranks if rank.local_rank == 0]
    by_epoch = zip(*counting, strict=True)
    counted = (_all(epoch.device_read_bytes for epoch in hosts) for hosts in by_epoch)
    return [sum(found) if found else None for found in counted]


def _mean_and_stdev(values: Iterable[float | None]) -> tuple[float | None, float | None]:
    known = _all(values)
    return (statistics.fmean(known), statistics.pstdev(known)) if known else (None, None)


def _all(values: Iterable[T | None]) -> list[T] | None:
    """Return the values, or None when there are none or one of them is None."""
    listed = list(values)
    known = [value for value in listed if value is not None]
    return known if known and len(known) == len(listed) else None
