"""Jpeg files of exactly the record length: a grey image of 8 by 8 pixels behind comments full of filler.

A real photograph of that many bytes would cost the encoder and teach the storage nothing; every byte counted here is
incompressible, where DLIO's jpegs of 64 KiB hold 36 KB (it counts pixels, then lets the encoder shrink them).
"""

import struct
from itertools import pairwise
from typing import BinaryIO

from storagebench.engines.storage.filler import PAGE_BYTES, Filler, bytes_of, empty_pages
from storagebench.engines.training.formats.lengths import record_lengths
from storagebench.engines.training.layout import Extent, relative_path
from storagebench.model import Dataset

_COMMENT_BYTES = 4 + 65533
"""The longest comment: marker, length, text (ITU T.81, B.2.4.5)."""


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


_START = b"\xff\xd8"
_IMAGE = (
    _segment(0xDB, bytes([0]) + bytes([1] * 64))  # one quantisation table
    + _segment(0xC0, bytes([8, 0, 8, 0, 8, 1, 1, 0x11, 0]))  # baseline, 8 × 8, one component
    + _segment(0xC4, bytes([0x00, 1, *[0] * 15, 0]))  # DC code: the bit 0 is "no difference"
    + _segment(0xC4, bytes([0x10, 1, *[0] * 15, 0]))  # AC code: the bit 0 is "end of block"
    + _segment(0xDA, bytes([1, 1, 0x00, 0, 63, 0]))
    + b"\x3f"  # one block: two bits 0, then ones to fill the byte
    + b"\xff\xd9"
)
LEAST_BYTES = len(_START) + 4 + len(_IMAGE)
"""The smallest file, with one empty comment."""


class JpegFiles:
    """The files of a jpeg dataset, one sample in each."""

    samples_per_unit = 1

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._lengths = record_lengths(dataset, LEAST_BYTES)
        self._buffer = empty_pages(0)

    def path(self, file: int) -> str:
        """Return the name of a file relative to the dataset's folder."""
        return relative_path(self._dataset, file)

    def file_bytes(self, file: int) -> int:
        """Return the exact size of a file in bytes."""
        return int(self._lengths[file])

    def extents(self, file: int, first_sample: int, count: int) -> tuple[Extent, ...]:
        """Return the whole file."""
        return (Extent(0, self.file_bytes(file)),)

    def write(self, file: int, filler: Filler, sink: BinaryIO) -> None:
        """Write a file in one piece."""
        length = self.file_bytes(file)
        if self._buffer.nbytes < length:
            self._buffer = empty_pages(length)
        filler.fill(self._buffer[: -(-length // PAGE_BYTES)], file, 0)
        content = bytes_of(self._buffer)[:length]
        content[: len(_START)] = _START
        content[length - len(_IMAGE) :] = _IMAGE
        for offset, size in _comments(length):
            content[offset : offset + 4] = struct.pack(">BBH", 0xFF, 0xFE, size - 2)
        sink.write(content)


def _comments(length: int) -> list[tuple[int, int]]:
    """Split what is left of a file into comments of nearly equal size: offset and size of each, in bytes."""
    room = length - len(_START) - len(_IMAGE)
    count = -(-room // _COMMENT_BYTES)
    bounds = [len(_START) + room * number // count for number in range(count + 1)]
    return [(start, end - start) for start, end in pairwise(bounds)]
