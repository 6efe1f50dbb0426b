"""The checksum of filler that nobody reads is the one that zlib computes from every byte."""

import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from storagebench.engines.storage.filler import BLOCK_BYTES, BLOCK_PAGES, Filler, bytes_of, empty_pages
from storagebench.engines.training.formats.crc import FillerCrc

FILLER = Filler(7)
CRC = FillerCrc(FILLER)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 // BLOCK_PAGES - 1))
def test_it_equals_the_crc_of_zlib(before, file, block):
    pages = empty_pages(BLOCK_BYTES)
    FILLER.fill(pages, file, block * BLOCK_PAGES)
    assert CRC.update(before, file, block) == zlib.crc32(bytes_of(pages), before)
