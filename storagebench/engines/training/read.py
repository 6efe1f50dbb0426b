"""One rank of a training run: reads its share of every epoch step by step, as a data loader feeds an accelerator.

The course of an epoch and of a step is that of DLIO 2.0.0 (`main.py`, `_train`): wait for the batch, compute, meet
the other ranks at a barrier. The order of files is not, see `schedule`.
"""

import socket
import time
from collections.abc import Mapping
from typing import Any

from storagebench.engines.clock import local_stamp
from storagebench.engines.progress import Progress
from storagebench.engines.storage.counters import Counters, peak_memory_bytes
from storagebench.engines.training import cache
from storagebench.engines.training.checkpoint import checkpoint_epochs, write_checkpoint
from storagebench.engines.training.compute import Compute
from storagebench.engines.training.layout import layout_of
from storagebench.engines.training.loader import Loader, batches_ahead
from storagebench.engines.training.outcome import CacheDrop, CheckpointResult, EpochResult, RankResult
from storagebench.engines.training.pieces import piece_readers
from storagebench.engines.training.schedule import schedule_of
from storagebench.engines.training.steps import Steps
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.model import TrainingPlan
from storagebench.serial import from_json, to_json


def work(communicator: Communicator) -> Mapping[str, Any]:
    """Be a rank: the payload holds the `plan` and whether to `drop_caches` first, the result is a RankResult."""
    payload = communicator.payload()
    rank = _Rank(from_json(TrainingPlan, payload["plan"]), communicator)
    result: Mapping[str, Any] = to_json(rank.run(payload["drop_caches"]))
    return result


class _Rank:
    """What stays from epoch to epoch: the schedule, the readers with their memory, the counters."""

    def __init__(self, plan: TrainingPlan, communicator: Communicator) -> None:
        self._plan = plan
        self._communicator = communicator
        self._layout = layout_of(plan.dataset, plan.dataset_dir, columns=plan.reading.columns)
        self._schedule = schedule_of(plan, self._layout.samples_per_unit)
        self._reads = piece_readers(plan, self._layout)
        self._ahead = batches_ahead(plan.parameter("reader.read_threads", 1), plan.parameter("reader.prefetch_size"))
        self._counters = Counters(plan.dataset_dir, with_device=communicator.local_rank == 0)
        self._compute = Compute(
            plan.parameter("train.computation_time", 0.0),
            plan.parameter("train.computation_time_stdev", 0.0),
            seed=plan.seed,
            rank=communicator.rank,
        )

    def run(self, drop_caches: bool) -> RankResult:
        """Go through all epochs.

        Raises:
            EngineError: a file cannot be read or a checkpoint cannot be written.
        """
        dropped = self._drop_caches() if drop_caches else None
        checkpoint_after = checkpoint_epochs(self._plan)
        epochs: list[EpochResult] = []
        checkpoints: list[CheckpointResult] = []
        for epoch in range(1, self._plan.parameter("train.epochs") + 1):
            epochs.append(self._epoch(epoch))
            if epoch in checkpoint_after and self._communicator.rank == 0:
                checkpoints.append(write_checkpoint(self._plan, epoch))
            self._communicator.barrier()
        return RankResult(
            rank=self._communicator.rank,
            local_rank=self._communicator.local_rank,
            hostname=socket.gethostname(),
            epochs=tuple(epochs),
            checkpoints=tuple(checkpoints),
            cache_drop=dropped,
            device=self._counters.device,
            device_reason=self._counters.device_reason,
            peak_memory_bytes=peak_memory_bytes(),
        )

    def _epoch(self, epoch: int) -> EpochResult:
        started_at = local_stamp()
        share = self._schedule.share(epoch, self._communicator.rank)
        epochs: int = self._plan.parameter("train.epochs")
        progress = Progress(self._communicator, f"epoch {epoch}/{epochs}", share.steps, "steps")
        self._communicator.barrier()
        before, block_started_at, begin = self._counters.now(), local_stamp(), time.perf_counter()
        with Loader(share, self._reads, self._ahead) as loader:
            steps = self._steps(loader, share.steps, progress)
            block_s, block_ended_at = time.perf_counter() - begin, local_stamp()
        counted = self._counters.now().since(before)
        return EpochResult(
            epoch=epoch,
            started_at=started_at,
            block_started_at=block_started_at,
            block_ended_at=block_ended_at,
            ended_at=local_stamp(),
            block_s=block_s,
            load_s=tuple(steps.load_s),
            compute_s=tuple(steps.compute_s),
            nominal_compute_s=tuple(steps.nominal_compute_s),
            processed_s=tuple(steps.processed_s),
            samples=share.steps * self._schedule.batch_size,
            requested_bytes=steps.bytes,
            process_read_bytes=counted.process_read_bytes,
            device_read_bytes=counted.device_read_bytes,
            cpu_s=counted.cpu_s,
        )

    def _steps(self, loader: Loader, count: int, progress: Progress) -> Steps:
        steps = Steps()
        for step in range(1, count + 1):
            begin = time.perf_counter()
            batch_bytes = loader.next_batch()
            loaded = time.perf_counter()
            nominal_s = self._compute.step()
            steps.add(begin, loaded, time.perf_counter(), nominal_s, batch_bytes)
            self._communicator.barrier()
            progress(step, steps.bytes)
        return steps

    def _drop_caches(self) -> CacheDrop:
        files = cache.share_of_host(self._plan, self._communicator.local_rank)
        progress = Progress(self._communicator, "cache drop", self._plan.dataset.num_files, "files")
        folder, layout = self._plan.dataset_dir, self._layout
        return cache.drop(
            files,
            path_of=lambda file: f"{folder}/{layout.path(file)}",
            bytes_of=layout.file_bytes,
            progress=lambda done: progress(done * files.step),
        )


if __name__ == "__main__":
    run_rank(work)
