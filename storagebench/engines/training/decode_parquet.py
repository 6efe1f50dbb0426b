"""Decoding parquet row groups from bytes that were read already: pyarrow parses, but does no I/O of its own."""

import bisect
import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from storagebench.engines.training.decode import DamageError, Loaded
from storagebench.engines.training.layout import Extent
from storagebench.errors import EngineError
from storagebench.model import Dataset


class RowGroups:
    """The row groups of a dataset whose files all have the footer of the first one.

    Raises:
        EngineError: the first file has no readable footer.
    """

    def __init__(self, dataset: Dataset, first_path: str, columns: str) -> None:
        self._rows = dataset.row_group_size or dataset.num_samples_per_file
        self._names = [column.name for column in dataset.columns if column.read] if columns == "marked" else None
        try:
            self._metadata = pq.read_metadata(first_path)
        except (OSError, pa.ArrowException) as error:
            raise EngineError(
                f"{first_path} has no readable parquet footer ({error}): the dataset is damaged; delete its folder to have it generated again"
            ) from None

    def decode(self, loaded: Loaded) -> int:
        """Decode every row group of a piece to Arrow columns and return the number of rows.

        Raises:
            DamageError: a page fails its checksum or cannot be parsed.
        """
        first, stop = loaded.piece.first, loaded.piece.first + loaded.piece.samples
        groups = range(first // self._rows, -(-stop // self._rows))
        source = pa.PythonFile(_Sparse(loaded.extents, loaded.views), mode="r")
        try:
            file = pq.ParquetFile(source, metadata=self._metadata, pre_buffer=False, page_checksum_verification=True)
            table = file.read_row_groups(list(groups), columns=self._names, use_threads=False)
        except (OSError, pa.ArrowException) as error:
            raise DamageError(f"holds a row group that cannot be decoded ({error})") from None
        return int(table.num_rows)


class _Sparse(io.RawIOBase):
    """A file of which only some ranges are at hand; reading anything else is an error."""

    def __init__(self, extents: Sequence[Extent], views: Sequence[memoryview]) -> None:
        self._begins = [extent.offset for extent in extents]
        self._views = views
        self._end = extents[-1].offset + extents[-1].length
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        nth = bisect.bisect_right(self._begins, self._at) - 1
        inside = self._at - self._begins[nth]
        if nth < 0 or size < 0 or inside + size > len(self._views[nth]):
            raise OSError(f"bytes {self._at} to {self._at + size} were not read")
        self._at += size
        return bytes(self._views[nth][inside : inside + size])
