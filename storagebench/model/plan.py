"""A workload made concrete: everything a run needs to know, whatever its family."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from storagebench.model.cluster import Host
from storagebench.model.workload import Workload
from storagebench.serial import to_json

DESCRIPTION = frozenset({"where", "source", "notes"})
"""What of a workload only describes it."""


@dataclass(frozen=True, slots=True)
class Override:
    """A parameter that is not the workload's own, and who changed it: user or quick."""

    value: Any
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a run will take: bytes on disk and in memory per host, and the least time it can last."""

    disk_bytes: int
    memory_bytes_per_host: int
    least_duration_s: float
    working: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(ABC):
    """One run to be: `overrides` is what the user (or --quick) changed, `settings` what we set ourselves.

    Each family adds what only it needs. `accelerators` is the number of ranks: emulated accelerators, processes of
    a checkpoint, clients. `tag` is the user's name for the run; runs of one `series` were made together.
    `extra` is what other plugins know of the session, by their names.
    """

    storage_option: ClassVar[str]
    """The option that names the storage under test."""
    separation_rule: ClassVar[str]
    """The rule that wants the results on another filesystem."""
    apart: ClassVar[frozenset[str]] = frozenset(
        {"id", "run", "seed", "prediction", "sizing", "results_dir", "organisation", "system", "tag", "series", "extra"}
    )
    """What may differ between two runs of the same measurement."""

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
    prediction: Prediction
    seed: int
    engine: str
    launcher: str
    organisation: str
    system: str
    results_dir: str
    tag: str = ""
    series: str = ""
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    @abstractmethod
    def storage_dir(self) -> str:
        """The directory on the storage under test, "" when nobody named one."""

    @property
    @abstractmethod
    def open_files_per_rank(self) -> int:
        """Files of the storage under test that a rank holds open at a time."""

    def parameter(self, dotted: str, default: Any = None) -> Any:
        """Return one parameter after every override: ``plan.parameter("reader.batch_size")``."""
        found: Any = self.parameters
        for part in dotted.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return default
            found = found[part]
        return found

    def fingerprint(self) -> str:
        """Identify what is measured: two runs with the same fingerprint are repeats of each other."""
        content = {name: item for name, item in to_json(self).items() if name not in self.apart}
        # Where a workload is written down says nothing of what is measured.
        content["workload"] = {name: item for name, item in content["workload"].items() if name not in DESCRIPTION}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
