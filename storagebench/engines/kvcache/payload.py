"""What objects hold: bytes that no storage can shrink, with a stamp in every block of 4 KiB.

A buffer is dressed once with filler, incompressible and nowhere alike; each part that is written from it changes only
the stamp of every block and one word of each further sector of 512 bytes. So no two blocks, nor sectors, are equal, and
neither compression nor deduplication saves anything; a storage that keeps only differences to similar blocks would.
Making every word anew costs 0.07 to 0.09 core-s/GiB. The stamp is two words: the run's token mixed with the object's
name, and the object's version with the block's number. A reader checks it in every block, and so knows that a block is
the one it asked for: not stale, not another object's, not shifted, not lost.
"""

import itertools

import numpy as np

from storagebench.engines.kvcache.draws import mix
from storagebench.engines.storage.buffers import Blocks
from storagebench.engines.storage.filler import Filler

_VERSION_BITS = np.uint64(40)
"""Blocks of an object: up to 2^40, which is 4 PiB."""
MOST_PART_BLOCKS = 1 << 16
_MASK = (1 << 64) - 1
_SECTOR_WORDS = 64
"""512 bytes: the smallest grain at which storages find equal data."""


class Payload:
    """Makes and checks the blocks of one run; any number of threads may use it."""

    def __init__(self, token: int) -> None:
        self._filler = Filler(token)
        self._token = token
        self._buffers = itertools.count()
        self._counting = np.arange(MOST_PART_BLOCKS, dtype=np.uint64)

    def dress(self, blocks: Blocks) -> None:
        """Fill a buffer with bytes of its own, before anything is stamped in it."""
        self._filler.fill(blocks, next(self._buffers), 0)

    def stamp(self, blocks: Blocks, name: int, version: int, first_block: int) -> None:
        """Make the blocks of a dressed buffer those of an object from `first_block` on."""
        words = self._filler.words(mix(mix(name) + version & _MASK) & 0xFFFFFFFF, first_block, len(blocks))
        blocks[:, _SECTOR_WORDS::_SECTOR_WORDS] = words[:, np.newaxis]
        blocks[:, 0] = self._word(name)
        np.add(self._counting[: len(blocks)], self._number(version, first_block), out=blocks[:, 1])

    def wrong_block(self, blocks: Blocks, name: int, version: int, first_block: int) -> int | None:
        """Return the number of the object's first block whose stamp is wrong, None when all are right."""
        right = blocks[:, 0] == self._word(name)
        right &= blocks[:, 1] - self._number(version, first_block) == self._counting[: len(blocks)]
        return None if right.all() else first_block + int(np.argmin(right))

    def _word(self, name: int) -> np.uint64:
        return np.uint64(name ^ self._token)

    def _number(self, version: int, first_block: int) -> np.uint64:
        return (np.uint64(version) << _VERSION_BITS) | np.uint64(first_block)
