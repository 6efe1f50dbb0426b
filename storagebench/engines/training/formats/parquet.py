"""Parquet files of scalar columns (dlrm) or lists of floats (flux), stored plain so that every file has one layout.

No compression, dictionary, statistics or nulls: nothing in a file's layout depends on its values. Parquet has no
integer below 32 bits, so an int8 column takes four bytes a value, three of them sign.
"""

from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storagebench.engines.storage.filler import Filler, Words, bytes_of, empty_pages
from storagebench.engines.training.layout import Extent, relative_path
from storagebench.errors import DatasetError
from storagebench.model import Column, Dataset

_ALIGNMENT_BYTES = 64
"""What Arrow wants of a buffer."""


class ParquetFiles:
    """The files of a parquet dataset; a unit of reading is a row group."""

    def __init__(self, dataset: Dataset, folder: str | None, columns: str) -> None:
        self._dataset = dataset
        self._rows = dataset.row_group_size or dataset.num_samples_per_file
        self.samples_per_unit = self._rows
        if folder is None:
            footer, self._file_bytes = _write_to_nowhere(dataset, self._rows)
        else:
            footer, self._file_bytes = _read_footer(Path(folder, self.path(0)))
        wanted = [number for number, column in enumerate(dataset.columns) if column.read or columns == "all"]
        self._groups = [_extents(footer.row_group(group), wanted) for group in range(footer.num_row_groups)]

    def path(self, file: int) -> str:
        """Return the name of a file relative to the dataset's folder."""
        return relative_path(self._dataset, file)

    def file_bytes(self, file: int) -> int:
        """Return the exact size of a file in bytes."""
        return self._file_bytes

    def extents(self, file: int, first_sample: int, count: int) -> tuple[Extent, ...]:
        """Return the ranges of the row groups that hold the samples; neighbouring columns make one range."""
        groups = self._groups[first_sample // self._rows : -(-(first_sample + count) // self._rows)]
        return tuple(extent for group in groups for extent in group)

    def write(self, file: int, filler: Filler, sink: BinaryIO) -> None:
        """Write a file, a row group at a time; as much memory is in use."""
        _write(self._dataset, self._rows, sink, filler, file)


def _extents(group: pq.RowGroupMetaData, wanted: list[int]) -> tuple[Extent, ...]:
    merged: list[Extent] = []
    for number in wanted:
        chunk = group.column(number)
        extent = Extent(chunk.data_page_offset, chunk.total_compressed_size)
        if merged and sum(merged[-1]) == extent.offset:
            extent = Extent(merged[-1].offset, merged.pop().length + extent.length)
        merged.append(extent)
    return tuple(merged)


def _read_footer(path: Path) -> tuple[pq.FileMetaData, int]:
    try:
        return pq.read_metadata(path), path.stat().st_size
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing: generate the dataset first.") from None
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(
            f"{path} has no readable parquet footer ({error}): delete its dataset, then generate it again."
        ) from error


class _Nowhere:
    """A file that only counts its bytes."""

    closed = False

    def __init__(self) -> None:
        self.length = 0

    def write(self, content: bytes | memoryview) -> int:
        size = memoryview(content).nbytes
        self.length += size
        return size

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""


def _write_to_nowhere(dataset: Dataset, rows: int) -> tuple[pq.FileMetaData, int]:
    sink = _Nowhere()
    return _write(dataset, rows, cast("BinaryIO", sink)), sink.length


def _write(dataset: Dataset, rows: int, sink: BinaryIO, filler: Filler | None = None, file: int = 0) -> pq.FileMetaData:
    """Write a file, of whatever is in memory when there is no filler, and return its footer."""
    schema = pa.schema([pa.field(column.name, _type(column), nullable=False) for column in dataset.columns])
    pages = empty_pages(_end(dataset.columns, rows))
    footers: list[pq.FileMetaData] = []
    plain = {"compression": "none", "use_dictionary": False, "write_statistics": False, "store_schema": False}
    with pq.ParquetWriter(sink, schema, metadata_collector=footers, **plain) as writer:
        for group, first_row in enumerate(range(0, dataset.num_samples_per_file, rows)):
            here = min(rows, dataset.num_samples_per_file - first_row)
            if filler is not None:
                filler.fill(pages, file, group * len(pages))
            writer.write_table(_table(schema, dataset.columns, here, pages), row_group_size=here)
    return footers[0]


def _table(schema: pa.Schema, columns: tuple[Column, ...], rows: int, pages: Words) -> pa.Table:
    """Cut columns out of filler without copying it."""
    buffer = pa.py_buffer(bytes_of(pages))
    arrays, start = [], 0
    for column, field in zip(columns, schema, strict=True):
        elements = rows * column.size
        size = _padded(elements * _scalar(column).itemsize)
        scalars = pa.from_numpy_dtype(_scalar(column))
        array = pa.Array.from_buffers(scalars, elements, [None, buffer.slice(start, size)])
        if column.size > 1:
            array = pa.FixedSizeListArray.from_buffers(field.type, rows, [None], children=[array])
        arrays.append(array)
        start += size
    return pa.Table.from_arrays(arrays, schema=schema)


def _type(column: Column) -> pa.DataType:
    scalar = pa.from_numpy_dtype(_scalar(column))
    if column.size == 1:
        return scalar
    return pa.list_(pa.field("element", scalar, nullable=False), column.size)


def _scalar(column: Column) -> "np.dtype[np.generic]":
    return np.dtype(column.dtype)


def _end(columns: tuple[Column, ...], rows: int) -> int:
    return sum(_padded(rows * column.size * _scalar(column).itemsize) for column in columns)


def _padded(size: int) -> int:
    return -(-size // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES
