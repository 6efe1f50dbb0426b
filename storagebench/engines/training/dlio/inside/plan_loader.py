"""A data loader for DLIO that reads as the native engine does, under DLIO's own loop, clock and statistics.

It takes the place of torch and of DLIO's readers (`reader.data_loader_classname`): raw bytes or decoded, buffered or
O_DIRECT, npz, jpeg, tfrecord and row groups of parquet, in another order of files for each epoch and rank.
"""

from collections.abc import Iterator
from typing import Any

from dlio_benchmark.common.enumerations import DataLoaderType
from dlio_benchmark.data_loader.base_data_loader import BaseDataLoader

from storagebench.engines.training.dlio.inside.current import current
from storagebench.engines.training.layout import layout_of
from storagebench.engines.training.loader import Loader, batches_ahead
from storagebench.engines.training.pieces import piece_readers
from storagebench.engines.training.schedule import schedule_of


class PlanLoader(BaseDataLoader):  # type: ignore[misc]  # DLIO has no types
    """Made once by DLIO; `next` is called for each epoch, and a batch is how many bytes it had."""

    def __init__(self, format_type: Any, dataset_type: Any, epoch_number: int) -> None:
        super().__init__(format_type, dataset_type, epoch_number, DataLoaderType.PYTORCH)
        self._run = current()
        plan = self._run.plan
        layout = layout_of(plan.dataset, plan.dataset_dir, columns=plan.reading.columns)
        self._schedule = schedule_of(plan, layout.samples_per_unit)
        self._reads = piece_readers(plan, layout)
        self._ahead = batches_ahead(plan.parameter("reader.read_threads", 1), plan.parameter("reader.prefetch_size"))
        self._epoch = epoch_number

    def read(self) -> None:
        """Begin: there is nothing to do ahead of an epoch."""

    def next(self) -> Iterator[int]:
        """Yield the batches of an epoch."""
        share = self._schedule.share(self._epoch, self._run.rank)
        self._epoch += 1
        with Loader(share, self._reads, self._ahead) as loader:
            for _ in range(share.steps):
                batch_bytes = loader.next_batch()
                self._run.loaded_bytes = (self._run.loaded_bytes or 0) + batch_bytes
                yield batch_bytes

    def finalize(self) -> None:
        """End an epoch: its threads have ended with it."""
