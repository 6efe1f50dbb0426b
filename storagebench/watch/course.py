"""What a run is looked after with, as one block around it: samplers, watchdog, and the section of the record."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from storagebench.launch import Tell
from storagebench.model import Host
from storagebench.watch.sampling import FOLDER, Sampling, sampled
from storagebench.watch.section import BENCHMARK_FILE, time_series
from storagebench.watch.transport import Start, start
from storagebench.watch.watchdog import Watchdog, watched

COUNTED_EVERY_S = 0.4
"""The benchmark's own counts are kept no closer than this."""


@dataclass(frozen=True, slots=True)
class Watching:
    """How runs are looked after: seconds between samples (0: none), seconds of silence that are a stall (0: never)."""

    interval_s: float = 0.0
    stall_after_s: float = 0.0
    start: Start = start


class Watch:
    """One run being looked after; hand `tell` to its engine."""

    def __init__(self, tell: Tell, sampling: Sampling | None = None) -> None:
        self.sampling = sampling
        self.watchdog: Watchdog | None = None
        self._tell = tell
        self._counts: IO[str] | None = None
        self._due, self._stage = 0.0, ""

    def tell(self, event: Mapping[str, Any]) -> None:
        """Pass an event on, and keep what the benchmark counts beside what the hosts do."""
        if self.watchdog is not None:
            self.watchdog.hear(event)
        if event.get("kind") == "progress":
            self._count(event)
        self._tell(event)

    def count_into(self, counts: IO[str]) -> None:
        """Keep the benchmark's counts from now on, beginning with nothing."""
        self._counts = counts
        self._count({})

    def _count(self, event: Mapping[str, Any]) -> None:
        now, stage = time.monotonic(), str(event.get("stage", ""))
        if self._counts is None or (
            now < self._due and stage == self._stage and event.get("done") != event.get("total")
        ):
            return
        self._due, self._stage = now + COUNTED_EVERY_S, stage
        count = {"mono": now, "wall": time.time(), "stage": stage, "bytes": event.get("bytes") or 0}
        try:
            self._counts.write(json.dumps(count | {"done": event.get("done")}) + "\n")
            self._counts.flush()
        except OSError:  # the results are full: the run will say so itself when it writes its record
            self._counts = None


@contextmanager
def looked_after(
    hosts: Sequence[Host], storage_dir: str, watching: Watching, tell: Tell, folder: Path | None = None
) -> Iterator[Watch]:
    """Look after a run within the block; its samples go to `folder`, nowhere without one."""
    if not watching.interval_s and not watching.stall_after_s:
        yield Watch(tell)
        return
    interval_s = watching.interval_s if folder is not None else 0.0
    with ExitStack() as stack:
        kept = folder if interval_s else None
        sampling = stack.enter_context(sampled(hosts, kept, interval_s, storage_dir, watching.start))
        watch = Watch(tell, sampling)
        if kept is not None:
            watch.count_into(stack.enter_context((kept / FOLDER / BENCHMARK_FILE).open("w", encoding="utf-8")))
        watch.watchdog = stack.enter_context(watched(sampling, watching.stall_after_s, tell))
        yield watch


def sections(watch: Watch, watching: Watching, folder: Path) -> dict[str, Any]:
    """Return what the record says of a run that was looked after: `time_series`, None without samples, and `stalls`."""
    stalls = watch.watchdog.stalls if watch.watchdog is not None else []
    if watch.sampling is None or not watching.interval_s:
        return {"time_series": None, "stalls": stalls}
    hosts = [(host.host.name, host.file, host.problem) for host in watch.sampling.hosts]
    return {"time_series": time_series(folder, hosts, watching.interval_s), "stalls": stalls}
