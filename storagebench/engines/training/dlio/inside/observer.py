"""Watching DLIO's own statistics at work: progress for the launcher, and counters around each epoch.

Three methods of its `StatsCounter`, whose names all its generations share, are called through. The counters are read
outside the block that DLIO times.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from storagebench.collect import devices
from storagebench.engines.progress import Progress
from storagebench.engines.training.dlio.inside.current import Run
from storagebench.engines.training.dlio.inside.family_tree import Usage, usage
from storagebench.launch.communicator import Communicator


class Observer:
    """What happened in each epoch, in the order of epochs, as plain data.

    `device` is the one below the dataset on the first rank of each host, or `device_reason` says why there is none.
    """

    def __init__(self, run: Run, communicator: Communicator, mean_sample_bytes: float) -> None:
        self._run = run
        self._communicator = communicator
        self._mean_sample_bytes = mean_sample_bytes
        self._batch_bytes = int(mean_sample_bytes * run.plan.parameter("reader.batch_size"))
        folder, first = run.plan.dataset_dir, communicator.local_rank == 0
        self._device = devices.block_device_of(folder) if first else None
        self.device = self._device.name if self._device else None
        self.device_reason = devices.no_device_reason(folder) if first and self._device is None else None
        self.epochs: dict[int, dict[str, Any]] = {}
        self.peak_memory_bytes = 0
        self._begin: tuple[Usage, int | None, int] = (Usage(0, 0.0, 0), None, 0)
        self._progress: Progress | None = None

    def watch(self, counter: type) -> None:
        """Be called before each block, after each step and after each block of a `StatsCounter`."""
        _call_through(counter, "start_block", before=self._block_begins)
        _call_through(counter, "batch_processed", after=self._step_done)
        _call_through(counter, "end_block", after=self._block_ended)

    def _block_begins(self, epoch: int, *_: Any) -> None:
        plan = self._run.plan
        stage = f"epoch {epoch}/{plan.parameter('train.epochs')}"
        self._progress = Progress(self._communicator, stage, plan.steps_per_epoch(), "steps")
        self._begin = self._now()

    def _step_done(self, epoch: int, step: int, *_: Any) -> None:
        if self._progress is not None:
            self._progress(step, step * self._batch_bytes)

    def _block_ended(self, epoch: int, *_: Any) -> None:
        """Note an epoch's growth; DLIO ends a block again before a checkpoint, and means the later time."""
        (used, device, loaded), (used_before, device_before, loaded_before) = self._now(), self._begin
        self.peak_memory_bytes = max(self.peak_memory_bytes, used.memory_bytes)
        self.epochs[epoch] = {
            "process_read_bytes": used.process_read_bytes - used_before.process_read_bytes,
            "cpu_s": used.cpu_s - used_before.cpu_s,
            "device_read_bytes": None if device is None or device_before is None else device - device_before,
            "mean_sample_bytes": self._mean_sample_bytes,
            "loaded_bytes": None if self._run.loaded_bytes is None else loaded - loaded_before,
        }

    def _now(self) -> tuple[Usage, int | None, int]:
        device = None if self._device is None else devices.read_bytes(self._device)
        return usage(), device, self._run.loaded_bytes or 0


def _call_through(
    counter: type, name: str, before: Callable[..., None] | None = None, after: Callable[..., None] | None = None
) -> None:
    method = getattr(counter, name)

    @wraps(method)
    def called(self: Any, *arguments: Any, **named: Any) -> Any:
        if before is not None:
            before(*arguments)
        result = method(self, *arguments, **named)
        if after is not None:
            after(*arguments)
        return result

    setattr(counter, name, called)
