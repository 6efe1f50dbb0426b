"""Where the bytes of a dataset are: names and sizes of files, byte ranges of samples, without touching a disk."""

from typing import NamedTuple, Protocol

from storagebench.engines.training.manifest import foreign_total
from storagebench.errors import DatasetError
from storagebench.model import Dataset

FILE_NAME_DIGITS = 7


class Extent(NamedTuple):
    """A byte range of a file."""

    offset: int
    length: int


class Layout(Protocol):
    """The layout of one dataset; every answer takes the same time however many files there are.

    `samples_per_unit` is the number of samples that are read together: 1, or the rows of a parquet row group.
    """

    samples_per_unit: int

    def path(self, file: int) -> str:
        """Return the name of a file relative to the dataset's folder: ``train/img_0000001.npz``."""
        ...

    def file_bytes(self, file: int) -> int:
        """Return the exact size of a file in bytes."""
        ...

    def extents(self, file: int, first_sample: int, count: int) -> tuple[Extent, ...]:
        """Return the byte ranges that hold `count` samples of a file, in rising order."""
        ...


def relative_path(dataset: Dataset, file: int) -> str:
    """Name a file as DLIO does, but without the number of files, so that a dataset can grow.

    Subfolders take files in turn; a single one is none (DLIO, `data_generator.py`).
    """
    name = f"img_{file:0{FILE_NAME_DIGITS}d}.{dataset.format}"
    subfolders = dataset.num_subfolders
    if subfolders <= 1:
        return f"train/{name}"
    return f"train/{file % subfolders:0{len(str(subfolders))}d}/{name}"


def layout_of(dataset: Dataset, folder: str | None = None, *, columns: str = "all") -> Layout:
    """Return the layout of a dataset.

    With `folder`, what the files there are is respected: DLIO's own keep their names and sizes. Of ours, only parquet
    has a layout that cannot be computed: it is read from the footer of file 0, or, without `folder`, a file is written to
    nowhere (a second for each gigabyte of it). `columns` is "all" or "marked", which
    leaves out the parquet columns that the workload does not read.

    Raises:
        DatasetError: the format is unknown, or the footer of file 0 cannot be read.
    """
    if folder is not None and (total := foreign_total(folder)):
        from storagebench.engines.training.foreign import ForeignFiles

        return ForeignFiles(dataset, folder, total)
    # Each format is imported when it is needed: pyarrow alone takes longer than the start of a rank.
    match dataset.format:
        case "npz":
            from storagebench.engines.training.formats.npz import NpzFiles

            return NpzFiles(dataset)
        case "jpeg":
            from storagebench.engines.training.formats.jpeg import JpegFiles

            return JpegFiles(dataset)
        case "tfrecord":
            from storagebench.engines.training.formats.tfrecord import TfrecordFiles

            return TfrecordFiles(dataset)
        case "parquet":
            from storagebench.engines.training.formats.parquet import ParquetFiles

            return ParquetFiles(dataset, folder, columns)
        case unknown:
            raise DatasetError(
                f"{dataset.model}: cannot lay out files of format {unknown!r}; known: jpeg, npz, parquet, tfrecord."
            )
