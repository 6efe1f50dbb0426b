"""A workload made concrete: everything a run needs to know, with the working behind every size."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storagebench.model.cluster import Host
from storagebench.model.dataset import Dataset
from storagebench.model.sizing import Sizing
from storagebench.model.workload import Workload
from storagebench.serial import to_json


@dataclass(frozen=True, slots=True)
class Override:
    """A parameter that is not the workload's own, and who changed it: user or quick."""

    value: Any
    origin: str


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
class Prediction:
    """What a run will take: bytes on disk and in memory per host, and the least time it can last (AU 100 %)."""

    disk_bytes: int
    memory_bytes_per_host: int
    least_duration_s: float
    working: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run to be: `overrides` is what the user (or --quick) changed, `settings` what we set ourselves."""

    id: str
    workload: Workload
    division: str
    edition: str
    run: str
    quick: bool
    hosts: tuple[Host, ...]
    accelerators: int
    parameters: Mapping[str, Any]
    overrides: Mapping[str, Override]
    settings: Mapping[str, Any]
    dataset: Dataset
    sizing: Sizing
    prediction: Prediction
    reading: Reading
    seed: int
    engine: str
    launcher: str
    au_definition: str
    organisation: str
    system: str
    data_dir: str
    results_dir: str
    checkpoint_dir: str

    @property
    def dataset_dir(self) -> str:
        """The folder that holds this model's files, as DLIO lays them out: `<data-dir>/<model>`."""
        return f"{self.data_dir}/{self.workload.model}"

    def parameter(self, dotted: str, default: Any = None) -> Any:
        """Return one parameter after every override: ``plan.parameter("reader.batch_size")``."""
        found: Any = self.parameters
        for part in dotted.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return default
            found = found[part]
        return found

    def steps_per_epoch(self) -> int:
        """Whole batches for each rank in an epoch; DLIO drops the rest (`main.py`, `_train`)."""
        batch: int = self.parameter("reader.batch_size")
        steps = self.dataset.num_samples // (batch * self.accelerators)
        limit: int = self.parameter("train.total_training_steps", -1)
        return min(steps, limit) if limit > 0 else steps

    def fingerprint(self) -> str:
        """Identify what is measured: two runs with the same fingerprint are repeats of each other."""
        apart = {"id", "run", "seed", "prediction", "sizing", "results_dir", "organisation", "system"}
        content = {name: item for name, item in to_json(self).items() if name not in apart}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
