"""The native training engine: no torch, no DLIO, one process for each emulated accelerator."""

from storagebench import __version__
from storagebench.engines.clock import local_stamp
from storagebench.engines.training.engine import Engine
from storagebench.engines.training.outcome import Outcome, RankResult
from storagebench.launch import Job, Launcher, Tell
from storagebench.model import TrainingPlan
from storagebench.serial import from_json, to_json


class NativeEngine:
    """Reads a dataset as the plan says; `drop_caches` puts it out of the page caches of all hosts first."""

    name = "native"
    version = __version__

    def __init__(self, *, drop_caches: bool = True) -> None:
        self._drop_caches = drop_caches

    def check(self, plan: TrainingPlan) -> None:
        """Refuse nothing: plans are made for this engine."""

    def run(self, plan: TrainingPlan, launcher: Launcher, tell: Tell) -> Outcome:
        """Run all epochs on all ranks.

        Raises:
            ClusterError: the ranks cannot be started.
            EngineError: a rank failed, for example because a file is damaged.
        """
        job = Job(
            module="storagebench.engines.training.read",
            payload={"plan": to_json(plan), "drop_caches": self._drop_caches},
            ranks=plan.accelerators,
            hosts=plan.hosts,
        )
        started_at = local_stamp()
        results = launcher.run(job, tell)
        return Outcome(
            engine=self.name,
            engine_version=self.version,
            started_at=started_at,
            ended_at=local_stamp(),
            ranks=tuple(from_json(RankResult, result) for result in results),
        )


ENGINE: Engine = NativeEngine()
