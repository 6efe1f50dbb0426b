"""Parquet files are what pyarrow reads, all of one layout, and the extents hold what their columns need."""

import io
import zlib
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storagebench.engines.training.formats.parquet import ParquetFiles
from storagebench.errors import DatasetError
from storagebench.model import Column
from tests.engines.training.examples import DLRM, FLUX, content


def test_dlrm_columns_have_their_types_and_no_nulls():
    table = pq.read_table(io.BytesIO(content(DLRM, 0)))
    assert table.num_rows == DLRM.num_samples_per_file
    for column, field in zip(DLRM.columns, table.schema, strict=True):
        assert (field.name, field.type.to_pandas_dtype()) == (column.name, np.dtype(column.dtype).type)
        assert not field.nullable


def test_flux_columns_are_lists_of_their_size():
    table = pq.read_table(io.BytesIO(content(FLUX, 1)))
    for column in FLUX.columns:
        lists = table[column.name]
        assert lists.type.value_type == pa.float32()
        assert set(lists.combine_chunks().value_lengths().to_pylist()) == {column.size}


@pytest.mark.parametrize("dataset", [DLRM, FLUX], ids=["dlrm", "flux"])
def test_every_file_has_the_layout_that_was_foretold(dataset, tmp_path):
    files = [content(dataset, file) for file in range(3)]
    foretold = ParquetFiles(dataset, None, "all")
    assert {len(file) for file in files} == {foretold.file_bytes(0)}
    assert len(set(files)) == 3
    (tmp_path / "train").mkdir()
    (tmp_path / foretold.path(0)).write_bytes(files[0])
    found = ParquetFiles(dataset, str(tmp_path), "all")
    everything = (0, dataset.num_samples_per_file)
    assert found.extents(2, *everything) == foretold.extents(2, *everything)
    assert found.file_bytes(2) == foretold.file_bytes(2)


@settings(deadline=None, max_examples=40)
@given(
    rows=st.integers(1, 700),
    group=st.integers(1, 300),
    columns=st.lists(
        st.tuples(st.sampled_from(["float16", "float32", "float64", "int8"]), st.integers(1, 9), st.booleans()),
        min_size=1,
        max_size=8,
    ).filter(lambda columns: any(read for *_, read in columns)),
)
def test_the_extents_of_marked_columns_are_enough_to_read_them(rows, group, columns):
    named = tuple(Column(f"c{number}", *column) for number, column in enumerate(columns))
    dataset = replace(DLRM, num_samples_per_file=rows, row_group_size=group, columns=named)
    written = content(dataset, 1)
    extents = ParquetFiles(dataset, None, "marked").extents(1, 0, rows)
    for (offset, length), following in zip(extents, [*extents[1:], (len(written), 0)], strict=True):
        assert offset + length <= following[0]
    footer = len(written) - int.from_bytes(written[-8:-4], "little") - 8
    holes = bytearray(footer) + written[footer:]
    for offset, length in extents:
        holes[offset : offset + length] = written[offset : offset + length]
    marked = [column.name for column in named if column.read]
    seen, whole = (pq.read_table(pa.BufferReader(bytes(each)), columns=marked) for each in (holes, written))
    for name in marked:  # bit by bit, as random floats are NaN at times
        assert [part.buffers() for part in seen[name].chunks] == [part.buffers() for part in whole[name].chunks]


def test_all_columns_of_a_row_group_are_one_range():
    layout = ParquetFiles(DLRM, None, "all")
    first, second, last = layout.extents(0, 0, 2500)
    assert first.offset == len(b"PAR1")
    assert first.offset + first.length == second.offset
    assert last.length < second.length == first.length
    assert layout.extents(0, 1000, 1000) == (second,)
    assert layout.extents(0, 999, 2) == (first, second)


def test_row_groups_are_the_unit_of_reading_and_the_whole_file_where_none_are_asked_for():
    assert ParquetFiles(DLRM, None, "all").samples_per_unit == 1000
    assert ParquetFiles(replace(DLRM, row_group_size=0), None, "all").samples_per_unit == 2500


def test_floating_point_columns_do_not_compress():
    floats = tuple(column for column in DLRM.columns if column.dtype != "int8")
    written = content(replace(DLRM, columns=floats, num_samples_per_file=20_000, row_group_size=5000), 0)
    assert len(zlib.compress(written)) > 0.99 * len(written)


def test_a_damaged_footer_is_a_sentence(tmp_path):
    path = tmp_path / "train" / "img_0000000.parquet"
    path.parent.mkdir()
    path.write_bytes(content(DLRM, 0)[:-100])
    with pytest.raises(
        DatasetError, match=r"img_0000000.parquet has no readable parquet footer \(.+delete its dataset"
    ):
        ParquetFiles(DLRM, str(tmp_path), "all")


def test_a_missing_first_file_is_a_sentence(tmp_path):
    with pytest.raises(DatasetError, match="img_0000000.parquet is missing: generate"):
        ParquetFiles(DLRM, str(tmp_path), "all")
