"""Memory for reads and writes: aligned to pages, of huge pages where it is large, and used again and again."""

import mmap

import numpy as np
from numpy.typing import NDArray

from storagebench.units import MIB

HUGE_PAGE_BYTES = 2 * MIB
"""From this size on, memory asks for huge pages: a drive takes a request in few pieces, and one to 4 KiB pages is cut
up (measured on a virtual disk of 254 segments: 0.77 GiB/s to small pages, 2.0 GiB/s to huge ones)."""

BLOCK_BYTES = 4096
"""The alignment that O_DIRECT is satisfied with on every common filesystem."""

BLOCK_WORDS = BLOCK_BYTES // 8

Blocks = NDArray[np.uint64]
"""Blocks of 4 KiB as words of 8 bytes: shape (blocks, 512)."""


def aligned_memory(size_bytes: int) -> memoryview:
    """Return private memory that begins on a page, or on a huge page where it holds one.

    Anonymous mappings begin on a small page only: a huge one needs the surplus that is cut off here.
    """
    surplus = HUGE_PAGE_BYTES if size_bytes >= HUGE_PAGE_BYTES else 0
    memory = mmap.mmap(-1, size_bytes + surplus, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if not surplus:
        return memoryview(memory)
    memory.madvise(mmap.MADV_HUGEPAGE)
    address = np.frombuffer(memory, np.uint8).ctypes.data
    begin = -address % HUGE_PAGE_BYTES
    return memoryview(memory)[begin : begin + size_bytes]


def as_blocks(memory: memoryview) -> Blocks:
    """See memory as blocks, without a copy; its size is a multiple of a block's."""
    return np.frombuffer(memory, np.uint64).reshape(-1, BLOCK_WORDS)


def round_up(count: int, multiple: int) -> int:
    """Return the smallest multiple that is not below `count`."""
    return -(-count // multiple) * multiple
