"""Byte ranges of files, read through page-aligned memory that is used again and again.

Raw reading passes over a file in chunks and keeps nothing, as edition 3.0's engine does; decoding needs the bytes
together. O_DIRECT takes whole blocks only, so ranges are rounded outwards and the surplus is ignored.
"""

import errno
import os
from collections.abc import Sequence
from typing import NoReturn

from storagebench.engines.storage.buffers import BLOCK_BYTES, aligned_memory, round_up
from storagebench.engines.training.layout import Extent
from storagebench.errors import EngineError
from storagebench.memory import STORE_STEP_BYTES


class ShortReadError(Exception):
    """A file ended before the bytes that the layout puts there."""

    def __init__(self, path: str, size_bytes: int) -> None:
        super().__init__(path, size_bytes)
        self.path = path
        self.size_bytes = size_bytes


class Reader:
    """Reads with `preadv` into its own memory; for one thread only.

    Args:
        direct: bypass the page cache with O_DIRECT.
        chunk_bytes: size of one request, rounded up to whole blocks.
    """

    def __init__(self, *, direct: bool, chunk_bytes: int) -> None:
        self._flags = os.O_RDONLY | os.O_CLOEXEC | (os.O_DIRECT if direct else 0)
        self._block = BLOCK_BYTES if direct else 1
        self._chunk_bytes = round_up(chunk_bytes, BLOCK_BYTES)
        self._chunk = aligned_memory(self._chunk_bytes)
        self._store = self._chunk

    def skim(self, path: str, extents: Sequence[Extent]) -> int:
        """Read the extents and drop the bytes; return how many the extents hold.

        Raises:
            ShortReadError: the file is too short.
            EngineError: the file cannot be opened or read.
        """
        descriptor = self._open(path)
        try:
            return sum(self._skim_extent(descriptor, extent) for extent in extents)
        except OSError as error:
            self._explain(path, error)
        except EOFError:
            raise ShortReadError(path, os.fstat(descriptor).st_size) from None
        finally:
            os.close(descriptor)

    def load(self, path: str, extents: Sequence[Extent]) -> list[memoryview]:
        """Read the extents and return their bytes, which are overwritten by the next call.

        Raises:
            ShortReadError: the file is too short.
            EngineError: the file cannot be opened or read.
        """
        spans = [self._span(extent) for extent in extents]
        self._reserve(sum(end - begin for begin, end in spans))
        views, used = [], 0
        descriptor = self._open(path)
        try:
            for extent, (begin, end) in zip(extents, spans, strict=True):
                self._fill(descriptor, begin, extent.offset + extent.length, used)
                at = used + extent.offset - begin
                views.append(self._store[at : at + extent.length])
                used += end - begin
        except OSError as error:
            self._explain(path, error)
        except EOFError:
            raise ShortReadError(path, os.fstat(descriptor).st_size) from None
        finally:
            os.close(descriptor)
        return views

    def _skim_extent(self, descriptor: int, extent: Extent) -> int:
        position, end = self._span(extent)
        needed = extent.offset + extent.length
        if needed - position > self._chunk_bytes and self._block == 1:
            os.posix_fadvise(descriptor, position, end - position, os.POSIX_FADV_SEQUENTIAL)
        while position < needed:
            size = min(self._chunk_bytes, end - position)
            position += self._request(descriptor, self._chunk[:size], position, needed)
        return extent.length

    def _fill(self, descriptor: int, position: int, needed: int, at: int) -> None:
        end = round_up(needed, self._block)
        while position < needed:
            size = min(self._chunk_bytes, end - position)
            got = self._request(descriptor, self._store[at : at + size], position, needed)
            position += got
            at += got

    def _request(self, descriptor: int, target: memoryview, position: int, needed: int) -> int:
        got = os.preadv(descriptor, (target,), position)
        if got < len(target) and position + got < needed and (got == 0 or got % self._block):
            raise EOFError  # a block that is not whole lies at the end of a file
        return got

    def _span(self, extent: Extent) -> tuple[int, int]:
        """Round an extent outwards to whole blocks."""
        return extent.offset // self._block * self._block, round_up(extent.offset + extent.length, self._block)

    def _reserve(self, size_bytes: int) -> None:
        if len(self._store) < size_bytes:
            self._store = aligned_memory(round_up(size_bytes, STORE_STEP_BYTES))

    def _open(self, path: str) -> int:
        try:
            return os.open(path, self._flags)
        except OSError as error:
            self._explain(path, error)

    def _explain(self, path: str, error: OSError) -> NoReturn:
        """Turn an OSError into one sentence.

        Raises:
            EngineError: always.
        """
        if isinstance(error, FileNotFoundError):
            raise EngineError(
                f"{path} is missing: the dataset is damaged; delete its folder to have it generated again"
            ) from None
        if error.errno == errno.EINVAL and self._block > 1:
            raise EngineError(
                f"{path}: this filesystem refuses O_DIRECT reads of {self._chunk_bytes} bytes; "
                "set reader.odirect=false or another reader.transfer_size"
            ) from None
        raise EngineError(f"{path} cannot be read: {error.strerror}") from None
