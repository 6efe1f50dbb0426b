"""What a plan of any family takes as it stands from its point and from what was typed."""

from typing import TypedDict

from storagebench.model import Edition, Host, Workload
from storagebench.plan.wishes import Wishes
from storagebench.select import Point


class Chosen(TypedDict):
    """Fields of a `Plan` that no family works out."""

    id: str
    workload: Workload
    division: str
    edition: str
    run: str
    quick: bool
    hosts: tuple[Host, ...]
    accelerators: int
    engine: str
    launcher: str
    organisation: str
    system: str
    results_dir: str


def chosen(point: Point, wishes: Wishes, edition: Edition) -> Chosen:
    """Return these fields, to begin a plan with: ``TrainingPlan(**chosen(point, wishes, edition), seed=seed, …)``."""
    return Chosen(
        id=point.id,
        workload=point.workload,
        division=wishes.division,
        edition=edition.name,
        run=point.run,
        quick=wishes.quick,
        hosts=wishes.hosts,
        accelerators=point.accelerators,
        engine=wishes.engine,
        launcher=wishes.launcher,
        organisation=wishes.organisation,
        system=wishes.system,
        results_dir=wishes.results_dir,
    )
