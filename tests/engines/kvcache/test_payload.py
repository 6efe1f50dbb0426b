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
    PAYLOAD.fill(found, name, version, first)
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


def test_blocks_neither_repeat_nor_shrink():
    many = np.concatenate([blocks(name, version) for name in (1, 2) for version in (1, 2)])
    assert len({row.tobytes() for row in many}) == len(many)
    assert len({row[2:].tobytes() for row in many}) == len(many)  # not by their stamps alone
    assert len(zlib.compress(many.tobytes())) > 0.99 * many.nbytes
