"""The CRC-32 of filler without reading it: the checksum is linear, and filler is a known block XOR a few words.

With D the linear part of CRC-32, crc(block ^ mask, start) = crc(block, start) ^ D(mask). The mask of a page is one
word repeated, so D of it is the XOR of eight table entries, one for each byte of the word; a table for every page
position of a block (2 MiB) costs 10 ms once and makes the checksum ten times cheaper than `zlib.crc32`.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

from storagebench.engines.storage.filler import BLOCK_BYTES, BLOCK_PAGES, PAGE_BYTES, Filler, bytes_of

_Crcs = NDArray[np.uint32]


class FillerCrc:
    """Checksums of whole blocks of one filler."""

    def __init__(self, filler: Filler) -> None:
        self._filler = filler
        self._block_crc = np.uint32(zlib.crc32(bytes_of(filler.block)))
        self._advance_block = _byte_tables(_advances(BLOCK_BYTES))
        self._masks = _mask_tables()
        self._pages = np.arange(BLOCK_PAGES)[:, np.newaxis]

    def update(self, crc: int, file: int, block: int) -> int:
        """Return the CRC-32 of what `crc` stands for, followed by block number `block` of the file's filler."""
        words = self._filler.words(file, block * BLOCK_PAGES, BLOCK_PAGES)
        word_bytes = words.view(np.uint8).reshape(BLOCK_PAGES, 8)
        mask_crc = np.bitwise_xor.reduce(self._masks[self._pages, np.arange(8), word_bytes], axis=None)
        before = _look_up(self._advance_block, np.array([crc], dtype=np.uint32))[0]
        return int(before ^ self._block_crc ^ mask_crc)


def _advances(length: int) -> _Crcs:
    """Return D's register after `length` bytes of zeros for each single bit set before, shape (32,)."""
    zeros = bytes(length)
    rest = zlib.crc32(zeros)
    return np.array([zlib.crc32(zeros, 1 << bit) ^ rest for bit in range(32)], dtype=np.uint32)


def _byte_tables(bits: _Crcs) -> _Crcs:
    """Expand the image of every bit to the image of every byte value, shape (bits / 8, 256)."""
    tables = np.zeros((len(bits) // 8, 256), dtype=np.uint32)
    for bit, image in enumerate(bits):
        position, shift = divmod(bit, 8)
        tables[position, (np.arange(256) >> shift) & 1 == 1] ^= image
    return tables


def _look_up(tables: _Crcs, crcs: _Crcs) -> _Crcs:
    """Apply a linear map of 32 bits, given as byte tables, to each element."""
    positions = np.arange(4, dtype=np.uint32)
    crc_bytes = (crcs[..., np.newaxis] >> (8 * positions)) & 0xFF
    found: _Crcs = np.bitwise_xor.reduce(tables[positions, crc_bytes], axis=-1)
    return found


def _mask_tables() -> _Crcs:
    """Return D of a byte repeated every 8 bytes over one page of a block: shape (page, byte of the word, value)."""
    rest = zlib.crc32(bytes(PAGE_BYTES))
    bits = [zlib.crc32((1 << bit).to_bytes(8, "little") * (PAGE_BYTES // 8)) ^ rest for bit in range(64)]
    advance_page = _byte_tables(_advances(PAGE_BYTES))
    tables = np.empty((BLOCK_PAGES, 8, 256), dtype=np.uint32)
    tables[-1] = _byte_tables(np.array(bits, dtype=np.uint32))
    for page in range(BLOCK_PAGES - 1, 0, -1):
        tables[page - 1] = _look_up(advance_page, tables[page])
    return tables
