"""Training by DLIO: found, told what to do in its own words, started as ranks, and never taken at its exit code."""

import yaml

from storagebench.engines.clock import local_stamp
from storagebench.engines.training.dlio.configuration import configuration, plugin_of
from storagebench.engines.training.dlio.installation import Installation, installation_of
from storagebench.engines.training.dlio.results import outcome_files, rank_results
from storagebench.engines.training.engine import Engine
from storagebench.engines.training.outcome import Outcome
from storagebench.launch import Interpreter, Job, Launcher, Tell
from storagebench.launch.mpirun import find_mpirun
from storagebench.model import TrainingPlan
from storagebench.serial import to_json

PLUGINS = {"none": "its own reading", "reader": "our reader in its torch loader", "loader": "our loader"}


class DlioEngine:
    """Reads a dataset as DLIO does; `drop_caches` puts it out of the page caches of all hosts first."""

    name = "dlio"

    def __init__(self, *, drop_caches: bool = True) -> None:
        self._drop_caches = drop_caches

    def check(self, plan: TrainingPlan) -> None:
        """Refuse what this DLIO would ignore, hang on or cannot do.

        Raises:
            ClusterError: there is no DLIO that can be driven, or no mpirun.
            PlanError: in one sentence, with what to do about it.
        """
        installation = _installation(plan)
        configuration(plan, installation)
        find_mpirun(_mpi_bin(plan, installation))

    def run(self, plan: TrainingPlan, launcher: Launcher, tell: Tell) -> Outcome:
        """Run all epochs on all ranks.

        Raises:
            ClusterError: the ranks cannot be started.
            PlanError: this DLIO cannot run the plan.
            EngineError: DLIO failed, or says that it did not and left no complete result.
        """
        installation = _installation(plan)
        tree = configuration(plan, installation)
        job = Job(
            module="storagebench.engines.training.dlio.inside.run",
            payload={"plan": to_json(plan), "configuration": tree, "drop_caches": self._drop_caches},
            ranks=plan.accelerators,
            hosts=plan.hosts,
            interpreter=Interpreter(installation.python, _mpi_bin(plan, installation)),
        )
        started_at = local_stamp()
        reports = launcher.run(job, tell)
        stand_ins = [f"no {name}" for name in reports[0]["stand_ins"]]
        return Outcome(
            engine=self.name,
            engine_version=installation.title,
            engine_detail=", ".join([PLUGINS[plugin_of(plan, installation)], *stand_ins]),
            started_at=started_at,
            ended_at=local_stamp(),
            ranks=rank_results(reports, plan),
            files={"dlio_workload.yaml": yaml.safe_dump(tree, sort_keys=False)} | outcome_files(reports),
        )


def _installation(plan: TrainingPlan) -> Installation:
    assert plan.dlio is not None
    return installation_of(plan.dlio.python)


def _mpi_bin(plan: TrainingPlan, installation: Installation) -> str | None:
    """Name the mpirun: the user's, that beside DLIO's Python, or None to look further."""
    assert plan.dlio is not None
    return plan.dlio.mpi_bin or installation.mpi_bin


ENGINE: Engine = DlioEngine()
