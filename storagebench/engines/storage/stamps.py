"""A stamp at the head of every block of 4 KiB: which run wrote it, for which checkpoint, rank, file and place.

So no two blocks of a storage are equal, and a reader can tell at memory speed that a block is the one it asked for:
not stale, not of another file, not shifted, not lost. The rest of a block is filler, different in every word from
that of other blocks.

A stamp is four words of 8 bytes, in the byte order of the machine: the run's token, checkpoint and rank, file and a
word that never changes, the block's number.
"""

from dataclasses import dataclass

import numpy as np

from storagebench.engines.storage.buffers import BLOCK_BYTES, Blocks, as_blocks
from storagebench.engines.storage.filler import Filler

STAMP_WORDS = 4
STAMP_BYTES = 8 * STAMP_WORDS
_MARK = 0x53544D50
"""'STMP': the lower half of the third word."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose blocks these are; `token` identifies the run, the numbers count from 0 but for the checkpoint's."""

    token: int
    checkpoint: int
    rank: int
    file: int

    def words(self) -> tuple[int, int, int]:
        """Return the words that all blocks of a file share."""
        return self.token, self.checkpoint << 32 | self.rank, self.file << 32 | _MARK

    def serial(self) -> int:
        """Return a number for the filler that two files of a run hardly ever share."""
        return (self.checkpoint * 0x9E3779B1 + self.rank * 0x85EBCA6B + self.file * 0xC2B2AE35) % 2**32


class Stamper:
    """Makes and checks the blocks of one run; for one thread only."""

    def __init__(self, token: int) -> None:
        self._filler = Filler(token)

    def fill(self, blocks: Blocks, origin: Origin, first_block: int) -> None:
        """Write the blocks of a file from `first_block` on."""
        self._filler.fill(blocks, origin.serial(), first_block)
        for column, word in enumerate(origin.words()):
            blocks[:, column] = word
        blocks[:, 3] = np.arange(first_block, first_block + len(blocks), dtype=np.uint64)

    def wrong_stamp(self, blocks: Blocks, origin: Origin, first_block: int) -> int | None:
        """Return the place among `blocks` of the first one whose stamp is wrong, None when all are right."""
        right = blocks[:, 3] == np.arange(first_block, first_block + len(blocks), dtype=np.uint64)
        for column, word in enumerate(origin.words()):
            right &= blocks[:, column] == np.uint64(word)
        return None if right.all() else int(np.argmin(right))

    def wrong_block(self, blocks: Blocks, origin: Origin, first_block: int, scratch: Blocks) -> int | None:
        """Return the place of the first block of which any byte is wrong; `scratch` is as large as `blocks`."""
        expected = scratch[: len(blocks)]
        self.fill(expected, origin, first_block)
        if np.array_equal(blocks, expected):
            return None
        return int(np.argmin((blocks == expected).all(axis=1)))

    def wrong_tail(self, tail: memoryview, origin: Origin, block: int) -> bool:
        """Say whether the last bytes of a file, less than a block, are wrong."""
        expected = bytearray(BLOCK_BYTES)
        self.fill(as_blocks(memoryview(expected)), origin, block)
        return bytes(tail) != expected[: len(tail)]


def describe_block(block: bytes) -> str:
    """Say what a block holds, for an error message."""
    if not any(block):
        return "zeros"
    if len(block) < STAMP_BYTES:
        return "other bytes"
    _, second, third, number = np.frombuffer(block[:STAMP_BYTES], np.uint64).tolist()
    if third & 0xFFFFFFFF != _MARK:
        return "bytes without a stamp"
    return f"block {number:,} of file {third >> 32} of rank {second & 0xFFFFFFFF}, checkpoint {second >> 32}"
