"""A reader for DLIO's torch loader that reads the files themselves, raw or with O_DIRECT (`reader.reader_classname`).

DLIO keeps its processes, its order of samples and what it ships between them. What goes is the decoding, and the debug
line that `FormatReader.read_index` makes of the whole map of samples for each of them.
"""

from collections.abc import Iterator
from typing import Any

from dlio_benchmark.reader.reader_handler import FormatReader

from storagebench.engines.training.dlio.inside.current import current
from storagebench.engines.training.layout import layout_of
from storagebench.engines.training.pieces import piece_readers
from storagebench.engines.training.schedule import Piece


class PlanReader(FormatReader):  # type: ignore[misc]  # DLIO has no types
    """One for each process of the torch loader; samples are numbered through the files in the order of their names."""

    def __init__(self, dataset_type: Any, thread_index: int, epoch: int) -> None:
        super().__init__(dataset_type, thread_index)
        plan = current().plan
        self._samples_per_file = plan.dataset.num_samples_per_file
        self._read = piece_readers(plan, layout_of(plan.dataset, plan.dataset_dir, columns=plan.reading.columns))[0]

    def read_index(self, global_sample_idx: int, step: int) -> Any:
        """Read one sample, and return the picture that DLIO ships in its stead."""
        self._read(Piece(*divmod(global_sample_idx, self._samples_per_file), 1))
        return self._args.resized_image

    def is_index_based(self) -> bool:
        """Samples are asked for by their number."""
        return True

    def is_iterator_based(self) -> bool:
        """There is no going through a list of files."""
        return False

    def open(self, filename: str) -> None:
        """Files are opened where they are read."""

    def close(self, filename: str) -> None:
        """Files are closed where they are read."""

    def get_sample(self, filename: str, sample_index: int) -> None:
        """Samples are read in `read_index`."""

    def next(self) -> Iterator[Any]:
        """Yield nothing."""
        yield from ()

    def finalize(self) -> None:
        """Leave nothing open: nothing is."""
