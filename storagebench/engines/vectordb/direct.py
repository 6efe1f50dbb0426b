"""Reading a file past the page cache, into memory that is used again and again."""

import os
import tempfile
from pathlib import Path

from storagebench.engines.storage.buffers import BLOCK_BYTES, aligned_memory, round_up
from storagebench.errors import DatasetError


class DirectFile:
    """A file opened with O_DIRECT; what `read` returns is overwritten by the next read.

    Raises:
        DatasetError: its filesystem cannot do that. There is no silent fallback: figures would be those of memory.
    """

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
        except OSError as error:
            raise DatasetError(
                f"{path} cannot be opened with O_DIRECT ({error.strerror}): choose a --data-dir on a filesystem that "
                "reads past its cache"
            ) from None
        self._memory = aligned_memory(round_up(most_bytes, BLOCK_BYTES) + BLOCK_BYTES)
        self.size_bytes = os.fstat(self._descriptor).st_size

    def read(self, offset: int, length: int) -> memoryview:
        """Return bytes of the file; whole blocks around them are read.

        Raises:
            DatasetError: the file ends before them.
        """
        begin = offset // BLOCK_BYTES * BLOCK_BYTES
        wanted = round_up(offset + length, BLOCK_BYTES) - begin
        done = 0
        while done < wanted:
            got = os.preadv(self._descriptor, [self._memory[done:wanted]], begin + done)
            done += got
            if got <= 0 or done % BLOCK_BYTES:
                break
        if done < offset - begin + length:
            raise DatasetError(f"{self._path} ends at {begin + done:,} where {offset + length:,} bytes were expected")
        return self._memory[offset - begin : offset - begin + length]

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def check_direct(folder: Path) -> None:
    """Read a block of a file that is made for it, past the page cache.

    Raises:
        DatasetError: the folder's filesystem cannot do that; it is better known before a collection is loaded.
    """
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".storagebench-probe-") as probe:
        probe.write(bytes(BLOCK_BYTES))
        probe.flush()
        file = DirectFile(Path(probe.name), BLOCK_BYTES)
        try:
            file.read(0, BLOCK_BYTES)
        finally:
            file.close()
