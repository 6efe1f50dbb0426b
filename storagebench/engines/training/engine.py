"""What executes a training plan: one protocol, and the engines behind it by the name that --engine takes."""

import importlib
from typing import Protocol

from storagebench import extensions
from storagebench.engines.training.outcome import Outcome
from storagebench.launch import Launcher, Tell
from storagebench.model import TrainingPlan


class Engine(Protocol):
    """Runs a plan on a dataset that is there, and returns raw times and counters; figures are made of them elsewhere."""

    name: str

    def check(self, plan: TrainingPlan) -> None:
        """Refuse a plan that this engine cannot run as it is written.

        Raises:
            PlanError: in one sentence, with what to do about it.
            ClusterError: the engine is not installed, or not fit.
        """
        ...

    def run(self, plan: TrainingPlan, launcher: Launcher, tell: Tell) -> Outcome:
        """Run all epochs on all ranks.

        Raises:
            ClusterError: the ranks cannot be started.
            EngineError: a rank failed, or left no complete result.
        """
        ...


ENGINES = {
    "native": "storagebench.engines.training.native",
    "dlio": "storagebench.engines.training.dlio.engine",
}
"""By name, the module whose ENGINE it is; loaded when used. Plugins add to them."""


def engine_of(name: str) -> Engine:
    """Return an engine by its name."""
    home = (ENGINES | extensions.modules("training engine"))[name]
    engine: Engine = importlib.import_module(home).ENGINE
    return engine
