"""Stamps: every block knows its object, version and place."""

import zlib

import numpy as np
import pytest

from storagebench.engines.kvcache.payload import Payload
from storagebench.engines.storage.buffers import aligned_memory, as_blocks

PAYLOAD = Payload(0xABCDEF)


def blocks(name=5, version=1, first=0, count=16):
    memory = aligned_memory(count * 4096)
    found = as_blocks(memory)
    PAYLOAD.dress(found)
    PAYLOAD.stamp(found, name, version, first)
    return found


def test_what_was_written_is_right():
    assert PAYLOAD.wrong_block(blocks(first=32), 5, 1, 32) is None


@pytest.mark.parametrize(("name", "version", "first"), [(6, 1, 0), (5, 2, 0), (5, 1, 1)])
def test_another_object_version_or_place_is_wrong(name, version, first):
    assert PAYLOAD.wrong_block(blocks(name, version, first), 5, 1, 0) == 0


def test_another_runs_blocks_are_wrong():
    assert Payload(0xABCDEE).wrong_block(blocks(), 5, 1, 0) == 0


def test_the_first_wrong_block_is_named():
    found = blocks(first=100)
    found[7, 1] ^= np.uint64(1)
    found[9] = 0
    assert PAYLOAD.wrong_block(found, 5, 1, 100) == 107


def test_a_buffer_that_is_used_again_neither_repeats_nor_shrinks():
    buffer = as_blocks(aligned_memory(512 * 4096))
    PAYLOAD.dress(buffer)
    written = []
    for name, version, first in ((1, 1, 0), (1, 1, 512), (1, 2, 0), (2, 1, 0)):
        PAYLOAD.stamp(buffer, name, version, first)
        assert PAYLOAD.wrong_block(buffer, name, version, first) is None
        assert len(zlib.compress(buffer.tobytes())) > 0.99 * buffer.nbytes
        written.append(buffer.copy())
    sectors = np.concatenate(written).reshape(-1, 64)
    assert len({sector.tobytes() for sector in sectors}) == len(sectors)


def test_what_a_buffer_held_before_is_wrong():
    buffer = blocks(version=1)
    PAYLOAD.stamp(buffer[:7], 5, 2, 0)
    assert PAYLOAD.wrong_block(buffer, 5, 2, 0) == 7


def test_two_buffers_are_dressed_apart():
    first, second = blocks(), blocks()
    assert not (first[:, 64 + 1 :] == second[:, 64 + 1 :]).all(axis=1).any()
