"""One file at a time, streamed through memory that is used again: any size, the same few MiB.

Buffered files are written, then synced; with O_DIRECT whole blocks go past the page cache, and what the last one
has too much is cut off before the sync. Either way a file counts as written when it is on stable storage.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from storagebench.engines.checkpointing.transfer import Transfer
from storagebench.engines.storage.buffers import BLOCK_BYTES, aligned_memory, as_blocks, round_up
from storagebench.engines.storage.stamps import Origin, Stamper, describe_block
from storagebench.errors import EngineError


class Stream:
    """Writes and reads files; for one thread only.

    Args:
        token: the run whose blocks they are.
        transfer: how bytes go to and from the storage.
        moved: hears of every request how many bytes it moved.
    """

    def __init__(self, token: int, transfer: Transfer, moved: Callable[[int], None]) -> None:
        self._moved = moved
        self._stamper = Stamper(token)
        self._transfer = transfer
        self._memory = aligned_memory(transfer.chunk_bytes)
        self._blocks = as_blocks(self._memory)
        self._scratch = as_blocks(aligned_memory(transfer.chunk_bytes)) if transfer.verify == "all" else None

    def write(self, path: str, size_bytes: int, origin: Origin) -> None:
        """Write a file and wait until the storage has it for good (unless `fsync` is off); an old one is replaced.

        Raises:
            EngineError: the file cannot be written; what was written of it is removed.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | self._transfer.open_flag
        with _opened(path, flags, "written") as descriptor:
            try:
                self._write_all(descriptor, size_bytes, origin)
                if self._transfer.fsync:
                    os.fsync(descriptor)
            except OSError as error:
                os.unlink(path)  # noqa: PTH108 - beside os.open it reads better than a Path
                _explain(path, "written", error)

    def read(self, path: str, size_bytes: int, origin: Origin) -> None:
        """Read a file whole and check what it holds.

        Raises:
            EngineError: it is missing, has another size, cannot be read, or does not hold what was written.
        """
        with _opened(path, os.O_RDONLY | os.O_CLOEXEC | self._transfer.open_flag, "read") as descriptor:
            found = os.fstat(descriptor).st_size
            if found != size_bytes:
                raise EngineError(f"{path} has {found:,} bytes where {size_bytes:,} were written: it is damaged")
            if not self._transfer.direct:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
            try:
                self._read_all(descriptor, path, size_bytes, origin)
            except OSError as error:
                _explain(path, "read", error)

    def _write_all(self, descriptor: int, size_bytes: int, origin: Origin) -> None:
        for at in range(0, size_bytes, self._transfer.chunk_bytes):
            length = min(self._transfer.chunk_bytes, size_bytes - at)
            whole = round_up(length, BLOCK_BYTES)
            self._stamper.fill(self._blocks[: whole // BLOCK_BYTES], origin, at // BLOCK_BYTES)
            self._put(descriptor, self._memory[: whole if self._transfer.direct else length], at)
            self._moved(length)
        if self._transfer.direct and size_bytes % BLOCK_BYTES:
            os.ftruncate(descriptor, size_bytes)

    def _put(self, descriptor: int, chunk: memoryview, at: int) -> None:
        while chunk:
            written = os.pwrite(descriptor, chunk, at)
            chunk, at = chunk[written:], at + written

    def _read_all(self, descriptor: int, path: str, size_bytes: int, origin: Origin) -> None:
        for at in range(0, size_bytes, self._transfer.chunk_bytes):
            length = min(self._transfer.chunk_bytes, size_bytes - at)
            wanted = round_up(length, BLOCK_BYTES) if self._transfer.direct else length
            self._get(descriptor, path, self._memory[:wanted], at, length)
            self._check(path, length, origin, at // BLOCK_BYTES)
            self._moved(length)

    def _get(self, descriptor: int, path: str, chunk: memoryview, at: int, length: int) -> None:
        done = 0
        while done < length:
            got = os.preadv(descriptor, [chunk[done:]], at + done)
            if not got:
                raise EngineError(f"{path} ends at {at + done:,} bytes while it is read: somebody cut it short")
            done += got

    def _check(self, path: str, length: int, origin: Origin, first_block: int) -> None:
        whole, rest = divmod(length, BLOCK_BYTES)
        blocks = self._blocks[:whole]
        if self._scratch is None:
            wrong = self._stamper.wrong_stamp(blocks, origin, first_block)
        else:
            wrong = self._stamper.wrong_block(blocks, origin, first_block, self._scratch)
        if wrong is None and rest:
            tail = self._memory[whole * BLOCK_BYTES : length]
            wrong = whole if self._stamper.wrong_tail(tail, origin, first_block + whole) else None
        if wrong is not None:
            block = bytes(self._memory[wrong * BLOCK_BYTES : min(length, (wrong + 1) * BLOCK_BYTES)])
            raise EngineError(_mismatch(path, origin, first_block + wrong, describe_block(block)))


def _mismatch(path: str, origin: Origin, number: int, found: str) -> str:
    needed = f"block {number:,} of file {origin.file} of rank {origin.rank}, checkpoint {origin.checkpoint}"
    if found == needed:
        found = "a block of this place with other content: of another run, or damaged"
    return (
        f"{path} is not what was written: at byte {number * BLOCK_BYTES:,} it holds {found}, not {needed} of this run"
    )


@contextmanager
def _opened(path: str, flags: int, done: str) -> Iterator[int]:
    try:
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        _explain(path, done, error)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _explain(path: str, done: str, error: OSError) -> NoReturn:
    """Turn an OSError into one sentence.

    Raises:
        EngineError: always.
    """
    if isinstance(error, FileNotFoundError) and done == "read":
        raise EngineError(f"{path} is missing: the checkpoint is not whole; write it anew") from None
    if error.errno == errno.EINVAL:
        raise EngineError(
            f"{path} cannot be {done}: this filesystem refuses O_DIRECT; set checkpoint.odirect=false"
        ) from None
    raise EngineError(f"{path} cannot be {done}: {error.strerror}") from None
