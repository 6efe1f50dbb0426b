"""Bytes that no storage can shrink, at memory speed: a pure function of a seed, a file and a position.

A random block of 1 MiB is drawn once from the seed and repeated; every page of 4 KiB is XORed with a 64-bit word
of its own. Words are splitmix64 of a counter (Steele, Lea, Flood 2014), a bijection: no two pages share one, so
no two pages of a dataset are equal and no compressor finds a match. Drawing all bytes at random costs six times
as much (the generators of numpy give about 2 GB/s, the XOR 13 GB/s).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

PAGE_BYTES = 4096
BLOCK_PAGES = 256
BLOCK_BYTES = BLOCK_PAGES * PAGE_BYTES

Words = NDArray[np.uint64]
"""Pages of filler: shape (pages, 512)."""

_WORDS = PAGE_BYTES // 8
_PAGE_BITS = np.uint64(32)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


class Filler:
    """The filler of one dataset.

    Each file has 2**32 pages, its own and nobody else's, for up to 2**32 files.
    """

    def __init__(self, seed: int) -> None:
        generator = np.random.Generator(np.random.SFC64(seed))
        self.block: Words = generator.integers(0, 2**64, size=(BLOCK_PAGES, _WORDS), dtype=np.uint64)
        self._start = generator.integers(0, 2**64, dtype=np.uint64)
        self._chunk = np.empty_like(self.block)

    def words(self, file: int, first_page: int, pages: int) -> NDArray[np.uint64]:
        """Return the word of each page, shape (pages,)."""
        counter = np.arange(first_page, first_page + pages, dtype=np.uint64)
        word = ((np.uint64(file) << _PAGE_BITS) | counter) * _GOLDEN + self._start
        word = (word ^ (word >> np.uint64(30))) * _MIX_1
        word = (word ^ (word >> np.uint64(27))) * _MIX_2
        return word ^ (word >> np.uint64(31))

    def fill(self, out: Words, file: int, first_page: int) -> None:
        """Write the pages of a file from `first_page` on into `out`, shape (pages, 512)."""
        words = self.words(file, first_page, len(out))[:, np.newaxis]
        done = 0
        while done < len(out):
            start = (first_page + done) % BLOCK_PAGES
            pages = min(BLOCK_PAGES - start, len(out) - done)
            end = done + pages
            np.bitwise_xor(self.block[start : start + pages], words[done:end], out=out[done:end])
            done = end

    def chunks(self, file: int, length: int) -> Iterator[memoryview]:
        """Yield the first `length` bytes of a file's filler, a block at a time; each is gone when the next comes."""
        view = bytes_of(self._chunk)
        for start in range(0, length, BLOCK_BYTES):
            pages = min(BLOCK_PAGES, -(-(length - start) // PAGE_BYTES))
            self.fill(self._chunk[:pages], file, start // PAGE_BYTES)
            yield view[: min(BLOCK_BYTES, length - start)]


def empty_pages(length: int) -> Words:
    """Return uninitialised pages with room for `length` bytes."""
    return np.empty((-(-length // PAGE_BYTES), _WORDS), dtype=np.uint64)


def bytes_of(pages: Words) -> memoryview:
    """See pages as bytes, without a copy."""
    return pages.reshape(-1).view(np.uint8).data
