"""Checkpointing as a family: writing and reading the checkpoints of large models."""

from pathlib import Path

from storagebench.collect.filesystem import filesystem_of
from storagebench.edition import load_edition
from storagebench.launch import Launching, Tell
from storagebench.model import CheckpointingPlan, Cluster, Edition
from storagebench.plan import Wishes, check_disk, check_memory
from storagebench.plan import checkpointing as planning
from storagebench.plan.checkpointing_limits import check_rules
from storagebench.runs.checkpointing import course
from storagebench.runs.checkpointing.invocations import Readiness, ready
from storagebench.runs.family import Family
from storagebench.select import Point


class Checkpointing:
    """Plan, a folder for the checkpoints, saves and loads."""

    name = "checkpointing"

    def plan(self, point: Point, wishes: Wishes, edition: Edition, cluster: Cluster, seed: int) -> CheckpointingPlan:
        """Share the model among the ranks."""
        return planning.make_plan(point, wishes, edition, cluster, seed)

    def describe(self, plan: CheckpointingPlan) -> tuple[str, ...]:
        """Say sizes, saves and loads."""
        return planning.describe(plan)

    def check(self, plan: CheckpointingPlan, cluster: Cluster) -> None:
        """Refuse what the division forbids, too little memory, and too little room for the checkpoints."""
        check_rules(plan, load_edition(plan.edition))
        check_memory(plan, cluster, "lower --accelerators or checkpoint.threads")
        if plan.writes:
            free_bytes = filesystem_of(plan.checkpoint_dir).free_bytes
            check_disk(plan, free_bytes, "; for a trial --param checkpoint.keep_last=2 or --model-scale=1/100")

    def prepare(self, plan: CheckpointingPlan, cluster: Cluster, launching: Launching, tell: Tell) -> Readiness:
        """Find the checkpoints that a second invocation reads; the first makes its own."""
        return ready(plan)

    def run(
        self, plan: CheckpointingPlan, prepared: Readiness, cluster: Cluster, launching: Launching, tell: Tell
    ) -> Path:
        """Write and read."""
        return course.run(plan, prepared, cluster, launching, tell)


FAMILY: Family[CheckpointingPlan, Readiness] = Checkpointing()
