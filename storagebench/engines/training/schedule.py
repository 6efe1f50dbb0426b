"""Which samples a rank reads at which step: a pure function of the seed, the epoch and a handful of counts.

All files are put into a new order each epoch, the same on every rank, and the samples are numbered through them in
that order. Rank r takes the r-th run of ``steps × batch size`` consecutive samples. So ranks share no work, every
rank meets other files each epoch, and any number of files, samples and ranks goes: what does not fill a whole batch
on every rank is left out, as DLIO does (`main.py`, `_train`). Nothing here grows with the dataset but one array of
file numbers for each rank and epoch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storagebench.model import TrainingPlan


class Piece(NamedTuple):
    """Consecutive samples of one file that one thread reads in one go."""

    file: int
    first: int
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The counts that fix an epoch's reading.

    `samples_per_unit` are read together or not at all (a parquet row group); `samples_per_piece`, a multiple of
    it, is the most that one thread takes at a time, so that several threads read one batch.
    """

    num_files: int
    samples_per_file: int
    samples_per_unit: int
    samples_per_piece: int
    batch_size: int
    ranks: int
    steps: int
    seed: int
    shuffle: bool

    def share(self, epoch: int, rank: int) -> "Share":
        """Return what `rank` reads in `epoch` (counted from 1); costs time in proportion to the number of files."""
        first = rank * self.steps * self.batch_size
        first_file = first // self.samples_per_file
        end_file = -(-(first + self.steps * self.batch_size) // self.samples_per_file)
        files = self._order(epoch)[first_file:end_file].copy()
        return Share(self, files, first - first_file * self.samples_per_file)

    def _order(self, epoch: int) -> NDArray[np.uint32]:
        files = np.arange(self.num_files, dtype=np.uint32)
        if self.shuffle:
            np.random.default_rng((self.seed, epoch)).shuffle(files)
        return files


class Share:
    """One rank's part of an epoch; `pieces` costs the same for every step and every size of dataset.

    Args:
        files: numbers of the files that hold the share, in the order of reading.
        offset: samples of the first of those files that belong to the rank before.
    """

    def __init__(self, schedule: Schedule, files: NDArray[np.uint32], offset: int) -> None:
        self.steps = schedule.steps
        self._schedule = schedule
        self._files = files
        self._offset = offset

    def pieces(self, step: int) -> Iterator[Piece]:
        """Yield what step `step` (counted from 0) needs and no earlier step of this rank has read."""
        schedule, unit = self._schedule, self._schedule.samples_per_unit
        begin = self._offset + step * schedule.batch_size
        end = begin + schedule.batch_size
        while begin < end:
            nth, first = divmod(begin, schedule.samples_per_file)
            last = min(schedule.samples_per_file, first + end - begin)
            begin_unit, end_unit = first // unit, -(-last // unit)
            if first % unit and begin > self._offset:
                begin_unit += 1  # an earlier step of ours needed the samples before these, and read the whole unit
            stop = min(end_unit * unit, schedule.samples_per_file)
            for at in range(begin_unit * unit, stop, schedule.samples_per_piece):
                yield Piece(int(self._files[nth]), at, min(schedule.samples_per_piece, stop - at))
            begin += last - first


def schedule_of(plan: TrainingPlan, samples_per_unit: int) -> Schedule:
    """Derive the schedule of a plan; `samples_per_unit` is the layout's."""
    batch: int = plan.parameter("reader.batch_size")
    readers = max(1, plan.parameter("reader.read_threads", 1))
    units_per_piece = max(1, -(-batch // (readers * samples_per_unit)))
    return Schedule(
        num_files=plan.dataset.num_files,
        samples_per_file=plan.dataset.num_samples_per_file,
        samples_per_unit=samples_per_unit,
        samples_per_piece=units_per_piece * samples_per_unit,
        batch_size=batch,
        ranks=plan.accelerators,
        steps=plan.steps_per_epoch(),
        seed=plan.seed,
        shuffle=plan.parameter("reader.file_shuffle", "off") not in ("off", False, None),
    )
