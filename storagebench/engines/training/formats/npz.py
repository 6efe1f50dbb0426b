"""Npz files as DLIO's generator makes them: an array `x` of samples and their labels `y`, not compressed."""

import functools
import math
import zlib
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from storagebench.engines.storage.filler import BLOCK_BYTES, Filler
from storagebench.engines.training.formats.crc import FillerCrc
from storagebench.engines.training.formats.stored_zip import LIMIT, Member, directory, local_header
from storagebench.engines.training.layout import Extent, relative_path
from storagebench.model import Dataset

NPY_HEADER_BYTES = 128

_Shape = tuple[int, int, int]
_crc_of = functools.lru_cache(maxsize=1)(FillerCrc)


class NpzFiles:
    """The files of an npz dataset: `x` is uint8 of shape (d1, d2, samples), `y` int64 zeros of shape (samples,)."""

    samples_per_unit = 1

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._sides = _sides(dataset)
        self._sizes = self._sides.prod(axis=1) * dataset.num_samples_per_file + _frame_bytes(self._shape_of(1, 1))
        for file in np.flatnonzero(self._sizes >= LIMIT):  # zip64 fields make the frame longer
            shape = self._shape(int(file))
            self._sizes[file] = math.prod(shape) + _frame_bytes(shape)

    def path(self, file: int) -> str:
        """Return the name of a file relative to the dataset's folder."""
        return relative_path(self._dataset, file)

    def file_bytes(self, file: int) -> int:
        """Return the exact size of a file in bytes."""
        return int(self._sizes[file])

    def extents(self, file: int, first_sample: int, count: int) -> tuple[Extent, ...]:
        """Return the whole file, which is how npz is read."""
        return (Extent(0, self.file_bytes(file)),)

    def write(self, file: int, filler: Filler, sink: BinaryIO) -> None:
        """Write a file; the checksum that its head needs is known at the end and filled in then."""
        shape = self._shape(file)
        sink.write(_head(shape, 0))
        crc = zlib.crc32(_npy_header("|u1", shape))
        for block, chunk in enumerate(filler.chunks(file, math.prod(shape))):
            whole = len(chunk) == BLOCK_BYTES
            crc = _crc_of(filler).update(crc, file, block) if whole else zlib.crc32(chunk, crc)
            sink.write(chunk)
        sink.write(_tail(shape, crc))
        sink.seek(0)
        sink.write(_head(shape, crc))

    def _shape(self, file: int) -> _Shape:
        return self._shape_of(*self._sides[file].tolist())

    def _shape_of(self, d1: int, d2: int) -> _Shape:
        return d1, d2, self._dataset.num_samples_per_file


def _sides(dataset: Dataset) -> NDArray[np.int64]:
    """Draw d1 and d2 of every file as DLIO does (`config.py`, `get_dimension`), shape (files, 2).

    The draws of the first files do not depend on how many follow.
    """
    mean = int(math.sqrt(dataset.record_length_bytes))
    shape = (dataset.num_files, 2)
    if dataset.record_length_bytes_stdev <= 0:
        return np.full(shape, max(mean, 1), dtype=np.int64)
    stdev = dataset.record_length_bytes_stdev / 2 / math.sqrt(dataset.record_length_bytes)
    drawn = np.random.Generator(np.random.PCG64(dataset.seed)).normal(mean, stdev, shape)
    return np.maximum(drawn.astype(np.int64), 1)


def _npy_header(dtype: str, shape: tuple[int, ...]) -> bytes:
    """Return the header of an npy file, version 1.0, always of the same length."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    return b"\x93NUMPY\x01\x00" + (NPY_HEADER_BYTES - 10).to_bytes(2, "little") + text.ljust(117).encode() + b"\n"


def _head(shape: _Shape, crc: int) -> bytes:
    """Return everything before the samples."""
    header = _npy_header("|u1", shape)
    return local_header(b"x.npy", len(header) + math.prod(shape), crc) + header


def _tail(shape: _Shape, crc: int) -> bytes:
    """Return everything after the samples: the labels and the directory."""
    samples_bytes = math.prod(shape)
    labels = _npy_header("<i8", shape[2:]) + bytes(8 * shape[2])
    labels_crc = zlib.crc32(labels)
    offset = len(_head(shape, crc)) + samples_bytes
    labels_head = local_header(b"y.npy", len(labels), labels_crc)
    members = (
        Member(b"x.npy", NPY_HEADER_BYTES + samples_bytes, crc, 0),
        Member(b"y.npy", len(labels), labels_crc, offset),
    )
    return labels_head + labels + directory(members, offset + len(labels_head) + len(labels))


def _frame_bytes(shape: _Shape) -> int:
    return len(_head(shape, 0)) + len(_tail(shape, 0))
