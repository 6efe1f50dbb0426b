"""A launcher whose jobs are looked after: samplers before they start and until they end, and a watchdog meanwhile.

Every family runs its ranks through a launcher, so every run is looked after in the same way, and no family knows of it.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

from storagebench.launch import Job, Launcher, Launching, Tell
from storagebench.watch.sampling import BENCHMARK_FILE, FOLDER, STALLS_FILE, Sampling, sampled
from storagebench.watch.transport import Start, start
from storagebench.watch.watchdog import watched

COUNTED_EVERY_S = 0.4
"""The benchmark's own counts are kept no closer than this."""


@dataclass(frozen=True, slots=True)
class Watching:
    """How runs are looked after: seconds between samples (0: none), seconds of silence that are a stall (0: never)."""

    interval_s: float = 0.0
    stall_after_s: float = 0.0
    start: Start = start

    def over(self, launching: Launching, storage_dir: str) -> Launching:
        """Return launchers whose jobs are looked after; those that keep no log (collecting, probing) are left alone.

        Samples go to the folder of the ranks' log. Where that is a temporary file, as while a dataset is made, there
        are none, and the watchdog alone looks after the job.
        """
        if not self.interval_s and not self.stall_after_s:
            return launching

        def launcher(stdout: BinaryIO | None, stderr: BinaryIO | None) -> Launcher:
            plain = launching(stdout, stderr)
            return plain if stderr is None else WatchedLauncher(plain, self, storage_dir, _folder_of(stderr))

        return launcher


class WatchedLauncher:
    """A launcher that looks after the jobs of another one."""

    def __init__(self, launcher: Launcher, watching: Watching, storage_dir: str, folder: Path | None) -> None:
        self.name = launcher.name
        self._launcher, self._watching = launcher, watching
        self._storage_dir, self._folder = storage_dir, folder

    def run(self, job: Job, tell: Tell) -> list[dict[str, Any]]:
        """Run the job as the other launcher does, with its errors; looking after it never fails it."""
        with self._looked_after(job, tell) as told:
            return self._launcher.run(job, told)

    @contextmanager
    def _looked_after(self, job: Job, tell: Tell) -> Iterator[Tell]:
        watching, folder = self._watching, self._folder
        interval_s = watching.interval_s if folder is not None else 0.0
        if not interval_s and not watching.stall_after_s:
            yield tell
            return
        with ExitStack() as stack:
            kept = folder / FOLDER if folder is not None and interval_s else None
            sampling = stack.enter_context(sampled(job.hosts, kept, interval_s, self._storage_dir, watching.start))
            listeners = [tell]
            if kept is not None:
                counts = stack.enter_context(Counts(kept / BENCHMARK_FILE))
                listeners.append(counts.hear)
            stack.enter_context(self._watched(sampling, listeners))
            yield _each(listeners)

    @contextmanager
    def _watched(self, sampling: Sampling, listeners: list[Tell]) -> Iterator[None]:
        """Let the watchdog hear what the run tells, and tell what the run's listeners hear."""
        stalls = None if self._folder is None else self._folder / FOLDER / STALLS_FILE
        with watched(sampling, self._watching.stall_after_s, listeners[0], stalls) as watchdog:
            listeners.append(watchdog.hear)
            yield


class Counts:
    """Keeps what the benchmark counts, beside what the hosts do; results that are full will be named by the run itself."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stream: BinaryIO | None = None
        self._due, self._stage = 0.0, ""

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):
            self._stream = self._file.open("ab", buffering=0)
        self.hear({"kind": "progress"})
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def hear(self, event: Mapping[str, Any]) -> None:
        """Write a line for the first word of a stage, the last one, and now and then one between them."""
        now, stage = time.monotonic(), str(event.get("stage", ""))
        fresh = now < self._due and stage == self._stage and event.get("done") != event.get("total")
        if self._stream is None or event.get("kind") != "progress" or fresh:
            return
        self._due, self._stage = now + COUNTED_EVERY_S, stage
        count = {"mono": now, "wall": time.time(), "stage": stage, "bytes": event.get("bytes") or 0}
        with contextlib.suppress(OSError):
            self._stream.write(json.dumps(count | {"done": event.get("done")}).encode() + b"\n")


def _each(listeners: list[Tell]) -> Callable[[Mapping[str, Any]], None]:
    def tell(event: Mapping[str, Any]) -> None:
        for listener in listeners:
            listener(event)

    return tell


def _folder_of(log: BinaryIO) -> Path | None:
    """Return the folder of a log file; None for one without a name."""
    name = getattr(log, "name", None)
    return Path(name).parent if isinstance(name, str) else None
