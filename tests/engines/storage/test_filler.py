"""Filler: the same from everywhere, never the same twice, never smaller when compressed."""

import zlib
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.storage.filler import (
    BLOCK_BYTES,
    BLOCK_PAGES,
    PAGE_BYTES,
    Filler,
    bytes_of,
    empty_pages,
)

FILLER = Filler(10)


def filled(file: int, first_page: int, pages: int) -> bytes:
    out = empty_pages(pages * PAGE_BYTES)
    FILLER.fill(out, file, first_page)
    return bytes(bytes_of(out))


@given(file=st.integers(0, 2**32 - 1), first=st.integers(0, 2**32 - 2048), pages=st.integers(1, 600), data=st.data())
def test_a_page_is_the_same_wherever_filling_began(file, first, pages, data):
    skipped = data.draw(st.integers(0, pages - 1))
    assert filled(file, first, pages)[skipped * PAGE_BYTES :] == filled(file, first + skipped, pages - skipped)


@given(length=st.integers(0, 3 * BLOCK_BYTES))
def test_chunks_hold_exactly_the_first_bytes_of_a_file(length):
    joined = b"".join(bytes(chunk) for chunk in FILLER.chunks(3, length))
    assert joined == filled(3, 0, -(-length // PAGE_BYTES))[:length]


def test_another_seed_gives_other_bytes():
    assert next(Filler(1).chunks(0, PAGE_BYTES)) != next(Filler(2).chunks(0, PAGE_BYTES))


def test_no_two_pages_of_a_dataset_are_equal():
    pages = {filled(file, block * BLOCK_PAGES + page, 1) for file, block, page in product(range(20), range(5), (0, 7))}
    assert len(pages) == 200


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 10_000))
def test_words_never_repeat_among_neighbours(file, page):
    words = np.concatenate([FILLER.words(each, page, 5000) for each in (file, file ^ 1)])
    assert len(np.unique(words)) == 10_000


def test_zlib_finds_nothing_to_shrink():
    content = filled(1, 200, 1024)
    assert len(zlib.compress(content, 9)) >= len(content)
