"""The plan of a metadata run: how many files, and where."""

from dataclasses import dataclass
from typing import ClassVar

from storagebench import parameters
from storagebench.model import Edition, Plan, Prediction
from storagebench.plan import Wishes, chosen
from storagebench.select import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataPlan(Plan):
    """Files are made below `data_dir`, by one process on the launch host."""

    storage_option: ClassVar[str] = "--data-dir"
    separation_rule: ClassVar[str] = "x"

    data_dir: str
    files: int

    @property
    def storage_dir(self) -> str:
        """The directory under test."""
        return self.data_dir

    @property
    def open_files_per_rank(self) -> int:
        """One: each is closed before the next is made."""
        return 1


def make_plan(point: Point, wishes: Wishes, edition: Edition, seed: int) -> MetadataPlan:
    """Make a point concrete."""
    overrides = wishes.overrides(point.workload)
    values = {name: override.value for name, override in overrides.items()}
    tree = parameters.with_values(point.workload.parameters, values)
    prediction = Prediction(
        disk_bytes=0, memory_bytes_per_host=0, least_duration_s=0, working=(f"{tree['files']:,} empty files",)
    )
    return MetadataPlan(
        **chosen(point, wishes, edition),
        parameters=tree,
        overrides=overrides,
        settings={},
        prediction=prediction,
        seed=seed,
        data_dir=wishes.data_dir,
        files=tree["files"],
    )
