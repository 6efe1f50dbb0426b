"""TFRecord files whose records are `tf.train.Example` messages, as DLIO's generator writes them for TensorFlow.

A record is a 64-bit length, its masked CRC-32C, the message and the message's masked CRC-32C (TensorFlow,
`record_writer.h`). The message has a feature `image` of random bytes and a feature `size`, the side of the square
that those bytes would make.
"""

import math
import struct
from typing import BinaryIO, NamedTuple

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from storagebench.engines.storage.filler import Filler, bytes_of, empty_pages
from storagebench.engines.training.formats.lengths import record_lengths
from storagebench.engines.training.layout import Extent, relative_path
from storagebench.model import Dataset

_BYTES_LIST, _INT64_LIST = 1, 3


class TfrecordFiles:
    """The files of a tfrecord dataset; all records of a file have the same length."""

    samples_per_unit = 1

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._lengths = record_lengths(dataset)
        self._record_bytes = _record_bytes(self._lengths)

    def path(self, file: int) -> str:
        """Return the name of a file relative to the dataset's folder."""
        return relative_path(self._dataset, file)

    def file_bytes(self, file: int) -> int:
        """Return the exact size of a file in bytes."""
        return int(self._record_bytes[file]) * self._dataset.num_samples_per_file

    def extents(self, file: int, first_sample: int, count: int) -> tuple[Extent, ...]:
        """Return the range of the records, their framing included."""
        size = int(self._record_bytes[file])
        return (Extent(first_sample * size, count * size),)

    def write(self, file: int, filler: Filler, sink: BinaryIO) -> None:
        """Write a file record by record."""
        length = int(self._lengths[file])
        frame = _frame(length)
        pages = empty_pages(length)
        for sample in range(self._dataset.num_samples_per_file):
            filler.fill(pages, file, sample * len(pages))
            message = b"".join((frame.before, bytes_of(pages)[:length], frame.after))
            sink.write(frame.header)
            sink.write(message)
            sink.write(_masked_crc(message))


class _Frame(NamedTuple):
    """What surrounds the image of a record: the length with its CRC, and the message before and after the image."""

    header: bytes
    before: bytes
    after: bytes


def _frame(length: int) -> _Frame:
    after = _size_feature(math.isqrt(length))
    before = b""
    # Lengths nest, the innermost first: BytesList.value, Feature.bytes_list, the value of the map's entry ...
    for number in (1, _BYTES_LIST, 2):
        before = _tag(number) + _varint(len(before) + length) + before
    before = _field(1, b"image") + before  # ... then its key, the entry and Example.features
    before = _tag(1) + _varint(len(before) + length) + before
    before = _tag(1) + _varint(len(before) + length + len(after)) + before
    size = struct.pack("<Q", len(before) + length + len(after))
    return _Frame(size + _masked_crc(size), before, after)


def _record_bytes(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the size of the record that holds an image of each length: `_frame` for all files at once."""
    size = lengths
    for _ in range(3):
        size = size + 1 + _varint_bytes(size)
    size = size + len(_field(1, b"image"))
    size = size + 1 + _varint_bytes(size)
    size = size + len(_size_feature(0)) - 1 + _varint_bytes(np.sqrt(lengths).astype(np.int64))
    size = size + 1 + _varint_bytes(size)
    return size + 8 + 4 + 4


def _size_feature(side: int) -> bytes:
    """Return the entry `size` of the map `Features.feature`."""
    value = _field(_INT64_LIST, _field(1, _varint(side)))
    return _field(1, _field(1, b"size") + _field(2, value))


def _field(number: int, content: bytes) -> bytes:
    return _tag(number) + _varint(len(content)) + content


def _tag(number: int) -> bytes:
    return _varint(number << 3 | 2)


def _varint(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups[-1] |= 0x80
        groups.append(value & 0x7F)
    return bytes(groups)


def _varint_bytes(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the length of the varint of each value."""
    steps = np.array([1 << 7 * groups for groups in range(1, 9)])
    return np.searchsorted(steps, values, side="right") + 1


def _masked_crc(content: bytes) -> bytes:
    """Return the CRC-32C as TFRecord stores it, rotated and shifted so that a CRC of CRCs is no trap."""
    crc: int = google_crc32c.value(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
