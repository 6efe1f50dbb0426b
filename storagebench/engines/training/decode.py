"""Decoding as far as a data loader must: check the file's own checksums and reach the samples, without a copy.

What comes out is thrown away; the work is the point, since editions 1.0 and 2.0 decode in their readers. A sample
that does not decode is damage on the storage under test, which raw reading would not notice.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from storagebench.engines.training.layout import Extent
from storagebench.engines.training.schedule import Piece
from storagebench.errors import ConfigError
from storagebench.model import Dataset

NPY_HEADER_BYTES = 256
"""More than the header of any array that numpy writes for a sample (128 bytes)."""

LENGTH_DELIMITED = 2
"""The wire type of protobuf's strings, bytes and messages."""

VARINT_MORE = 0x80
"""The bit of a varint's byte that says that another byte follows."""


class Loaded(NamedTuple):
    """A piece in memory: its extents and, one for each, their bytes."""

    piece: Piece
    extents: Sequence[Extent]
    views: Sequence[memoryview]


class DamageError(Exception):
    """The bytes are not what the format says; the message completes a sentence that names the file."""


Decode = Callable[[Loaded], int]
"""Decodes a piece and returns how many samples it found.

Raises:
    DamageError: the bytes are not those of the format.
"""


def decoder_of(dataset: Dataset, folder: str, columns: str, first_file: str) -> Decode:
    """Return the decoder of a dataset's format.

    Args:
        dataset: its format and columns count.
        folder: where the files are.
        columns: "all", or "marked" for the parquet columns that the workload reads.
        first_file: path of file 0, relative to `folder`; parquet takes the footer from there, for all files.

    Raises:
        ConfigError: the format needs a library that is not installed.
    """
    if dataset.format == "npz":
        return decode_npz
    if dataset.format == "jpeg":
        _need("PIL.Image", "pillow", "jpeg")
        return decode_jpeg
    if dataset.format == "tfrecord":
        _need("google_crc32c", "google-crc32c", "tfrecord")
        return decode_tfrecord
    from storagebench.engines.training.decode_parquet import RowGroups

    return RowGroups(dataset, f"{folder}/{first_file}", columns).decode


def decode_npz(loaded: Loaded) -> int:
    """Check the CRC of every array of an archive and view it as numpy would load it.

    Raises:
        DamageError: it is damaged; the message completes the sentence "<path> …".
    """
    (view,) = loaded.views
    try:
        with zipfile.ZipFile(_Window(view)) as archive:
            for member in archive.infolist():
                _check_array(view, member)
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, struct.error) as error:
        raise DamageError(f"is no npz archive ({error})") from None
    return loaded.piece.samples


def _check_array(view: memoryview, member: zipfile.ZipInfo) -> None:
    name_bytes, extra_bytes = struct.unpack_from("<HH", view, member.header_offset + 26)
    begin = member.header_offset + 30 + name_bytes + extra_bytes
    data = view[begin : begin + member.file_size]
    if member.compress_type != zipfile.ZIP_STORED or zlib.crc32(data) != member.CRC:
        raise DamageError(f"fails the checksum of its member {member.filename}")
    header = io.BytesIO(data[:NPY_HEADER_BYTES])
    np.lib.format.read_magic(header)
    shape, _, dtype = np.lib.format.read_array_header_1_0(header)
    np.frombuffer(data, dtype, offset=header.tell()).reshape(shape)


def decode_jpeg(loaded: Loaded) -> int:
    """Decode one picture to pixels.

    Raises:
        DamageError: it is damaged; the message completes the sentence "<path> …".
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(loaded.views[0])) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DamageError(f"is no JPEG picture ({error})") from None
    return loaded.piece.samples


def decode_tfrecord(loaded: Loaded) -> int:
    """Check both checksums of every record and find the bytes of the feature `image` in its `tf.train.Example`.

    Raises:
        DamageError: it is damaged; the message completes the sentence "<path> …".
    """
    found = 0
    for view in loaded.views:
        for record in _records(view):
            if not any(name == b"image" for name, _ in _features(record)):
                raise DamageError("holds a record without the feature 'image'")
            found += 1
    if found != loaded.piece.samples:
        raise DamageError(f"holds {found} records where {loaded.piece.samples} are expected")
    return found


def _records(view: memoryview) -> Iterator[memoryview]:
    """Unframe TFRecord: length (8 bytes), its checksum (4), the data, the data's checksum (4)."""
    at = 0
    while at < len(view):
        if at + 16 > len(view):
            raise DamageError("ends inside a TFRecord frame")
        length, length_check = struct.unpack_from("<QI", view, at)
        if _masked_crc(view[at : at + 8]) != length_check or at + 16 + length > len(view):
            raise DamageError("holds a TFRecord whose length fails its checksum")
        data = view[at + 12 : at + 12 + length]
        if _masked_crc(data) != struct.unpack_from("<I", view, at + 12 + length)[0]:
            raise DamageError("holds a TFRecord whose data fails its checksum")
        yield data
        at += 16 + length


def _masked_crc(data: memoryview) -> int:
    """CRC32C, rotated and shifted as TensorFlow's record format has it (`tensorflow/core/lib/hash/crc32c.h`)."""
    from google_crc32c import value

    crc: int = value(np.frombuffer(data, np.uint8))  # as an array, since `value` takes no memoryview
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _features(example: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield name and value of each feature: Example.features(1).feature(1) is a map of key(1) to value(2)."""
    for features in _fields(example, 1):
        for entry in _fields(features, 1):
            for key in _fields(entry, 1):
                for value in _fields(entry, 2):
                    yield bytes(key), value


def _fields(message: memoryview, number: int) -> Iterator[memoryview]:
    """Yield the length-delimited fields of a protobuf message that have this number; an Example has no others."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        length, at = _varint(message, at)
        if tag & 7 != LENGTH_DELIMITED or at + length > len(message):
            raise DamageError("holds a record that is no tf.train.Example")
        if tag >> 3 == number:
            yield message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    result = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        result |= (byte & ~VARINT_MORE) << shift
        if byte < VARINT_MORE:
            return result, at
        shift += 7
    raise DamageError("holds a record that is no tf.train.Example")


class _Window(io.RawIOBase):
    """A memoryview as the seekable file that `zipfile` wants, so that an archive is not copied to be listed."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._view)}[whence])
        return self._at

    def readinto(self, target: Any) -> int:
        part = self._view[self._at : self._at + len(target)]
        target[: len(part)] = part
        self._at += len(part)
        return len(part)


def _need(module: str, package: str, form: str) -> None:
    try:
        import_module(module)
    except ImportError:
        raise ConfigError(f"decoding {form} needs {package}: pip install {package}, or read raw bytes") from None
