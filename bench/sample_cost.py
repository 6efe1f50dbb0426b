"""What a sample costs in Python, whatever the size of the dataset: schedule and loader with a reader that reads nothing.

::

    python -m bench.sample_cost

DLIO 2.0.0 spends 0.5 ms on each sample of a rank with 256 samples and 64 ms with 65,536 (`read_index` formats the
whole map of samples for each of them). Here neither files nor rows may matter. Steps are timed after the epoch's
order of files has been drawn, which happens outside the AU window and is shown beside.
"""

import argparse
import sys
import time
from typing import NamedTuple

from storagebench.engines.training.loader import Loader
from storagebench.engines.training.schedule import Piece, Schedule, Share

STEPS = 2000
ROUNDS = 7
READ_THREADS = 8
BAR = 2.0
"""The largest dataset may cost this much more for each sample than the smallest of its kind, caches and noise included."""


class Case(NamedTuple):
    """A dataset and the batch it is read in."""

    name: str
    files: int
    samples_per_file: int
    samples_per_unit: int
    batch: int


CASES = (
    (
        Case("1 k files", 1_000, 1, 1, 24),
        Case("65 k files", 65_536, 1, 1, 24),
        Case("1.17 M files (retinanet)", 1_170_301, 1, 1, 24),
    ),
    (
        Case("1 k rows a file", 1024, 1_024, 1, 64),
        Case("65 k rows a file", 1024, 65_536, 1, 64),
        Case("1.5 M rows a file", 1024, 1_536_000, 1, 64),
    ),
    (
        Case("12 k rows a file, in groups of 6144", 1024, 12_288, 6144, 12_288),
        Case("1.5 M rows a file, in groups of 6144 (dlrm)", 1024, 1_536_000, 6144, 12_288),
    ),
)


def main() -> int:
    """Measure every case, print a table; the exit code is 1 when a large dataset costs more than the bar allows."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(f"{'':46}{'µs a sample':>14}{'µs a step':>12}{'ms an order':>14}")
    met = True
    for group in CASES:
        costs = []
        for case in group:
            order_s, step_s = _measure(case)
            costs.append(step_s / case.batch)
            print(f"{case.name:46}{costs[-1] * 1e6:14.3f}{step_s * 1e6:12.1f}{order_s * 1e3:14.2f}", flush=True)
        ratio = costs[-1] / costs[0]
        met = met and ratio <= BAR
        print(f"{'largest over smallest':46}{ratio:14.2f}   bar {BAR} {'met' if ratio <= BAR else 'MISSED'}\n")
    return 0 if met else 1


def _measure(case: Case) -> tuple[float, float]:
    """Return seconds for drawing an epoch's order and for one step, each the best of some rounds."""
    samples = case.files * case.samples_per_file
    schedule = Schedule(
        num_files=case.files,
        samples_per_file=case.samples_per_file,
        samples_per_unit=case.samples_per_unit,
        samples_per_piece=max(case.samples_per_unit, case.batch // READ_THREADS),
        batch_size=case.batch,
        ranks=1,
        steps=min(STEPS, samples // case.batch),
        seed=1,
        shuffle=True,
    )
    orders, steps = zip(*(_round(schedule, epoch) for epoch in range(1, ROUNDS + 1)), strict=True)
    return min(orders), min(steps)


def _round(schedule: Schedule, epoch: int) -> tuple[float, float]:
    begin = time.perf_counter()
    share = schedule.share(epoch, 0)
    order_s = time.perf_counter() - begin
    repeats = -(-STEPS // schedule.steps)
    step_s = sum(_steps(share) for _ in range(repeats)) / (repeats * schedule.steps)
    return order_s, step_s


def _steps(share: Share) -> float:
    """Take all steps of a share and return the seconds, without starting and ending the threads."""
    with Loader(share, [_read_nothing] * READ_THREADS, 2 * READ_THREADS) as loader:
        begin = time.perf_counter()
        for _ in range(share.steps):
            loader.next_batch()
        return time.perf_counter() - begin


def _read_nothing(piece: Piece) -> int:
    return piece.samples


if __name__ == "__main__":
    sys.exit(main())
