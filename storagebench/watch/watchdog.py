"""The watchdog of a run: says once when it stands still and where its ranks are, and never kills anything.

It hears what the run tells, looks at the ranks through the samplers of their hosts when there is nothing to hear, and
lets stalled ranks write their Python stacks to their stderr, which is in the run's log.
"""

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storagebench.launch import Tell
from storagebench.watch.sampling import Sampling
from storagebench.watch.stall import Detector, Rank, io_counters, places, sentence

LOOKS = 4
"""Looks within the time that makes a stall, which is noticed late by one of them at most."""
SELDOM_S = 60.0


class Watchdog:
    """Follows one run; `hear` may be called from any thread."""

    def __init__(self, sampling: Sampling, stall_after_s: float, tell: Tell, file: Path | None = None) -> None:
        self._sampling, self._tell, self._file = sampling, tell, file
        self._detector = Detector(stall_after_s, time.monotonic())
        self._every_s = min(SELDOM_S, stall_after_s / LOOKS)
        self._ranks: tuple[Rank, ...] = ()
        self._stage = ""
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="storagebench-watchdog", daemon=True)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take an event of the run: the ranks that have met, or a word of progress."""
        with self._lock:
            if event.get("kind") == "ranks":
                self._ranks = tuple(Rank(one["rank"], one["host"], one["pid"]) for one in event["ranks"])
            self._stage = str(event.get("stage", self._stage))
            self._detector.hear(time.monotonic())

    def start(self) -> None:
        """Watch from a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every_s):
            with self._lock:
                ranks, stage, needs_look = self._ranks, self._stage, self._detector.needs_look()
            if needs_look:
                self._look(ranks, stage)

    def _look(self, ranks: Sequence[Rank], stage: str) -> None:
        pids: dict[str, list[int]] = {}
        for rank in ranks:
            pids.setdefault(rank.host, []).append(rank.pid)
        looked = self._sampling.look(pids)
        now = time.monotonic()
        with self._lock:
            stalled = self._detector.see(now, io_counters(ranks, looked))
            silent_s = self._detector.silent_s(now)
        if stalled:
            self._report(silent_s, stage, ranks, looked)
            self._sampling.dump(pids)

    def _report(
        self, silent_s: float, stage: str, ranks: Sequence[Rank], looked: Mapping[str, Mapping[str, Any]]
    ) -> None:
        found = places(ranks, looked)
        stall = {
            "noticed_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "silent_s": round(silent_s, 1),
            "stage": stage,
            "text": sentence(silent_s, stage, found),
            "ranks": [
                {"rank": one.rank.rank, "host": one.rank.host, "pid": one.rank.pid, "at": one.text} for one in found
            ],
        }
        self._keep(stall)
        self._tell({"kind": "stall", **stall})

    def _keep(self, stall: Mapping[str, Any]) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):  # a full disk: the terminal has heard of it, and the run will say the rest
            self._file.parent.mkdir(exist_ok=True)
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(stall) + "\n")


@contextmanager
def watched(sampling: Sampling, stall_after_s: float, tell: Tell, file: Path | None = None) -> Iterator[Watchdog]:
    """Watch over a run within the block, with its stalls appended to `file`; 0 seconds watch over nothing."""
    watchdog = Watchdog(sampling, stall_after_s, tell, file)
    if stall_after_s <= 0:
        yield watchdog
        return
    watchdog.start()
    try:
        yield watchdog
    finally:
        watchdog.stop()
