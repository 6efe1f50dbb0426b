"""The plan of a training run: its dataset, how that is read, and which AU is meant."""

from dataclasses import dataclass
from typing import ClassVar

from storagebench.model.dataset import Dataset
from storagebench.model.plan import Plan
from storagebench.model.sizing import Sizing


@dataclass(frozen=True, slots=True)
class Reading:
    """How samples are read: O_DIRECT or buffered, raw bytes or decoded, all columns or those marked read."""

    direct: bool
    decode: bool
    columns: str

    def __str__(self) -> str:
        parts = ["O_DIRECT" if self.direct else "buffered", "decoded" if self.decode else "raw bytes"]
        return ", ".join([*parts, "columns marked read"] if self.columns == "marked" else parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class DlioChoice:
    """Which DLIO executes a plan, and how much of its reading is ours.

    `python` is the interpreter that has dlio_benchmark; `plugin` is none (DLIO reads as it does by itself), reader (ours
    in its torch loader), loader (ours in place of both) or auto (none where it has torch, else loader). `mpi_bin` is the
    mpirun that the user named, "" for none.
    """

    python: str
    plugin: str = "auto"
    mpi_bin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan(Plan):
    """Epochs of reads; `sizing` is what the rules demand, `dataset` what is used, `dlio` is None for other engines."""

    storage_option: ClassVar[str] = "--data-dir"
    separation_rule: ClassVar[str] = "3.4.2"

    dataset: Dataset
    sizing: Sizing
    reading: Reading
    au_definition: str
    data_dir: str
    checkpoint_dir: str
    dlio: DlioChoice | None = None

    @property
    def storage_dir(self) -> str:
        """The data directory."""
        return self.data_dir

    @property
    def open_files_per_rank(self) -> int:
        """One for each reading thread."""
        threads: int = self.parameter("reader.read_threads", 1)
        return threads

    @property
    def dataset_dir(self) -> str:
        """The folder that holds this model's files, as DLIO lays them out: `<data-dir>/<model>`."""
        return f"{self.data_dir}/{self.workload.model}"

    def steps_per_epoch(self) -> int:
        """Whole batches for each rank in an epoch; DLIO drops the rest (`main.py`, `_train`)."""
        batch: int = self.parameter("reader.batch_size")
        steps = self.dataset.num_samples // (batch * self.accelerators)
        limit: int = self.parameter("train.total_training_steps", -1)
        return min(steps, limit) if limit > 0 else steps
