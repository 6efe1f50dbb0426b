"""One client of a trial: a rank that plans, fills, meets the others, and counts what ends inside the window."""

import socket
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from storagebench.engines.kvcache.figures import figures
from storagebench.engines.kvcache.load import Run
from storagebench.engines.kvcache.outcome import ClientResult, Trial
from storagebench.engines.kvcache.payload import Payload
from storagebench.engines.kvcache.self_check import null_operations_per_s
from storagebench.engines.kvcache.share import Share, fill_of, share_of
from storagebench.engines.kvcache.stores import Backend, Place, StoreError, open_backend
from storagebench.engines.kvcache.trace import Trace, make_trace
from storagebench.engines.kvcache.workers import Executor
from storagebench.engines.progress import Progress
from storagebench.engines.storage.counters import Counted, Counters, peak_memory_bytes
from storagebench.errors import StorageBenchError
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.model import Stage
from storagebench.serial import from_json, to_json

NS = 1_000_000_000


def work(communicator: Communicator) -> Mapping[str, Any]:
    """Be a client: the payload holds the `stage` and the `trial`, the result is a ClientResult."""
    payload = communicator.payload()
    client = _Client(from_json(Stage, payload["stage"]), from_json(Trial, payload["trial"]), communicator)
    result: Mapping[str, Any] = to_json(client.run())
    return result


class _Moment(NamedTuple):
    """What the kernel had counted at an edge of the window."""

    counted: Counted
    run_queue_s: float


class _Client:
    """A rank from its plan to its figures."""

    def __init__(self, stage: Stage, trial: Trial, communicator: Communicator) -> None:
        self._stage = stage
        self._trial = trial
        self._communicator = communicator
        self._shared = stage.storing.keys == "shared"
        self._seed = trial.seed + (0 if self._shared else communicator.rank)
        self._moments: dict[str, _Moment] = {}

    def run(self) -> ClientResult:
        """Plan, fill, meet, run, count, clean.

        Raises:
            EngineError: an operation failed, or came back with bytes that were not written.
        """
        stage, communicator = self._stage, self._communicator
        trace = make_trace(stage, self._seed, communicator.size if self._shared else 1)
        share = share_of(trace, communicator.rank, communicator.size if self._shared else 1)
        folder = self._folder()
        with ExitStack() as cleaning:
            backend = self._open(trace, folder, cleaning)
            counters = Counters(self._trial.cache_dir, with_device=communicator.local_rank == 0)
            payload = Payload(int(self._trial.token, 16))
            readers = self._executors(backend, payload, stage.storing.readers)
            writers = self._executors(backend, payload, stage.storing.writers)
            null_rate = null_operations_per_s(share, stage, payload)
            fill_s = self._fill(share, [*readers, *writers])
            run = Run(share, stage.load, readers, writers, backend.session() if self._shared else None)
            barrier_s = self._meet()
            seconds = round(stage.load.warmup_s + stage.load.window_s)
            alive = Progress(communicator, f"{stage.name} trial {self._trial.number}", seconds, "seconds")
            begin_ns = time.perf_counter_ns()
            edges = run.drive(begin_ns, lambda edge: self._moments.__setitem__(edge, _moment(counters)), alive)
            counted = figures(run, edges, begin_ns)
            communicator.barrier()  # nobody takes away what another one still reads
        before, after = self._moments["begin"], self._moments["end"]
        grown = after.counted.since(before.counted)
        return ClientResult(
            rank=communicator.rank,
            local_rank=communicator.local_rank,
            hostname=socket.gethostname(),
            seed=self._seed,
            trace_sha256=trace.sha256,
            peak_bytes=trace.peak_bytes,
            cpu_s=grown.cpu_s,
            run_queue_s=after.run_queue_s - before.run_queue_s,
            process_read_bytes=grown.process_read_bytes,
            process_written_bytes=grown.process_written_bytes,
            device_read_bytes=grown.device_read_bytes,
            device_written_bytes=grown.device_written_bytes,
            peak_memory_bytes=peak_memory_bytes(),
            io_path="O_DIRECT" if backend.direct else "buffered",
            barrier_s=barrier_s,
            fill_s=fill_s,
            null_operations_per_s=null_rate,
            device=counters.device,
            device_reason=counters.device_reason,
            **counted,
        )

    def _folder(self) -> Path:
        """Return this rank's place below the cache directory, as edition 3.0 names it; make it if need be."""
        own = "shared" if self._shared else f"rank_{self._communicator.rank}"
        return Path(self._trial.cache_dir, own)

    def _open(self, trace: Trace, folder: Path, cleaning: ExitStack) -> Backend:
        """Open the backend; where ranks share one, the first makes it before the others look."""
        sizes = np.unique(np.concatenate((trace.operations["size_bytes"], trace.fill["size_bytes"])))
        place = Place(
            folder=str(folder),
            token=f"storagebench-{self._trial.token}",
            storing=self._stage.storing,
            capacity_bytes=self._stage.tiers.storage_bytes,
            object_bytes=int(sizes[0]) if len(sizes) == 1 else None,
            joins=self._shared and self._communicator.rank > 0,
        )
        if place.joins:
            self._communicator.barrier()
        cleaning.callback(_remove_if_empty, folder)
        backend = open_backend(place)
        if not place.joins:
            cleaning.callback(_clear, backend)
            if self._shared:
                self._communicator.barrier()
        return backend

    def _executors(self, backend: Backend, payload: Payload, count: int) -> list[Executor]:
        return [Executor(backend, payload, self._stage.storing.part_bytes) for _ in range(count)]

    def _fill(self, share: Share, executors: list[Executor]) -> float:
        """Write what is there before the window, as fast as all threads can; return the seconds it took."""
        begin = time.perf_counter()
        if len(share.trace.fill):
            total = len(share.trace.fill)
            Progress(self._communicator, f"{self._stage.name}: filling", total, "objects")(0)
            load = replace(self._stage.load, kind="closed", in_flight=2 * len(executors))
            Run(fill_of(share.trace), load, [], executors).complete()
        return time.perf_counter() - begin

    def _meet(self) -> float:
        """Wait for all ranks, twice: all arrive at the second barrier together, so its length bounds their skew."""
        self._communicator.barrier()
        begin = time.perf_counter()
        self._communicator.barrier()
        return time.perf_counter() - begin


def _moment(counters: Counters) -> _Moment:
    return _Moment(counters.now(), run_queue_s())


def run_queue_s() -> float:
    """Return how long the threads of this process have waited for a processor (/proc/self/task/*/schedstat)."""
    waited_ns = 0
    for task in Path("/proc/self/task").iterdir():
        try:
            waited_ns += int((task / "schedstat").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            continue  # the thread has just ended, or the kernel does not count
    return waited_ns / NS


def _clear(backend: Backend) -> None:
    """Remove what was stored; a storage that does not answer any more has failed the run already, and that is to be told."""
    with suppress(OSError, StoreError, StorageBenchError):
        backend.clear()


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # somebody else's files are in it


if __name__ == "__main__":
    run_rank(work)
