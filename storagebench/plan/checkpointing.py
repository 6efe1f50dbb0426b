"""The plan of a checkpointing run: how the ranks share the model, and what that takes on disk and in memory."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from storagebench import memory, parameters
from storagebench.errors import PlanError
from storagebench.model import CheckpointingPlan, Cluster, Edition, Override, Prediction, Workload
from storagebench.model.checkpoint_layout import CheckpointLayout, transformer_of
from storagebench.model.checkpoint_size import checkpoint_bytes, subset_bytes
from storagebench.plan.chosen import chosen
from storagebench.plan.description import described, working
from storagebench.plan.wishes import Wishes
from storagebench.select import READ, WRITE, Point
from storagebench.units import bytes_text, duration_text

COUNTS = {WRITE: "checkpoint.num_checkpoints_write", READ: "checkpoint.num_checkpoints_read"}


def make_plan(point: Point, wishes: Wishes, edition: Edition, cluster: Cluster, seed: int) -> CheckpointingPlan:
    """Make a point concrete on a cluster.

    Overrides are what the user (or --quick) changed; settings are what we set, as the official tool does.

    Raises:
        PlanError: so many ranks cannot share the model, or another engine than ours is asked for.
    """
    if wishes.engine != "native":
        raise PlanError(
            f"{point.id}: --engine={wishes.engine} is for training; checkpointing has the native engine alone, so leave it out"
        )
    workload, ranks = point.workload, point.accelerators
    zeroed = [name for phase, name in COUNTS.items() if _phase(point) not in ("", phase)]
    overrides = {name: override for name, override in wishes.overrides(workload).items() if name not in zeroed}
    tree = parameters.with_values(workload.parameters, {name: override.value for name, override in overrides.items()})
    subset = tree["checkpoint"].get("mode", _mode(workload, ranks, edition)) == "subset"
    data = _data_parallelism(point, tree, subset=subset)
    settings = _settings(point, wishes, overrides, data if subset else None) | dict.fromkeys(zeroed, 0)
    tree = parameters.with_values(tree, settings)
    model = transformer_of(tree, data)
    return CheckpointingPlan(
        **chosen(point, wishes, edition),
        parameters=tree,
        overrides=overrides,
        settings=settings,
        prediction=_prediction(
            tree, CheckpointLayout(model=model, ranks=ranks, scale=Fraction(_scale(tree))), len(cluster.hosts)
        ),
        seed=seed,
        model=model,
        subset=subset,
        scale=_scale(tree),
        accelerator=wishes.accelerator_type,
        checkpoint_dir=wishes.checkpoint_dir,
        between_phases=wishes.between_phases if _phase(point) == READ else "",
        keep_checkpoints=wishes.keep_checkpoints,
    )


def describe(plan: CheckpointingPlan) -> tuple[str, ...]:
    """Say a plan in lines for a person: what would be written and read, and the working of every size."""
    each = plan.layout.total_bytes
    how = "O_DIRECT" if plan.parameter("checkpoint.odirect") else "buffered"
    synced = "fsync" if plan.parameter("checkpoint.fsync") else "no fsync"
    threads: int = plan.parameter("checkpoint.threads", 1)
    return described(
        plan,
        (
            f"  checkpoint  {plan.shape}, {plan.layout.total_files:,} files, {bytes_text(each)} in {plan.folder}",
            *working(_size_working(plan)),
            (
                f"  run         {plan.writes} saves and {plan.reads} loads, {how}, {synced}, {threads} files at a time "
                f"a rank, {plan.parameter('checkpoint.time_between_checkpoints'):g} s before each, {plan.engine} engine"
            ),
            *working(plan.prediction.working),
        ),
    )


def _phase(point: Point) -> str:
    """Return which of two invocations a point is, "" for one that does both."""
    last = point.run.rpartition("-")[2]
    return last if last in COUNTS else ""


def _mode(workload: Workload, ranks: int, edition: Edition) -> str:
    """Return the mode where nobody asks for one: edition 2.0's tool makes a subset of the eight ranks of a large model."""
    subset = edition["checkpointing.subset"]
    asked = "2.0" in edition.lineage and ranks == subset["processes"] and workload.model in subset["models"]
    return "subset" if asked else "default"


