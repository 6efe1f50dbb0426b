"""What the user asked for, before it meets a workload or a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from storagebench.model import DlioChoice, Host, Override, Workload
from storagebench.parameters import flatten


@dataclass(frozen=True, slots=True)
class BroughtVectors:
    """A file of vectors that the user brought: how many it holds, of which dimension, and a digest of them."""

    name: str
    count: int
    dimension: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorWishes:
    """What only the vector-database family is told; zero and "" stand for what was not."""

    dsn: str = ""
    regime: str = ""
    runtime_s: float = 0.0
    recall: float = 0.0
    rate: float = 0.0
    fresh: bool = False
    file: BroughtVectors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was typed on the command line, checked one by one; `params` holds the overrides of each family.

    `extra` is what other plugins know of the session, by their names.
    """

    division: str
    edition: str
    quick: bool
    hosts: tuple[Host, ...]
    params: Mapping[str, Mapping[str, Any]]
    data_dir: str
    results_dir: str
    checkpoint_dir: str
    cache_dir: str
    seed: int | None
    organisation: str
    system: str
    engine: str
    launcher: str
    decode: bool | None
    columns: str
    accelerator_type: str = "b200"
    between_phases: str = ""
    keep_checkpoints: bool = False
    dlio: DlioChoice | None = None
    vectordb: VectorWishes = VectorWishes()
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def overrides(self, workload: Workload) -> dict[str, Override]:
        """Return what differs from the workload's own parameters by wish, and whose wish it is; the user's word wins."""
        quick = flatten(workload.quick["parameters"]) if self.quick and workload.quick else {}
        by_quick = {name: Override(value, "quick") for name, value in quick.items()}
        by_user = {name: Override(value, "user") for name, value in self.params.get(workload.family, {}).items()}
        return by_quick | by_user
