"""Jpeg files have exactly the bytes asked for, and Pillow decodes them."""

import io
import zlib
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from storagebench.engines.training.formats.jpeg import LEAST_BYTES, JpegFiles
from tests.engines.training.examples import JPEG, content


def of_length(length: float) -> bytes:
    return content(replace(JPEG, record_length_bytes=length, record_length_bytes_stdev=0), 1)


@settings(deadline=None)
@given(st.integers(LEAST_BYTES, 1_000_000))
@example(LEAST_BYTES + 65533)
@example(LEAST_BYTES + 65534)
@example(LEAST_BYTES + 65537)
@example(LEAST_BYTES + 65538)
def test_pillow_decodes_a_file_of_exactly_the_length(length):
    written = of_length(length)
    assert len(written) == length
    with Image.open(io.BytesIO(written)) as image:
        image.load()
        assert (image.format, image.size, image.mode) == ("JPEG", (8, 8), "L")


@pytest.mark.parametrize("length", [0, 1, LEAST_BYTES - 1])
def test_a_length_too_small_for_an_image_gives_the_smallest_one(length):
    assert len(of_length(length)) == LEAST_BYTES


@given(st.integers(1, 300), st.integers(1, 300))
def test_more_files_leave_the_first_ones_as_they_are(few, more):
    small, large = (JpegFiles(replace(JPEG, num_files=count)) for count in (few, few + more))
    assert [small.file_bytes(file) for file in range(few)] == [large.file_bytes(file) for file in range(few)]


def test_a_file_does_not_compress():
    written = of_length(322_957)
    assert len(zlib.compress(written, 9)) > 0.999 * len(written)
