"""Memory begins where drives and the kernel like it."""

import mmap

import numpy as np
import pytest

from storagebench.engines.storage.buffers import HUGE_PAGE_BYTES, aligned_memory, as_blocks, round_up


@pytest.mark.parametrize(
    ("size", "alignment"), [(4096, mmap.PAGESIZE), (HUGE_PAGE_BYTES, HUGE_PAGE_BYTES), (5 << 20, HUGE_PAGE_BYTES)]
)
def test_memory_has_its_size_and_its_alignment(size, alignment):
    memory = aligned_memory(size)
    assert len(memory) == size
    assert np.frombuffer(memory, np.uint8).ctypes.data % alignment == 0
    memory[-1] = 7
    assert as_blocks(memory)[-1, -1] == 7 << 56


def test_sizes_are_rounded_up():
    assert [round_up(count, 4096) for count in (0, 1, 4096, 4097)] == [0, 4096, 4096, 8192]