def _data_parallelism(point: Point, tree: Mapping[str, Any], *, subset: bool) -> int:
    """Return the replicas of the whole job, of which a subset is the beginning."""
    split = tree["model"]["parallelism"]
    unit = split["tensor"] * split["pipeline"]
    full = point.workload.accelerators if subset and point.workload.accelerators else point.accelerators
    data: int
    data, rest = divmod(full, unit)
    if rest or not data:
        raise PlanError(
            f"{point.id}: {full} ranks cannot share {point.workload.model}: tensor {split['tensor']} × pipeline "
            f"{split['pipeline']} parallelism takes a multiple of {unit} (rule 4.6.4); choose --accelerators accordingly"
        )
    if point.accelerators > full:
        raise PlanError(
            f"{point.id}: a subset of {point.workload.model} has at most its {full} ranks; lower --accelerators"
        )
    return data


def _settings(point: Point, wishes: Wishes, overrides: Mapping[str, Override], data: int | None) -> dict[str, Any]:
    ours: dict[str, Any] = {"checkpoint.checkpoint_folder": f"{wishes.checkpoint_dir}/{point.workload.model}"}
    if data is not None:
        ours |= {"checkpoint.mode": "subset", "model.parallelism.data": data}
    return {name: value for name, value in ours.items() if name not in overrides}


def _scale(tree: Mapping[str, Any]) -> str:
    return str(tree["model"].get("scale", "1"))


def _size_working(plan: CheckpointingPlan) -> Iterator[str]:
    model = plan.model
    whole = subset_bytes(model, plan.accelerators) if plan.subset else checkpoint_bytes(model)
    copies = f", the norms {model.tensor} times (once a tensor-parallel rank)" if model.tensor > 1 else ""
    yield f"model: {model.parameters:,} parameters × 2 B (fp16){copies}"
    yield (
        f"optimizer: {plan.accelerators} ranks × 4 B × (3 × {model.parameters // model.ranks:,} + "
        f"15 × {model.hidden_size:,})"
    )
    what = f"the first {plan.accelerators} of {model.ranks} ranks" if plan.subset else "together"
    yield f"{what} {whole:,} B = {bytes_text(whole)}" + (f", of which {plan.scale}" if plan.scale != "1" else "")
    sizes = {plan.layout.rank_bytes(rank) for rank in plan.layout.kinds()}
    each = bytes_text(min(sizes)) if len(sizes) == 1 else f"{bytes_text(min(sizes))} to {bytes_text(max(sizes))}"
    yield f"a rank writes {each}"


def _prediction(tree: Mapping[str, Any], layout: CheckpointLayout, hosts: int) -> Prediction:
    checkpoint = tree["checkpoint"]
    writes, reads = checkpoint["num_checkpoints_write"], checkpoint["num_checkpoints_read"]
    kept = min(writes, checkpoint.get("keep_last", 0) or writes)
    ranks_per_host = -(-layout.ranks // hosts)
    rank_bytes = memory.checkpoint_rank_bytes(checkpoint)
    pause: float = checkpoint["time_between_checkpoints"]
    disk, least = kept * layout.total_bytes, (writes + reads) * pause
    return Prediction(
        disk_bytes=disk,
        memory_bytes_per_host=ranks_per_host * rank_bytes,
        least_duration_s=least,
        working=(
            f"disk: {kept} checkpoints × {bytes_text(layout.total_bytes)} = {bytes_text(disk)}",
            (
                f"time: {writes + reads} × {pause:g} s of pause = at least {duration_text(least)}, and "
                f"{bytes_text((writes + reads) * layout.total_bytes)} to move"
            ),
            (
                f"memory: {ranks_per_host} ranks a host × {bytes_text(rank_bytes)} = "
                f"{bytes_text(ranks_per_host * rank_bytes)}"
            ),
        ),
    )
