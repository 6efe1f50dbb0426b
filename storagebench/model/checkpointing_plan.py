"""The plan of a checkpointing run: which model, shared by how many ranks, written and read how often."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from storagebench.model.checkpoint_layout import CheckpointLayout
from storagebench.model.checkpoint_size import Transformer
from storagebench.model.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointingPlan(Plan):
    """Saves, then loads; `accelerator` is the one whose memory holds the model.

    `subset` says that the ranks are the first of a larger job; `scale` is a fraction as text ("1/100"), "1" for the
    whole model. `between_phases` is a command to run before the reads of a second invocation, "" for none.
    """

    storage_option: ClassVar[str] = "--checkpoint-dir"
    separation_rule: ClassVar[str] = "4.4.2"
    apart: ClassVar[frozenset[str]] = Plan.apart | {"between_phases", "keep_checkpoints"}

    model: Transformer
    subset: bool
    scale: str
    accelerator: str
    checkpoint_dir: str
    between_phases: str
    keep_checkpoints: bool

    @property
    def storage_dir(self) -> str:
        """The folder of all checkpoints."""
        return self.checkpoint_dir

    @property
    def folder(self) -> str:
        """The folder of this model's checkpoints: `<checkpoint-dir>/<model>`."""
        return f"{self.checkpoint_dir}/{self.workload.model}"

    @property
    def open_files_per_rank(self) -> int:
        """One for each thread."""
        threads: int = self.parameter("checkpoint.threads", 1)
        return threads

    @property
    def layout(self) -> CheckpointLayout:
        """Who writes which files of what size."""
        return CheckpointLayout(model=self.model, ranks=self.accelerators, scale=Fraction(self.scale))

    @property
    def writes(self) -> int:
        """Checkpoints to write."""
        count: int = self.parameter("checkpoint.num_checkpoints_write")
        return count

    @property
    def reads(self) -> int:
        """Checkpoints to read."""
        count: int = self.parameter("checkpoint.num_checkpoints_read")
        return count

    @property
    def kept(self) -> int:
        """Checkpoints that are on the storage at a time, at most."""
        limit: int = self.parameter("checkpoint.keep_last", 0)
        return min(self.writes, limit) if limit else self.writes

    @property
    def shape(self) -> str:
        """What checkpoints must have in common to be read by this run."""
        model = self.model
        split = f"tensor {model.tensor} × pipeline {model.pipeline} × data {model.data}, ZeRO {model.zero_stage}"
        scale = "" if self.scale == "1" else f" at {self.scale}"
        return f"{self.workload.model}{scale} by {self.accelerators} ranks ({split})"
