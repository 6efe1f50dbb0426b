"""The samplers of all hosts while a run goes on: one thread listens to all of them and appends what they say.

Started before the run and stopped after it. A host without a sampler, or one whose sampler dies, has a `problem` that
the record keeps; the run goes on.
"""

import os
import re
import selectors
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storagebench.errors import RecordError
from storagebench.launch.output import CHUNK_BYTES
from storagebench.model import Host
from storagebench.watch.host import SampledHost
from storagebench.watch.transport import Start, start

FOLDER = "timeseries"
BENCHMARK_FILE = "benchmark.jsonl"
STALLS_FILE = "stalls.jsonl"
"""Beside one file for each host: what the benchmark counted, and when it stood still."""
START_S = 15.0
"""A host must have greeted by then; a run that may take hours waits no longer for its looker-on."""
ANSWER_S = 5.0
TICK_S = 0.2


class Sampling:
    """Running samplers; `look` and `dump` may be called from any thread, one at a time."""

    def __init__(self, hosts: Sequence[SampledHost]) -> None:
        self.hosts = tuple(hosts)
        self._selector = selectors.DefaultSelector()
        self._changed = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._listen, name="storagebench-sampling", daemon=True)

    def start(self, start: Start, interval_s: float, storage_dir: str) -> None:
        """Start all samplers at once and wait until each has greeted and answered its pings, or failed.

        Called in the thread that outlives the run: the kernel ties the local sampler to it.
        """
        for host in self.hosts:
            host.start(start, interval_s, storage_dir)
            for descriptor, messages in host.descriptors().items():
                self._selector.register(descriptor, selectors.EVENT_READ, (host, messages))
        self._thread.start()
        self._wait(lambda host: host.is_settled, START_S)
        for host in self.hosts:
            if not host.is_settled:
                host.silent(START_S)

    def look(self, pids: Mapping[str, Sequence[int]]) -> dict[str, dict[str, Any]]:
        """Ask the samplers where processes are, by host name; a host that does not answer in time is left out."""
        asked = [host for host in self.hosts if host.is_alive and host.hostname in pids]
        for host in asked:
            host.looked = None
            host.ask(f"look 0 {','.join(map(str, pids[host.hostname]))}")
        self._wait(lambda host: host not in asked or host.looked is not None or not host.is_alive, ANSWER_S)
        return {host.hostname: host.looked for host in asked if host.looked is not None}

    def dump(self, pids: Mapping[str, Sequence[int]]) -> None:
        """Let ranks write their Python stacks to their stderr, which is in the run's log."""
        for host in self.hosts:
            if host.is_alive and host.hostname in pids:
                host.ask(f"dump 0 {','.join(map(str, pids[host.hostname]))}")

    def stop(self) -> None:
        """Compare clocks once more, take the last samples and end all samplers."""
        alive = [host for host in self.hosts if host.is_alive]
        for host in alive:
            host.ping("end")
        self._wait(lambda host: host.is_settled or not host.is_alive, ANSWER_S)
        for host in alive:
            host.stop()
        self._wait(lambda host: host.is_over or host.problem is not None, ANSWER_S)
        self._over = True
        if self._thread.ident is not None:
            self._thread.join()
        for host in self.hosts:
            host.close()
        self._selector.close()

    def _listen(self) -> None:
        while not self._over:
            for key, _ in self._selector.select(TICK_S):
                host, messages = key.data
                if chunk := os.read(key.fd, CHUNK_BYTES):
                    host.hear(chunk, messages=messages)
                else:
                    self._selector.unregister(key.fd)
                    if messages:
                        host.ended()
            with self._changed:
                self._changed.notify_all()

    def _wait(self, ready: Callable[[SampledHost], bool], seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: all(map(ready, self.hosts)), timeout=seconds)


@contextmanager
def sampled(
    hosts: Sequence[Host], folder: Path | None, interval_s: float, storage_dir: str, start: Start = start
) -> Iterator[Sampling]:
    """Sample all hosts within the block, into `<folder>/<host>.jsonl`; without a folder, only answer.

    Raises:
        RecordError: the folder cannot be made.
    """
    if folder is not None:
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise RecordError(f"cannot make {folder}: {error.strerror}; choose another --results-dir") from None
    sampling = Sampling([SampledHost(host, folder and folder / file_name(host)) for host in hosts])
    try:
        sampling.start(start, interval_s, storage_dir)
        yield sampling
    finally:
        sampling.stop()


def file_name(host: Host) -> str:
    """Name a host's file: what file names may not hold (the colons of an IPv6 address) becomes a dash."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", host.name) + ".jsonl"
