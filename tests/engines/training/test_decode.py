"""Decoding: every format's own files decode, and no byte of damage goes unnoticed where a checksum covers it."""

import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storagebench.engines.training.decode import DamageError, Loaded, decoder_of
from storagebench.engines.training.layout import layout_of
from storagebench.engines.training.schedule import Piece
from tests.engines.training.examples import JPEG, NPZ, TFRECORD, content

FORMATS = {"npz": NPZ, "jpeg": JPEG, "tfrecord": TFRECORD}
every_format = pytest.mark.parametrize("dataset", FORMATS.values(), ids=FORMATS)


def loaded(dataset, whole: bytes, first=0, samples=None, file=0) -> Loaded:
    piece = Piece(file, first, samples or dataset.num_samples_per_file)
    extents = layout_of(dataset).extents(*piece)
    return Loaded(piece, extents, [memoryview(whole)[begin : begin + length] for begin, length in extents])


def decode(dataset, whole: bytes, **part: int) -> int:
    return decoder_of(dataset, "", "all", "")(loaded(dataset, whole, **part))


@every_format
def test_a_generated_file_decodes(dataset):
    assert decode(dataset, content(dataset, 1), file=1) == dataset.num_samples_per_file


def test_some_records_of_a_file_decode_alone():
    assert decode(TFRECORD, content(TFRECORD, 0), first=2, samples=3) == 3


NPZ_FILE, TFRECORD_FILE = content(NPZ, 0), content(TFRECORD, 0)


@settings(deadline=None)
@given(at=st.integers(200, len(NPZ_FILE) - 1000), bit=st.integers(0, 7))
def test_a_flipped_bit_in_an_array_is_damage(at, bit):
    with pytest.raises(DamageError, match=r"checksum of its member x\.npy"):
        decode(NPZ, flipped(NPZ_FILE, at, bit))


@settings(deadline=None)
@given(at=st.integers(0, len(TFRECORD_FILE) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_in_a_tfrecord_is_damage(at, bit):
    with pytest.raises(DamageError):
        decode(TFRECORD, flipped(TFRECORD_FILE, at, bit))


def flipped(whole: bytes, at: int, bit: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]


@settings(deadline=None)
@given(every=st.sampled_from(list(FORMATS.values())), junk=st.binary(max_size=400))
def test_junk_is_damage_and_nothing_worse(every, junk):
    piece = Piece(0, 0, 1)
    with pytest.raises(DamageError):
        decoder_of(every, "", "all", "")(Loaded(piece, (), [memoryview(junk)]))


def test_an_archive_of_numpys_own_decodes():
    sink = io.BytesIO()
    np.savez(sink, x=np.arange(1000, dtype=np.float32).reshape(10, 100), y=np.zeros(3, np.int64))
    assert decoder_of(NPZ, "", "all", "")(Loaded(Piece(0, 0, 1), (), [memoryview(sink.getvalue())])) == 1


def test_a_compressed_archive_is_not_ours():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(1000))
    with pytest.raises(DamageError):
        decoder_of(NPZ, "", "all", "")(Loaded(Piece(0, 0, 1), (), [memoryview(sink.getvalue())]))


def test_a_record_without_an_image_is_damage():
    import google_crc32c

    def masked(data: bytes) -> bytes:
        crc = google_crc32c.value(data)
        return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)

    length = struct.pack("<Q", 0)
    frame = length + masked(length) + masked(b"")
    with pytest.raises(DamageError, match="without the feature 'image'"):
        decoder_of(TFRECORD, "", "all", "")(Loaded(Piece(0, 0, 1), (), [memoryview(frame)]))
