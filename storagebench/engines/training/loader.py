"""Batches ahead of the step loop, read by threads, never further ahead than the workload allows.

The bound is that of DLIO 2.0.0's PyTorch loader (`data_loader/torch_data_loader.py`): `prefetch_size` is spread over
the readers and rounded up, and each reader may have that many batches waiting. A faster storage than the bound
allows must not look faster here.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

from storagebench.engines.training.schedule import Piece

ReadPiece = Callable[[Piece], int]
"""Reads one piece and returns its bytes; used by one thread only, so it may keep a buffer."""


class Batches(Protocol):
    """The pieces of each step, as `Share` knows them."""

    steps: int

    def pieces(self, step: int) -> Iterable[Piece]:
        """Yield the pieces of one step, counted from 0."""
        ...


def batches_ahead(read_threads: int, prefetch_size: int | None) -> int:
    """Say how many batches may wait unread by the step loop: ``batches_ahead(4, 2) == 4``.

    `prefetch_size` defaults to 2; zero or less means two for each reader. Without reading threads it is 0.
    """
    if read_threads <= 0:
        return 0
    if prefetch_size is None:
        prefetch_size = 2
    return read_threads * (-(-prefetch_size // read_threads) if prefetch_size > 0 else 2)


class Loader:
    """One epoch's batches in order; a context manager, since its threads must not outlive the epoch.

    Args:
        batches: what to read at each step.
        reads: one function for each reading thread; the first alone serves the step loop when `ahead` is 0.
        ahead: how many batches may be read, or being read, before the step loop has asked for them.
    """

    def __init__(self, batches: Batches, reads: Sequence[ReadPiece], ahead: int) -> None:
        self._batches = batches
        self._reads = reads
        self._ahead = ahead
        self._taken = 0
        self._opened = 0
        self._pieces: Iterator[Piece] = iter(())
        self._unread: dict[int, int] = {}
        self._bytes: dict[int, int] = {}
        self._failure: Exception | None = None
        self._closed = False
        lock = threading.Lock()
        self._room = threading.Condition(lock)
        self._ready = threading.Condition(lock)
        self._threads = [threading.Thread(target=self._read_on, args=(read,), daemon=True) for read in reads]

    def __enter__(self) -> Self:
        if self._ahead:
            for thread in self._threads:
                thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._ahead:
            with self._room:
                self._closed = True
                self._room.notify_all()
            for thread in self._threads:
                thread.join()

    def next_batch(self) -> int:
        """Wait until the next batch has been read and return its bytes.

        Raises:
            EngineError: a reader failed, here or in a thread; the first failure is told again at every call.
        """
        if not self._ahead:
            self._taken += 1
            return sum(map(self._reads[0], self._batches.pieces(self._taken - 1)))
        with self._ready:
            while self._failure is None and self._unread.get(self._taken, 1):
                self._ready.wait()
            if self._failure is not None:
                raise self._failure
            del self._unread[self._taken]
            size = self._bytes.pop(self._taken)
            self._taken += 1
            self._room.notify_all()
            return size

    def _read_on(self, read: ReadPiece) -> None:
        """Be a reading thread: one visit to the lock for each piece, none while reading."""
        try:
            task = self._exchange(None, 0)
            while task is not None:
                step, piece = task
                task = self._exchange(step, read(piece))
        except Exception as error:  # noqa: BLE001 - whatever it is, the step loop must hear of it, or wait for ever
            with self._ready:
                self._failure = self._failure or error
                self._ready.notify()
                self._room.notify_all()

    def _exchange(self, finished: int | None, size: int) -> tuple[int, Piece] | None:
        """Hand in a piece of step `finished` and take the next one; None ends the thread."""
        with self._room:
            if finished is not None:
                self._unread[finished] -= 1
                self._bytes[finished] += size
                self._tell_if_ready(finished)
            while not (self._closed or self._failure):
                piece = next(self._pieces, None)
                if piece is not None:
                    return self._opened - 1, piece
                if self._opened == self._batches.steps:
                    return None
                if self._opened < self._taken + self._ahead:
                    self._open_next()
                else:
                    self._room.wait()
            return None

    def _open_next(self) -> None:
        pieces = list(self._batches.pieces(self._opened))
        self._pieces = iter(pieces)
        self._unread[self._opened] = len(pieces)
        self._bytes[self._opened] = 0
        self._tell_if_ready(self._opened)
        self._opened += 1

    def _tell_if_ready(self, step: int) -> None:
        if step == self._taken and not self._unread[step]:
            self._ready.notify()
