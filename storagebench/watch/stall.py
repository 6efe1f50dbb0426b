"""When a run counts as standing still, and how that is said: no progress and no I/O of its ranks for so long. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from storagebench.units import duration_text

MOST_PLACES = 4
"""So many ranks that stand at different places are named in the sentence; the record has all of them."""


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a rank lives: number, host name as the host itself has it, and process."""

    rank: int
    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rank is: the state letters and kernel functions of its threads, the main one first."""

    rank: Rank
    threads: tuple[tuple[str, str], ...] | None

    @property
    def text(self) -> str:
        """Say it: ``S futex_wait, 4 threads D folio_wait_bit``; what is not known is said so."""
        if self.threads is None:
            return "its host does not answer"
        if not self.threads:
            return "gone"
        main, *others = (f"{state} {function}".strip() for state, function in self.threads)
        counted = Counter(others).most_common(2)
        return ", ".join([main, *(f"{count} thread{'s' if count > 1 else ''} {text}" for text, count in counted)])


class Detector:
    """Decides from signs of life whether a run stands still; times are of any one clock, in seconds.

    I/O counters are asked for only when there has been no word of progress since the last look, so that a run in
    good order is never looked at.
    """

    def __init__(self, stall_after_s: float, now: float) -> None:
        self.stall_after_s = stall_after_s
        self._alive_at = now
        self._heard = False
        self._counters: Mapping[str, int] | None = None
        self._told = False

    def hear(self, now: float) -> None:
        """Take a word of progress."""
        self._alive_at, self._heard, self._told, self._counters = now, True, False, None

    def needs_look(self) -> bool:
        """Say whether only the counters can tell; forgets the words heard so far."""
        heard, self._heard = self._heard, False
        return not heard

    def see(self, now: float, counters: Mapping[str, int]) -> bool:
        """Take the I/O counters of all ranks; say, once for every standstill, that the run stands still.

        A counter that changed is a sign of life; the first look has nothing to compare with and is none.
        """
        known, self._counters = self._counters, dict(counters)
        if known is not None and any(known[name] != value for name, value in counters.items() if name in known):
            self._alive_at, self._told = now, False
        if self._told or now - self._alive_at < self.stall_after_s:
            return False
        # The ranks are about to write their stacks down, which counts as I/O: compare with what comes after that.
        self._told, self._counters = True, None
        return True

    def silent_s(self, now: float) -> float:
        """Return for how long there has been no sign of life."""
        return now - self._alive_at


def io_counters(ranks: Sequence[Rank], looked: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return what the ranks have read and written, by rank; of a host that hides it, what its device has."""
    found = {}
    for rank in ranks:
        answer = looked.get(rank.host)
        if answer is None:
            continue
        one = _of(answer, rank.pid)
        if one.get("io") is not None:
            found[f"rank {rank.rank}"] = int(one["io"])
        elif not one.get("gone") and answer.get("device_sectors") is not None:
            found[f"device of {rank.host}"] = int(answer["device_sectors"])
    return found


def places(ranks: Sequence[Rank], looked: Mapping[str, Mapping[str, Any]]) -> list[Place]:
    """Return where every rank is, in order of rank."""
    found = []
    for rank in ranks:
        answer = looked.get(rank.host)
        threads = None
        if answer is not None:
            threads = tuple((str(state), str(function)) for state, function in _of(answer, rank.pid).get("threads", ()))
        found.append(Place(rank, threads))
    return found


def sentence(silent_s: float, stage: str, found: Sequence[Place]) -> str:
    """Say that a run stands still, since when, in which stage, and where its ranks are."""
    groups = list(_groups(found))
    said = "; ".join(groups[:MOST_PLACES]) + (
        f"; {len(groups) - MOST_PLACES} more" if len(groups) > MOST_PLACES else ""
    )
    where = f" in {stage}" if stage else ""
    return f"no progress and no I/O for {duration_text(silent_s)}{where}: {said or 'its ranks have not met yet'}"


def _groups(found: Sequence[Place]) -> Iterator[str]:
    """Name neighbouring ranks that are at the same place of one host together."""
    for (host, text), group in groupby(found, key=lambda place: (place.rank.host, place.text)):
        ranks = [place.rank for place in group]
        if len(ranks) == 1:
            yield f"rank {ranks[0].rank} on {host} (pid {ranks[0].pid}) {text}"
        else:
            yield f"ranks {ranks[0].rank}-{ranks[-1].rank} on {host} {text}"


def _of(answer: Mapping[str, Any], pid: int) -> Mapping[str, Any]:
    return next((one for one in answer.get("ranks", ()) if one.get("pid") == pid), {"gone": True})
