"""An engine of ours beside fio: measured in turn, fio twice, so that fio's difference from itself is known as the noise."""

import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

BAR, NOISY_BAR, NOISE = 0.95, 0.85, 0.05
"""Least ratio to fio, and the one that holds where fio differs from fio by more than the noise."""

T = TypeVar("T")


class Took(NamedTuple):
    """One measurement."""

    gib_per_s: float
    cpu_s_per_gib: float


class Round(NamedTuple):
    """Ours once, fio twice."""

    ours: Took
    fio: tuple[Took, Took]

    @property
    def ratio(self) -> float:
        """Our rate over fio's."""
        return self.ours.gib_per_s / statistics.fmean(took.gib_per_s for took in self.fio)

    @property
    def noise(self) -> float:
        """How much fio differs from itself."""
        rates = [took.gib_per_s for took in self.fio]
        return max(rates) / min(rates) - 1


class Medians(NamedTuple):
    """What several rounds come to."""

    ours: Took
    fio: Took
    ratio: float
    noise: float

    def bar(self, quiet: float = BAR) -> float:
        """Return the least ratio that is asked for, lower where fio is noisy."""
        return min(quiet, NOISY_BAR) if self.noise > NOISE else quiet

    def verdict(self, quiet: float = BAR) -> str:
        """Say whether the bar is met: ``bar 0.85 met (fio is noisy)``."""
        bar = self.bar(quiet)
        noisy = " (fio is noisy)" if self.noise > NOISE else ""
        return f"bar {bar:.2f} {'met' if self.ratio >= bar else 'MISSED'}{noisy}"


def medians(rounds: Iterable[Round]) -> Medians:
    """Return the median of each figure by itself."""
    known = list(rounds)
    return Medians(
        ours=_median(one.ours for one in known),
        fio=_median(took for one in known for took in one.fio),
        ratio=statistics.median(one.ratio for one in known),
        noise=statistics.median(one.noise for one in known),
    )


def _median(measured: Iterable[Took]) -> Took:
    return Took(*map(statistics.median, zip(*measured, strict=True)))


def in_turn(ours: Callable[[], T], fio: Callable[[], T]) -> tuple[T, tuple[T, T]]:
    """Measure ours once and fio twice, in random order; a measurement may be a `Took` or several."""
    order = random.sample([True, False, False], 3)
    measured = [(is_ours, ours() if is_ours else fio()) for is_ours in order]
    (of_ours,) = (one for is_ours, one in measured if is_ours)
    first, second = (one for is_ours, one in measured if not is_ours)
    return of_ours, (first, second)


def run_fio(*sections: Mapping[str, object]) -> list[dict[str, Any]]:
    """Run fio and return what it says of each job.

    A section is options in order; one with a `name` begins a job, and what stands before the first holds for all jobs.
    Where fio fails, the program ends with its words.
    """
    options = [f"--{name}={value}" for section in sections for name, value in section.items()]
    done = subprocess.run(["fio", "--output-format=json", *options], check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"fio failed: {(done.stderr or done.stdout).strip()}")
    told = done.stdout[done.stdout.index("{") :]  # words of warning may stand before it
    jobs: list[dict[str, Any]] = json.loads(told)["jobs"]
    return jobs


def cpu_s(job: Mapping[str, Any]) -> float:
    """Return the processor time of a job, in seconds."""
    share: float = (job["usr_cpu"] + job["sys_cpu"]) / 100
    return share * float(job["job_runtime"]) / 1000


def demand_fio() -> None:
    """End the program with a sentence where fio is not installed."""
    if shutil.which("fio") is None:
        sys.exit("fio is not installed: apt-get install fio")


@contextmanager
def own_folder(parent: Path, name: str) -> Iterator[Path]:
    """Make a folder for the files of both, and remove it with all of them."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def heading(width: int) -> str:
    """Return the two lines above rows that begin with a name of this width."""
    above = f"{'':{width}}{'GiB/s':^24}{'CPU-s/GiB':^20}{'ratio':>8}{'noise':>8}"
    return f"{above}\n{'':{width}}{'ours':>12}{'fio':>12}{'ours':>10}{'fio':>10}"


def row(name: str, width: int, found: Medians) -> str:
    """Return one line of figures, of a round or of all."""
    ours, fio = found.ours, found.fio
    rates = f"{ours.gib_per_s:12.2f}{fio.gib_per_s:12.2f}{ours.cpu_s_per_gib:10.3f}{fio.cpu_s_per_gib:10.3f}"
    return f"{name:{width}}{rates}{found.ratio:8.2f}{found.noise:8.2f}"
