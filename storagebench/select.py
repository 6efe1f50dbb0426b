"""Which points of `configs/` become test items, and under which names."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from storagebench.model import Edition, Workload

WRITE, READ = "write", "read"
"""The two invocations that a checkpointing result may be split into."""
CLIMB = "climb"
"""Which of the repeats a run is that was made to find the largest number of accelerators: none of any result."""


@dataclass(frozen=True, slots=True)
class Point:
    """One test item to be: a workload at a number of accelerators, and which of the repeats it is ("" for one)."""

    workload: Workload
    accelerators: int
    run: str

    @property
    def id(self) -> str:
        """The name in brackets: ``unet3d-b200-x8``, with ``-warmup`` or ``-run3`` where there are repeats."""
        return "-".join(part for part in (self.workload.id, f"x{self.accelerators}", self.run) if part)


def sanctioned(workload: Workload, division: str, edition: Edition) -> bool:
    """Say whether a division of an edition may run this workload; whatif runs whatever has parameters."""
    if division == "whatif":
        return workload.runnable
    return workload.runnable and edition.among(workload.editions) and division in workload.divisions


def points(
    workloads: Iterable[Workload],
    edition: Edition,
    division: str,
    accelerators: tuple[int, ...] | None,
    default: int,
    runs: int | None,
) -> tuple[Point, ...]:
    """Make the points of a session, repeats side by side so that the pause between runs of one result stays short.

    `accelerators` None means what the rules demand of the workload, and `default` where they leave it open. `runs`
    None means what the edition demands of closed and open (training of 3.0: a warm-up and five), one for whatif.
    """
    return tuple(
        Point(workload, count, label)
        for workload in workloads
        if sanctioned(workload, division, edition)
        for count in accelerators or (workload.accelerators or default,)
        for label in run_labels(edition, workload.family, division, runs)
    )


def quick_points(workloads: Iterable[Workload]) -> tuple[Point, ...]:
    """Make the few small points that --quick runs: those whose configuration has a `quick` section."""
    return tuple(Point(workload, int(workload.quick["accelerators"]), "") for workload in workloads if workload.quick)


def climbing_points(
    workloads: Iterable[Workload], edition: Edition, division: str, first: int, *, quick: bool
) -> tuple[Point, ...]:
    """Make the points at which `--climb` begins, one for each workload that would be run without it."""
    return tuple(
        Point(workload, first, CLIMB)
        for workload in workloads
        if (workload.quick if quick else sanctioned(workload, division, edition))
    )


def in_two_phases(chosen: Iterable[Point]) -> tuple[Point, ...]:
    """Make two items of each point, one that writes and one that reads what it wrote, the two side by side."""
    return tuple(
        replace(point, run="-".join(part for part in (point.run, phase) if part))
        for point in chosen
        for phase in (WRITE, READ)
    )


def run_labels(edition: Edition, family: str, division: str, runs: int | None) -> tuple[str, ...]:
    """Name the repeats of a result: warmup, run1 … run5; a single run needs no name."""
    if runs is None and division == "whatif":
        runs = 1
    if runs is not None:
        return ("",) if runs == 1 else tuple(f"run{n}" for n in range(1, runs + 1))
    warm_up, measured = edition.repeats(family)
    if warm_up + measured == 1:
        return ("",)
    return (*("warmup" for _ in range(warm_up)), *(f"run{n}" for n in range(1, measured + 1)))
