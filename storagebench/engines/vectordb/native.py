"""The jobs of a run, as the course calls them: load, tune, search."""

from collections.abc import Sequence
from dataclasses import dataclass

from storagebench.engines.vectordb.outcome import Evidence, Loaded, RankSearch, Tuned
from storagebench.launch import Job, Launcher, Tell
from storagebench.model import VectorDatabasePlan
from storagebench.serial import from_json, to_json

HERE = "storagebench.engines.vectordb"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ranks of a search report, and what rank 0 made sure of."""

    ranks: Sequence[RankSearch]
    evidence: Evidence


def load(plan: VectorDatabasePlan, launcher: Launcher, tell: Tell, *, insert: bool, truth: bool) -> Loaded | None:
    """Load the collection (`insert`) and find the exact neighbours (`truth`), each where it is wanted.

    Raises:
        ClusterError, DatasetError, EngineError: it failed; no part of a collection stays.
    """
    payload = {"plan": to_json(plan), "load": insert, "truth": truth}
    results = launcher.run(Job(module=f"{HERE}.load", payload=payload, ranks=plan.accelerators, hosts=plan.hosts), tell)
    return from_json(Loaded, results[0]) if insert else None


def tune(plan: VectorDatabasePlan, launcher: Launcher, tell: Tell) -> Tuned:
    """Find the least effort that reaches the plan's recall.

    Raises:
        ClusterError, DatasetError, EngineError: it failed.
    """
    job = Job(module=f"{HERE}.tune", payload={"plan": to_json(plan)}, ranks=1, hosts=plan.hosts[:1])
    return from_json(Tuned, launcher.run(job, tell)[0])


def search(plan: VectorDatabasePlan, launcher: Launcher, tell: Tell) -> Outcome:
    """Ask for the length of the window.

    Raises:
        ClusterError, DatasetError, EngineError: a rank failed or died.
    """
    job = Job(module=f"{HERE}.search", payload={"plan": to_json(plan)}, ranks=plan.accelerators, hosts=plan.hosts)
    results = launcher.run(job, tell)
    ranks = tuple(from_json(RankSearch, result["search"]) for result in results)
    return Outcome(ranks, from_json(Evidence, results[0]["evidence"]))
