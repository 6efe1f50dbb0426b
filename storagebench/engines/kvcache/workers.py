"""Threads that execute operations: readers and writers apart, each with its own session and buffer.

Nothing is allocated in the course of an operation but a few small Python objects; the interpreter's lock is free while
the kernel works and while blocks are stamped or checked.
"""

import threading
import time

from storagebench.engines.kvcache.payload import Payload
from storagebench.engines.kvcache.samples import Samples
from storagebench.engines.kvcache.scheduler import Queue, Scheduler
from storagebench.engines.kvcache.stores import Backend, StoreError
from storagebench.engines.kvcache.tiers import DELETE, GET, PUT
from storagebench.engines.kvcache.trace import Trace
from storagebench.engines.storage.buffers import BLOCK_BYTES, aligned_memory, as_blocks
from storagebench.errors import EngineError
from storagebench.units import bytes_text

WORDS = {GET: "reading", PUT: "writing", DELETE: "deleting"}


class Executor:
    """One thread's means: a session, a buffer; turns rows into reads, writes and deletions."""

    def __init__(self, backend: Backend, payload: Payload, part_bytes: int) -> None:
        self._session = backend.session()
        self._verifies = backend.verifies
        self._payload = payload
        self._part_bytes = part_bytes
        self._memory = aligned_memory(part_bytes)
        self._blocks = as_blocks(self._memory)
        payload.dress(self._blocks)  # every page is there before the clock runs
        self._dressed = True

    def put(self, name: int, size_bytes: int, version: int) -> int:
        """Write an object; return the nanoseconds that the backend took."""
        if not self._dressed:
            self._payload.dress(self._blocks)
            self._dressed = True
        session, clock = self._session, time.perf_counter_ns
        begin = clock()
        session.create(name, size_bytes)
        device = clock() - begin
        for offset in range(0, size_bytes, self._part_bytes):
            size = min(self._part_bytes, size_bytes - offset)
            self._payload.stamp(self._blocks[: size // BLOCK_BYTES], name, version, offset // BLOCK_BYTES)
            begin = clock()
            session.write(self._memory[:size], offset)
            device += clock() - begin
        begin = clock()
        session.commit()
        return device + clock() - begin

    def get(self, name: int, size_bytes: int, version: int) -> int:
        """Read an object and check every block; return the nanoseconds that the backend took.

        Raises:
            StoreError: it is not what was written.
        """
        self._dressed = False  # what is read lies over it
        session, clock = self._session, time.perf_counter_ns
        begin = clock()
        session.open(name, size_bytes)
        device = clock() - begin
        for offset in range(0, size_bytes, self._part_bytes):
            size = min(self._part_bytes, size_bytes - offset)
            begin = clock()
            session.read(self._memory[:size], offset)
            device += clock() - begin
            first = offset // BLOCK_BYTES
            wrong = self._payload.wrong_block(self._blocks[: size // BLOCK_BYTES], name, version, first)
            if wrong is not None and self._verifies:
                raise StoreError(f"block {wrong:,} is not what was written: its stamp is wrong")
        begin = clock()
        session.close()
        return device + clock() - begin

    def delete(self, name: int) -> int:
        """Remove an object; return the nanoseconds that the backend took."""
        begin = time.perf_counter_ns()
        self._session.delete(name)
        return time.perf_counter_ns() - begin

    def give_up(self) -> None:
        """Leave nothing half done."""
        self._session.discard()


class Crew:
    """The threads of one rank; they work until they are stopped or one of them fails.

    Args:
        trace: the rows.
        executors: one for each thread.
        samples: takes the moments of begin and end.
    """

    def __init__(self, trace: Trace, executors: list[Executor], samples: Samples) -> None:
        operations = trace.operations
        self._kinds = operations["kind"].tolist()
        self._names = operations["object"].tolist()
        self._sizes = operations["size_bytes"].tolist()
        self._versions = operations["version"].tolist()
        self._executors = executors
        self._samples = samples
        self._threads: list[threading.Thread] = []
        self._queues: list[Queue] = []
        self._failures: list[str] = []
        self.stopping = threading.Event()

    def start(self, scheduler: Scheduler, queues: list[Queue]) -> None:
        """Start the threads; each takes from the queue at its place."""
        self._queues = queues
        for executor, queue in zip(self._executors, queues, strict=True):
            thread = threading.Thread(target=self._work, args=(executor, queue, scheduler), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Begin nothing more, finish what was begun, and end the threads."""
        self.stopping.set()
        for queue in self._queues:
            queue.put(None)
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> int:
        """How many operations failed."""
        return len(self._failures)

    def check(self) -> None:
        """Tell the first failure.

        Raises:
            EngineError: an operation failed.
        """
        if self._failures:
            more = f" (and {len(self._failures) - 1} more operations)" if len(self._failures) > 1 else ""
            raise EngineError(f"{self._failures[0]}{more}")

    def _work(self, executor: Executor, queue: Queue, scheduler: Scheduler) -> None:
        samples, stopping, clock = self._samples, self.stopping.is_set, time.perf_counter_ns
        while (row := queue.get()) is not None and not stopping():
            begin = clock()
            try:
                device = self._execute(executor, row)
            except Exception as error:  # noqa: BLE001 - a thread that ended in silence would leave a run that looks whole
                executor.give_up()
                self._fail(row, error)
                return
            samples.device[row] = device
            samples.started[row] = begin
            samples.ended[row] = clock()
            scheduler.finish(row)

    def _execute(self, executor: Executor, row: int) -> int:
        kind, name = self._kinds[row], self._names[row]
        if kind == GET:
            return executor.get(name, self._sizes[row], self._versions[row])
        if kind == PUT:
            return executor.put(name, self._sizes[row], self._versions[row])
        return executor.delete(name)

    def _fail(self, row: int, error: Exception) -> None:
        self._failures.append(
            f"{WORDS[self._kinds[row]]} object {self._names[row]:016x} "
            f"({bytes_text(self._sizes[row])}) failed: {_sentence(error)}"
        )
        self.stopping.set()


def _sentence(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is gone although nobody deleted it"
    if isinstance(error, OSError | StoreError):
        return getattr(error, "strerror", None) or str(error)
    return f"{type(error).__name__}: {error}"
