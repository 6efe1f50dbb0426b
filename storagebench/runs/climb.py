"""The largest number of accelerators that still holds: doubled until it breaks, then the gap is halved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST = 2**20
"""Nobody emulates more: an end for the search where neither memory nor the user sets one."""


def climb(holds: Callable[[int], bool], first: int, most: int, step: int = 1) -> int | None:
    """Return the largest number found to hold, None where not even the first does.

    `first` is a multiple of `step`, and so is every number that is tried, each once and none above `most`. What is
    returned held, and the next one did not, unless that lies above `most`; where it does not fall steadily, a larger
    number that was never tried may hold too.
    """
    if not holds(first):
        return None
    held, broken = first, most // step * step + step
    while 2 * held < broken:
        if not holds(2 * held):
            broken = 2 * held
            break
        held *= 2
    while broken - held > step:
        middle = held + (broken - held) // (2 * step) * step
        if holds(middle):
            held = middle
        else:
            broken = middle
    return held


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One number of accelerators that was run: whether it held, `why` not, and what a ladder shows of its record."""

    accelerators: int
    holds: bool
    verdict: str
    why: str
    au_percent: float | None
    samples_per_s: float | None
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The rungs in the order in which they were run, what they had to be (`asked`), and why none was above `most`."""

    asked: str
    most: int
    limited_by: str
    rungs: Sequence[Rung]

    @property
    def best(self) -> Rung | None:
        """The highest rung that held."""
        held = [rung for rung in self.rungs if rung.holds]
        return max(held, key=lambda rung: rung.accelerators) if held else None

    @property
    def answer(self) -> str:
        """The outcome in one sentence."""
        best = self.best
        if best is None:
            first = self.rungs[0]
            return f"x{first.accelerators} is not {self.asked} ({first.why}), so no larger number was tried"
        above = [rung for rung in self.rungs if rung.accelerators > best.accelerators]
        if not above:
            return f"x{best.accelerators} is {self.asked}, and no more were tried: {self.limited_by}"
        broken = min(above, key=lambda rung: rung.accelerators)
        return f"x{best.accelerators} is {self.asked}, x{broken.accelerators} is not ({broken.why})"

    def satisfies(self, division: str) -> bool:
        """Say whether the climb passes where `division` was asked for: one number holds (whatif asserts nothing)."""
        return division == "whatif" or self.best is not None
