"""Files that get their name only when they are safely on the device, without the writer waiting for each.

A file is written as ``.<name>.part`` in its own folder. A thread takes finished ones in batches, makes them
durable, renames them and drops their pages from the page cache, while the writer goes on with the next.
Whatever stops the process, a file that has its name is whole.
"""

import ctypes
import os
import threading
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import Self

from storagebench.units import MIB

BATCH_BYTES = 128 * MIB
BATCH_FILES = 4096
LARGE_BYTES = 4 * MIB
"""Files of this size are synced one by one; smaller ones with their whole filesystem, once for each batch."""

_libc = ctypes.CDLL(None, use_errno=True)


def part_of(path: Path) -> Path:
    """Return the name that a file has while it is incomplete; always the same, so that no litter gathers."""
    return path.with_name(f".{path.name}.part")


class Finisher:
    """Gives files their names in the background; leave its context to wait until all have them.

    At most three batches are on their way, which bounds the dirty memory to 384 MiB and one file.

    Raises:
        OSError: on `add` or on leaving the context; a file could not be made durable.
    """

    def __init__(self) -> None:
        self._batch: list[Path] = []
        self._batch_bytes = 0
        self._folders: set[Path] = set()
        self._queue: Queue[tuple[list[Path], bool] | None] = Queue(maxsize=1)
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="finisher", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hand_over()
        self._queue.put(None)
        self._thread.join()
        if error is None:
            self._check()
            for folder in self._folders:
                sync(folder)

    def add(self, path: Path, size: int) -> None:
        """Take over a closed file of `size` bytes, written under the name that `part_of` gives."""
        self._check()
        self._batch.append(path)
        self._batch_bytes += size
        if self._batch_bytes >= BATCH_BYTES or len(self._batch) >= BATCH_FILES:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._batch:
            self._queue.put((self._batch, self._batch_bytes >= LARGE_BYTES * len(self._batch)))
            self._batch, self._batch_bytes = [], 0

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            if self._error is None:
                try:
                    self._finish(*task)
                except OSError as error:
                    self._error = error

    def _finish(self, batch: list[Path], large: bool) -> None:
        if not large:
            _sync_filesystem(batch[0].parent)
        for path in batch:
            part = part_of(path)
            sync(part, needed=large, drop=True)
            part.rename(path)
            self._folders.add(path.parent)


def sync(path: Path, *, needed: bool = True, drop: bool = False) -> None:
    """Make a file or a folder durable, unless that is not `needed`, then drop its pages from the page cache."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if needed:
            os.fsync(descriptor)
        if drop:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _sync_filesystem(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _libc.syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)
