"""Training as a family: reads of training samples at the pace of emulated accelerators."""

from pathlib import Path

from storagebench.collect.filesystem import filesystem_of
from storagebench.engines.training.engine import engine_of
from storagebench.engines.training.manifest import Manifest, read_manifest
from storagebench.launch import Launching, Tell
from storagebench.model import Cluster, Edition, TrainingPlan
from storagebench.plan import Wishes, check_disk, check_memory
from storagebench.plan import training as planning
from storagebench.runs.family import Family
from storagebench.runs.training import course
from storagebench.select import Point


class Training:
    """Plan, dataset, epochs."""

    name = "training"

    def plan(self, point: Point, wishes: Wishes, edition: Edition, cluster: Cluster, seed: int) -> TrainingPlan:
        """Size the dataset for the cluster."""
        return planning.make_plan(point, wishes, edition, cluster, seed)

    def describe(self, plan: TrainingPlan) -> tuple[str, ...]:
        """Say dataset and epochs."""
        return planning.describe(plan)

    def check(self, plan: TrainingPlan, cluster: Cluster) -> None:
        """Refuse what the engine cannot do, too little memory, and too little room for a dataset.

        Where one lies half made, only its making tells what is missing.
        """
        engine_of(plan.engine).check(plan)
        check_memory(plan, cluster, "lower --accelerators or reader.read_threads")
        found, free_bytes = read_manifest(plan.dataset_dir), filesystem_of(plan.data_dir).free_bytes
        if found is not None and found.dataset.num_files < plan.dataset.num_files:
            check_disk(plan, found.total_bytes + free_bytes, ", or fewer --accelerators")
        elif not Path(plan.dataset_dir).exists():
            check_disk(plan, free_bytes, ", or fewer --accelerators")

    def prepare(self, plan: TrainingPlan, cluster: Cluster, launching: Launching, tell: Tell) -> Manifest:
        """Generate the dataset where it is missing."""
        return course.prepare(plan, cluster, launching, tell)

    def run(self, plan: TrainingPlan, prepared: Manifest, cluster: Cluster, launching: Launching, tell: Tell) -> Path:
        """Read the dataset, epoch by epoch."""
        return course.run(plan, prepared, cluster, launching, tell)


FAMILY: Family[TrainingPlan, Manifest] = Training()
