"""The run that is going on in this process; DLIO makes its plug-ins itself and hands them none of ours."""

from dataclasses import dataclass

from storagebench.model import TrainingPlan


@dataclass(slots=True)
class Run:
    """A plan, and the bytes that our loader has read for it: None while DLIO's own reads."""

    plan: TrainingPlan
    rank: int
    loaded_bytes: int | None = None


_runs: list[Run] = []


def begin(plan: TrainingPlan, rank: int) -> Run:
    """Let a plan be the one that plug-ins read."""
    _runs[:] = [Run(plan, rank)]
    return _runs[0]


def current() -> Run:
    """Return the run.

    Raises:
        RuntimeError: none was begun; our plug-ins work in runs of ours only.
    """
    if not _runs:
        raise RuntimeError("this plug-in reads what a plan of storagebench says, and there is none here")
    return _runs[0]
