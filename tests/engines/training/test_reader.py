"""The reader: the same bytes buffered and direct, at any offset, and one sentence when they are not there."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storagebench.engines.training.layout import Extent
from storagebench.engines.training.reader import Reader, ShortReadError
from storagebench.errors import EngineError

CONTENT = os.urandom(300_001)
MODES = pytest.mark.parametrize("direct", [False, True], ids=["buffered", "direct"])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("reader") / "sample"
    path.write_bytes(CONTENT)
    return str(path)


@st.composite
def extents(draw):
    cuts = sorted(draw(st.sets(st.integers(0, len(CONTENT)), min_size=2, max_size=8)))
    return [Extent(begin, end - begin) for begin, end in zip(cuts[::2], cuts[1::2], strict=False)]


@settings(deadline=None)
@given(ranges=extents(), chunk_bytes=st.sampled_from([4096, 5000, 65536, 2**20]))
def test_both_ways_of_reading_give_the_same_bytes(path, ranges, chunk_bytes):
    for direct in (False, True):
        reader = Reader(direct=direct, chunk_bytes=chunk_bytes)
        loaded = [bytes(view) for view in reader.load(path, ranges)]
        assert loaded == [CONTENT[begin : begin + length] for begin, length in ranges]
        assert reader.skim(path, ranges) == sum(length for _, length in ranges)


@MODES
def test_memory_is_used_again_and_grows_when_it_must(path, direct):
    reader = Reader(direct=direct, chunk_bytes=4096)
    (large,) = reader.load(path, [Extent(1, 200_000)])
    assert large == CONTENT[1:200_001]
    (small,) = reader.load(path, [Extent(7, 100)])
    assert small == CONTENT[7:107]
    assert small.obj is large.obj


@MODES
@pytest.mark.parametrize("missing", [1, 4096, 300_001])
def test_a_file_that_is_too_short_is_told_with_its_size(tmp_path, direct, missing):
    path = tmp_path / "short"
    path.write_bytes(CONTENT[: len(CONTENT) - missing])
    reader = Reader(direct=direct, chunk_bytes=65536)
    for read in (reader.skim, reader.load):
        with pytest.raises(ShortReadError) as caught:
            read(str(path), [Extent(0, len(CONTENT))])
        assert (caught.value.path, caught.value.size_bytes) == (str(path), len(CONTENT) - missing)


@MODES
def test_a_missing_file_is_one_sentence(tmp_path, direct):
    with pytest.raises(EngineError, match="gone is missing: the dataset is damaged"):
        Reader(direct=direct, chunk_bytes=4096).skim(str(tmp_path / "gone"), [Extent(0, 1)])


def test_what_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(EngineError, match="cannot be read: Is a directory"):
        Reader(direct=False, chunk_bytes=4096).skim(str(tmp_path), [Extent(0, 1)])
