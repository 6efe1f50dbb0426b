"""A family of benchmarks as the suites see it, and where each one lives."""

import importlib
from pathlib import Path
from typing import Any, Protocol, TypeVar

from storagebench.errors import ConfigError
from storagebench.launch import Launching, Tell
from storagebench.model import Cluster, Edition, Plan
from storagebench.plan import Wishes
from storagebench.select import Point

HOMES = {
    "checkpointing": "storagebench.runs.checkpointing.family",
    "training": "storagebench.runs.training.family",
    "kv_cache": "storagebench.runs.kv_cache.family",
    "vector_database": "storagebench.runs.vector_database.family",
}
"""Families by their official name, and the module whose FAMILY it is; loaded when one runs, as collection is fast."""

P = TypeVar("P", bound=Plan)
Prepared = TypeVar("Prepared")


class Family(Protocol[P, Prepared]):
    """The course of a run, stage by stage: plan, check, prepare, run."""

    name: str

    def plan(self, point: Point, wishes: Wishes, edition: Edition, cluster: Cluster, seed: int) -> P:
        """Make a point concrete on a cluster.

        Raises:
            PlanError: it makes no sense there.
        """
        ...

    def describe(self, plan: P) -> tuple[str, ...]:
        """Say a plan in lines for a person: what would run, and the working of every size."""
        ...

    def check(self, plan: P, cluster: Cluster) -> None:
        """Refuse what cannot fit.

        Raises:
            PlanError: with the arithmetic.
        """
        ...

    def prepare(self, plan: P, cluster: Cluster, launching: Launching, tell: Tell) -> Prepared:
        """Make what a run needs and what outlives it (a dataset, a collection); return what `run` wants of it.

        Raises:
            StorageBenchError: it cannot be made; nothing half-made is taken for a whole one later.
        """
        ...

    def run(self, plan: P, prepared: Prepared, cluster: Cluster, launching: Launching, tell: Tell) -> Path:
        """Execute the plan and return the folder it left, complete but for the verdict.

        Raises:
            StorageBenchError: the run failed; its folder says so and keeps the logs.
        """
        ...


def family_of(name: str) -> Family[Any, Any]:
    """Return a family by its official name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in HOMES:
        raise ConfigError(f"there is no family '{name}'; there are {', '.join(HOMES)}")
    family: Family[Any, Any] = importlib.import_module(HOMES[name]).FAMILY
    return family
