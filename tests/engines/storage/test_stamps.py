"""Every block says where it is from, none is like another, and nothing shrinks them."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.storage.buffers import aligned_memory, as_blocks
from storagebench.engines.storage.stamps import Origin, Stamper, describe_block

ORIGIN = Origin(token=2**64 - 1, checkpoint=3, rank=1023, file=4)


def blocks_of(origin, first_block, count=16):
    blocks = as_blocks(aligned_memory(count * 4096))
    Stamper(origin.token).fill(blocks, origin, first_block)
    return blocks


def test_blocks_are_the_ones_asked_for():
    blocks = blocks_of(ORIGIN, 5)
    stamper = Stamper(ORIGIN.token)
    assert stamper.wrong_stamp(blocks, ORIGIN, 5) is None
    assert stamper.wrong_block(blocks, ORIGIN, 5, np.empty_like(blocks)) is None


@pytest.mark.parametrize(
    "other",
    [
        Origin(1, 3, 1023, 4),
        Origin(ORIGIN.token, 2, 1023, 4),
        Origin(ORIGIN.token, 3, 1022, 4),
        Origin(ORIGIN.token, 3, 1023, 5),
    ],
    ids=["run", "checkpoint", "rank", "file"],
)
def test_blocks_of_another_origin_are_told_apart(other):
    assert Stamper(ORIGIN.token).wrong_stamp(blocks_of(other, 5), ORIGIN, 5) == 0


def test_a_shifted_file_is_told_apart():
    assert Stamper(ORIGIN.token).wrong_stamp(blocks_of(ORIGIN, 6), ORIGIN, 5) == 0


@given(place=st.integers(0, 15), byte=st.integers(0, 31), bit=st.integers(0, 7))
def test_any_flipped_bit_of_a_stamp_is_found(place, byte, bit):
    blocks = blocks_of(ORIGIN, 0)
    blocks.view(np.uint8)[place, byte] ^= 1 << bit
    assert Stamper(ORIGIN.token).wrong_stamp(blocks, ORIGIN, 0) == place


@given(place=st.integers(0, 15), byte=st.integers(32, 4095))
def test_any_other_wrong_byte_is_found_by_looking_at_all(place, byte):
    blocks = blocks_of(ORIGIN, 0)
    blocks.view(np.uint8)[place, byte] ^= 1
    stamper = Stamper(ORIGIN.token)
    assert stamper.wrong_stamp(blocks, ORIGIN, 0) is None
    assert stamper.wrong_block(blocks, ORIGIN, 0, np.empty_like(blocks)) == place


def test_no_block_is_like_another_and_nothing_shrinks_them():
    content = b"".join(blocks_of(Origin(7, c, r, f), 0, 64).tobytes() for c in (1, 2) for r in (0, 1) for f in (0, 1))
    assert len({content[at : at + 4096] for at in range(0, len(content), 4096)}) == len(content) // 4096
    assert len(zlib.compress(content)) > 0.99 * len(content)


def test_the_last_bytes_of_a_file_are_checked_too():
    tail = memoryview(blocks_of(ORIGIN, 9, 1).tobytes())[:1000]
    stamper = Stamper(ORIGIN.token)
    assert not stamper.wrong_tail(tail, ORIGIN, 9)
    assert stamper.wrong_tail(bytes(999) + b"x", ORIGIN, 9)


def test_a_block_can_be_described():
    assert describe_block(blocks_of(ORIGIN, 9, 1).tobytes()) == "block 9 of file 4 of rank 1023, checkpoint 3"
    assert describe_block(bytes(4096)) == "zeros"
    assert describe_block(b"x" * 4096) == "bytes without a stamp"
    assert describe_block(b"x" * 20) == "other bytes"
