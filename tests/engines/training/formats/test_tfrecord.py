"""TFRecord files, read by a parser of records and messages that shares nothing with their writer."""

import math
import struct
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from storagebench.engines.training.formats.tfrecord import TfrecordFiles
from tests.engines.training.examples import TFRECORD, content


def crc32c(data: bytes) -> int:
    """Bit by bit as RFC 3720 has it, polynomial 0x82F63B78 reflected; slow and plain."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    return ((crc >> 15 | crc << 17 & 0xFFFFFFFF) + 0xA282EAD8) % 2**32


def records(data: bytes, *, check: bool) -> Iterator[bytes]:
    """TensorFlow's record_reader.cc in a few lines."""
    at = 0
    while at < len(data):
        length, length_crc = struct.unpack_from("<QI", data, at)
        assert length_crc == masked(crc32c(data[at : at + 8]))
        message = data[at + 12 : at + 12 + length]
        (message_crc,) = struct.unpack_from("<I", data, at + 12 + length)
        if check:
            assert message_crc == masked(crc32c(message))
        yield message
        at += 16 + length
    assert at == len(data)


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def fields(data: bytes) -> list[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message; nothing else occurs in an Example."""
    found, at = [], 0
    while at < len(data):
        key, at = varint(data, at)
        assert key & 7 == 2
        length, at = varint(data, at)
        found.append((key >> 3, data[at : at + length]))
        at += length
    assert at == len(data)
    return found


def parse_example(message: bytes) -> dict[str, object]:
    ((number, features),) = fields(message)
    assert number == 1
    parsed: dict[str, object] = {}
    for number, entry in fields(features):
        assert number == 1
        (_, name), (_, feature) = fields(entry)
        ((kind, values),) = fields(feature)
        ((_, value),) = fields(values)
        parsed[name.decode()] = value if kind == 1 else varint(value, 0)[0]
    return parsed


@settings(deadline=None, max_examples=60)
@given(length=st.integers(1, 300_000), samples=st.integers(1, 4))
@example(length=2**21 - 40, samples=1)
@example(length=2**21, samples=2)
def test_a_reader_finds_every_sample(length, samples):
    dataset = replace(TFRECORD, record_length_bytes=length, num_samples_per_file=samples)
    written = content(dataset, 2)
    assert len(written) == TfrecordFiles(dataset).file_bytes(2)
    examples = [parse_example(message) for message in records(written, check=False)]
    assert len(examples) == samples
    assert {len(one["image"]) for one in examples} == {length}
    assert {one["size"] for one in examples} == {math.isqrt(length)}
    assert length < 8 or len({one["image"] for one in examples}) == samples


def test_both_checksums_of_a_record_are_right():
    assert len(list(records(content(TFRECORD, 0), check=True))) == TFRECORD.num_samples_per_file


@given(st.integers(0, 6), st.data())
def test_extents_cut_out_whole_records(first, data):
    count = data.draw(st.integers(1, 7 - first))
    written = content(TFRECORD, 1)
    ((offset, length),) = TfrecordFiles(TFRECORD).extents(1, first, count)
    cut = list(records(written[offset : offset + length], check=False))
    assert cut == list(records(written, check=False))[first : first + count]


@settings(deadline=None)
@given(st.floats(100, 200_000), st.floats(0, 100_000))
def test_with_a_deviation_each_file_has_a_length_of_its_own(length, stdev):
    dataset = replace(TFRECORD, record_length_bytes=length, record_length_bytes_stdev=stdev, num_samples_per_file=2)
    layout = TfrecordFiles(dataset)
    for file in range(3):
        assert len(content(dataset, file)) == layout.file_bytes(file)
