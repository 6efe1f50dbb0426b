"""From the runs of a training result to the figures that are published: one arithmetic for rules and for results."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storagebench.model.record import Missing, Record

STAMP = "%Y%m%d_%H%M%S"
"""The name of a run's folder since edition 2.0: its start in local time."""


@dataclass(frozen=True, slots=True)
class Series:
    """One figure over the runs of a result, a value for each run; there is at least one."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The arithmetic mean."""
        return sum(value / len(self.values) for value in self.values)

    @property
    def stdev(self) -> float:
        """The population's standard deviation, as upstream reports it."""
        return math.hypot(*(value - self.mean for value in self.values)) / math.sqrt(len(self.values))

    @property
    def spread_percent(self) -> float:
        """How far the best and the worst value are apart, in per cent of the mean (of a mean of zero: none)."""
        return 100 * (max(self.values) - min(self.values)) / self.mean if self.mean else 0.0


def measured(runs: Sequence[Record], *, warm_up: int, measured: int) -> tuple[Record, ...]:
    """Return the runs that count, oldest first: the earliest is the warm-up where there is one more than is measured.

    Position decides, never a stamp or a mark of its own (mlcommons/storage#719). Five runs are all measured.
    """
    return tuple(runs[warm_up:] if len(runs) > measured else runs)


def series(runs: Sequence[Record], name: str) -> Series:
    """Return a figure of every run; there is no mean over a part of them.

    Raises:
        Missing: there are no runs, or one of them lacks it.
    """
    if not runs:
        raise Missing(name, "is missing: there are no runs")
    return Series(tuple(run.number(name) for run in runs))


def samples_per_s(runs: Sequence[Record]) -> Series:
    """Return the throughput of editions 1.0 and 2.0, in samples/s (Raises: Missing)."""
    return series(runs, "summary.metric.train_throughput_mean_samples_per_second")


def mib_per_s(runs: Sequence[Record]) -> Series:
    """Return what upstream calls MB/s: samples/s times the record length, in MiB/s (Raises: Missing)."""
    return series(runs, "summary.metric.train_io_mean_MB_per_second")


def read_gib_per_s(runs: Sequence[Record]) -> float:
    """Return the Read B/W of edition 3.0, in GiB/s: the mean of MiB/s over the measured runs, by 1024 (rule 3.3.8).

    Raises:
        Missing: a run lacks the figure; the cell is blank then.
    """
    return mib_per_s(runs).mean / 1024


def epoch_lists(run: Record) -> Mapping[str, int]:
    """Name a run's lists of one value an epoch, such as train_au_percentage, with their lengths.

    Raises:
        Missing: the run has no metrics.
    """
    metric = run.table("summary.metric")
    return {str(name): len(value) for name, value in metric.items() if isinstance(value, list)}


def means_of_epochs(runs: Sequence[Record]) -> dict[str, float]:
    """Return `train_mean_of_<name>` for every list that all runs have: the mean over runs of the mean over epochs (3.3.8).

    A list that is empty or holds anything but numbers in one of the runs is left out.
    """
    try:
        lists = [epoch_lists(run) for run in runs]
    except Missing:
        return {}
    shared = [name for name in (lists[0] if lists else ()) if all(_listed(run, name) for run in runs)]
    means = {name: Series(tuple(_mean(run, name) for run in runs)).mean for name in shared}
    return {f"train_mean_of_{name.removeprefix('train_')}": mean for name, mean in means.items() if math.isfinite(mean)}


def setting(run: Record, name: str) -> str:
    """Return a text or a number of a run as a text, to be compared with that of another run.

    Raises:
        Missing: the run lacks it, or it is something else.
    """
    value = run.value(name)
    if not isinstance(value, (str, int, float)):
        raise Missing(name, "is neither a text nor a number")
    return str(value)


def started(run: Record) -> datetime:
    """Return a run's start in local time: its folder's stamp, else the start that its summary tells.

    Raises:
        Missing: neither says one.
    """
    try:
        return datetime.strptime(run.text("stamp"), STAMP)  # noqa: DTZ007 - stamps are in local time, and say no zone
    except (Missing, ValueError):
        return _moment(run, "summary.start")


def duration(run: Record) -> timedelta:
    """Return how long a run took, from start to end of its summary.

    Raises:
        Missing: one of the two is missing or is no time.
    """
    return _moment(run, "summary.end") - _moment(run, "summary.start")


def _moment(run: Record, name: str) -> datetime:
    text = run.text(name)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise Missing(name, f"is {text!r:.60}, not a time") from None


def _listed(run: Record, name: str) -> bool:
    try:
        return bool(run.numbers(f"summary.metric.{name}"))
    except Missing:
        return False


def _mean(run: Record, name: str) -> float:
    return Series(run.numbers(f"summary.metric.{name}")).mean
