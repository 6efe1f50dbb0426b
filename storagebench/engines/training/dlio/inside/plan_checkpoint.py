"""Checkpoints for DLIO as the native engine writes them (`checkpoint.checkpoint_mechanism_classname`).

DLIO 2.0.0's own are zeros that nobody syncs, and it fills memory with them at the start even of a run without any.
"""

from typing import Any, ClassVar

from dlio_benchmark.checkpointing.base_checkpointing import BaseCheckpointing

from storagebench.engines.training.checkpoint import write_checkpoint
from storagebench.engines.training.dlio.inside.current import current
from storagebench.engines.training.outcome import CheckpointResult


class PlanCheckpoint(BaseCheckpointing):  # type: ignore[misc]  # DLIO has no types
    """Rank 0 writes the model's size; `written` has what came of it."""

    written: ClassVar[list[CheckpointResult]] = []

    def __init__(self) -> None:
        # Not that of DLIO's class: it makes the tensors.
        self.ext = "ckpt"

    @staticmethod
    def get_instance() -> "PlanCheckpoint":
        """Return the mechanism, as DLIO asks for it."""
        return PlanCheckpoint()

    def get_tensor(self, size: int) -> list[Any]:
        """Return no tensor: what is written is made on the way to the file."""
        return []

    def save_state(self, suffix: str, state: Any) -> None:
        """Save no state: `checkpoint` does it all."""

    def checkpoint(self, epoch: int, step_number: int) -> None:
        """Write the checkpoint that follows an epoch."""
        run = current()
        if run.rank == 0:
            self.written.append(write_checkpoint(run.plan, epoch))

    def finalize(self) -> None:
        """Leave nothing open: nothing is."""
