"""Datasets out of parameter trees, and the short way to write columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.errors import ConfigError
from storagebench.model import Column, Dataset
from storagebench.parameters import dataset_of, expand_columns, row_bytes

NPZ = {"format": "npz", "num_files_train": 168, "num_samples_per_file": 1, "record_length_bytes": 146600628}
COLUMNS = [{"name": "label", "dtype": "int8"}, {"name": "latent", "dtype": "float32", "size": 16}]
PARQUET = {"format": "parquet", "num_files_train": 4, "num_samples_per_file": 96}


def test_a_dataset_takes_its_numbers_from_the_tree():
    tree = {"dataset": {**NPZ, "record_length_bytes_stdev": 68341808, "num_subfolders_train": 3}}
    assert dataset_of(tree, "unet3d") == Dataset(
        model="unet3d",
        format="npz",
        num_files=168,
        num_samples_per_file=1,
        record_length_bytes=146600628,
        record_length_bytes_stdev=68341808,
        num_subfolders=3,
    )


def test_a_table_without_record_length_has_that_of_its_columns():
    tree = {"dataset": {**PARQUET, "parquet": {"row_group_size": 48, "columns": COLUMNS}}}
    found = dataset_of(tree, "flux")
    assert found.record_length_bytes == 4 + 16 * 4
    assert found.row_group_size == 48
    assert found.columns == (Column("label", "int8"), Column("latent", "float32", 16))


def test_a_given_record_length_goes_before_that_of_the_columns():
    tree = {"dataset": {**PARQUET, "record_length": 65, "parquet": {"row_group_size": 48, "columns": COLUMNS}}}
    assert dataset_of(tree, "flux").record_length_bytes == 65


def test_another_format_has_no_columns():
    tree = {"dataset": {**NPZ, "parquet": {"row_group_size": 48, "columns": COLUMNS}}}
    assert dataset_of(tree, "flux").columns == ()


@pytest.mark.parametrize("key", sorted(NPZ))
def test_a_missing_value_is_named(key):
    with pytest.raises(ConfigError, match=rf"^dataset\.{key} is missing; set it"):
        dataset_of({"dataset": {name: value for name, value in NPZ.items() if name != key}}, "unet3d")


@pytest.mark.parametrize(
    ("parquet", "missing"),
    [({}, "columns"), ({"row_group_size": 48}, "columns"), ({"columns": COLUMNS}, "row_group_size")],
)
def test_a_table_needs_columns_and_row_groups(parquet, missing):
    with pytest.raises(ConfigError, match=rf"needs dataset\.parquet\.{missing}"):
        dataset_of({"dataset": {**PARQUET, "parquet": parquet}}, "flux")


def test_rows_are_sized_as_the_tool_of_edition_3_0_sizes_them():
    widths = {"float64": 8, "int64": 8, "uint8": 1, "float32": 4, "int32": 4, "float16": 4, "int8": 4}
    for dtype, width in widths.items():
        assert row_bytes([Column("x", dtype, 10)]) == 10 * width


def test_columns_keep_their_order():
    assert [
        column.name for column in expand_columns([{"name": "b", "dtype": "int8"}, {"name": "a", "dtype": "int8"}])
    ] == [
        "b",
        "a",
    ]


def test_ranges_and_lists_are_put_in_the_order_of_names():
    columns = expand_columns(
        [{"name": ["f_02", "f_08-f_10"], "dtype": "float32", "read": False}, {"name": "f_03-f_04", "dtype": "int8"}]
    )
    assert [(column.name, column.dtype, column.read) for column in columns] == [
        ("f_02", "float32", False),
        ("f_03", "int8", True),
        ("f_04", "int8", True),
        ("f_08", "float32", False),
        ("f_09", "float32", False),
        ("f_10", "float32", False),
    ]


@given(st.integers(0, 999), st.integers(0, 999))
def test_a_range_has_every_number_once(first, last):
    entries = [{"name": f"feature_{first:03d}-feature_{last:03d}", "dtype": "int8"}]
    if last < first:
        with pytest.raises(ConfigError, match="runs backwards"):
            expand_columns(entries)
    else:
        names = [column.name for column in expand_columns(entries)]
        assert names == [f"feature_{number:03d}" for number in range(first, last + 1)]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([{"name": "a", "dtype": "int8"}] * 2, "the column 'a' is given twice"),
        ([{"name": "f_1-f_3", "dtype": "int8"}, {"name": "f_2", "dtype": "int8"}], "the column 'f_2' is given twice"),
        ([{"name": "f_0-f_999999999", "dtype": "int8"}], "is longer than 10000"),
    ],
)
def test_columns_that_cannot_be_are_refused(entries, message):
    with pytest.raises(ConfigError, match=message):
        expand_columns(entries)
