"""The checkpoint of training workloads of editions 1.0 and 2.0: rank 0 writes the model's size after some epochs.

It lies outside the AU window, and all ranks wait for it. Only the newest file stays.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from storagebench.engines.clock import local_stamp
from storagebench.engines.storage.filler import Filler
from storagebench.engines.training.outcome import CheckpointResult
from storagebench.errors import EngineError
from storagebench.model import TrainingPlan


def is_due(epoch: int, first_epoch: int, epochs_between: int) -> bool:
    """Say whether a checkpoint follows `epoch`: the first one and every `epochs_between` (0: never again) after it."""
    since = epoch - first_epoch
    return since == 0 or (since > 0 and epochs_between > 0 and since % epochs_between == 0)


def checkpoint_epochs(plan: TrainingPlan) -> frozenset[int]:
    """Return the epochs that a checkpoint follows; defaults are those of DLIO 2.0.0 (`utils/config.py`)."""
    if not plan.parameter("workflow.checkpoint"):
        return frozenset()
    first: int = plan.parameter("checkpoint.checkpoint_after_epoch", 1)
    between: int = plan.parameter("checkpoint.epochs_between_checkpoints", 1)
    return frozenset(e for e in range(1, plan.parameter("train.epochs") + 1) if is_due(e, first, between))


def write_checkpoint(plan: TrainingPlan, epoch: int) -> CheckpointResult:
    """Write one checkpoint of bytes that cannot be compressed, wait until it is on stable storage, drop the older.

    Raises:
        EngineError: the folder cannot be written or is full.
    """
    size_bytes = int(plan.parameter("model.model_size", 0))
    path = Path(plan.parameter("checkpoint.checkpoint_folder", plan.checkpoint_dir))
    path /= f"{plan.workload.model}-epoch-{epoch}.ckpt"
    started_at, begin = local_stamp(), time.perf_counter()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_through(path, Filler(plan.seed).chunks(epoch, size_bytes))
        duration_s, ended_at = time.perf_counter() - begin, local_stamp()
        for older in path.parent.glob(f"{plan.workload.model}-epoch-*.ckpt"):
            if older != path:
                older.unlink()
    except OSError as error:
        raise EngineError(f"the checkpoint {path} cannot be written: {error.strerror}") from None
    return CheckpointResult(
        epoch=epoch, bytes=size_bytes, started_at=started_at, ended_at=ended_at, duration_s=duration_s
    )


def _write_through(path: Path, chunks: Iterable[memoryview]) -> None:
    with path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
