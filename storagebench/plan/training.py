"""The plan of a training run: the dataset that the rules demand, and what the run will take."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from storagebench import memory, parameters
from storagebench.errors import PlanError
from storagebench.model import (
    Cluster,
    Dataset,
    DlioChoice,
    Edition,
    Override,
    Prediction,
    Reading,
    Sizing,
    TrainingPlan,
    Workload,
    required_files,
)
from storagebench.plan.chosen import chosen
from storagebench.plan.description import described, working
from storagebench.plan.wishes import Wishes
from storagebench.select import Point
from storagebench.units import bytes_text, duration_text


def make_plan(point: Point, wishes: Wishes, edition: Edition, cluster: Cluster, seed: int) -> TrainingPlan:
    """Make a point concrete on a cluster.

    Overrides are what the user (or --quick) changed; settings are what we set, and never count as overrides.

    Raises:
        PlanError: the dataset holds not even one whole batch for each accelerator.
    """
    workload = point.workload
    overrides = wishes.overrides(workload)
    tree = parameters.with_values(workload.parameters, {name: override.value for name, override in overrides.items()})
    asked = parameters.dataset_of(tree, workload.model)
    sizing = required_files(
        edition,
        memory_bytes=cluster.memory_bytes,
        num_hosts=len(cluster.hosts),
        accelerators=point.accelerators,
        batch_size=tree["reader"]["batch_size"],
        record_length_bytes=asked.record_length_bytes,
        num_samples_per_file=asked.num_samples_per_file,
    )
    dataset = asked if "dataset.num_files_train" in overrides else _with_files(asked, sizing.num_files)
    settings = _settings(wishes, workload, dataset, overrides)
    tree = parameters.with_values(tree, settings)
    reading = Reading(
        direct=bool(tree["reader"].get("odirect", False)),
        decode=edition["training.decode"] if wishes.decode is None else wishes.decode,
        columns=wishes.columns,
    )
    plan = TrainingPlan(
        **chosen(point, wishes, edition),
        parameters=tree,
        overrides=overrides,
        settings=settings,
        dataset=dataset,
        sizing=sizing if dataset.num_files == sizing.num_files else _asked_for(sizing, dataset, overrides),
        prediction=_prediction(tree, dataset, reading, wishes.dlio, (point.accelerators, len(cluster.hosts))),
        reading=reading,
        seed=seed,
        au_definition=edition["training.au_definition"],
        data_dir=wishes.data_dir,
        checkpoint_dir=wishes.checkpoint_dir,
        dlio=wishes.dlio,
    )
    if plan.steps_per_epoch() < 1:
        batch = plan.parameter("reader.batch_size")
        raise PlanError(
            f"{point.id}: {dataset.num_samples:,} samples make no whole batch of {batch:,} for each of "
            f"{point.accelerators} accelerators ({batch * point.accelerators:,} needed); "
            "raise dataset.num_files_train or lower --accelerators"
        )
    return plan


def describe(plan: TrainingPlan) -> tuple[str, ...]:
    """Say a plan in lines for a person: what would run, the sizes with their working, what is overridden."""
    return described(
        plan,
        (
            (
                f"  dataset     {plan.dataset.num_files:,} {plan.dataset.format} files, {plan.dataset.num_samples:,} "
                f"samples, {bytes_text(plan.dataset.nominal_bytes)} in {plan.dataset_dir}"
            ),
            *working(plan.sizing.working),
            (
                f"  run         {plan.parameter('train.epochs')} epochs of {plan.steps_per_epoch():,} steps, batch "
                f"{plan.parameter('reader.batch_size')}, {plan.reading}, {_engine(plan)}, AU as {plan.au_definition}"
            ),
            *working(plan.prediction.working),
        ),
    )


def _engine(plan: TrainingPlan) -> str:
    if plan.dlio is None:
        return f"{plan.engine} engine"
    return f"{plan.engine} engine ({plan.dlio.python}, plug-in {plan.dlio.plugin})"


def _settings(
    wishes: Wishes, workload: Workload, dataset: Dataset, overrides: Mapping[str, Override]
) -> dict[str, Any]:
    ours = {
        "dataset.num_files_train": dataset.num_files,
        "dataset.data_folder": f"{wishes.data_dir}/{workload.model}",
        "checkpoint.checkpoint_folder": f"{wishes.checkpoint_dir}/{workload.model}",
    }
    return {name: value for name, value in ours.items() if name not in overrides}


def _with_files(dataset: Dataset, num_files: int) -> Dataset:
    return dataclasses.replace(dataset, num_files=num_files)


def _asked_for(sizing: Sizing, dataset: Dataset, overrides: Mapping[str, Override]) -> Sizing:
    origin = overrides["dataset.num_files_train"].origin
    asked = f"--{'quick' if origin == 'quick' else 'param'} asks for {dataset.num_files:,} files instead"
    return dataclasses.replace(sizing, working=(*sizing.working, asked))


def _prediction(
    tree: Mapping[str, Any],
    dataset: Dataset,
    reading: Reading,
    dlio: DlioChoice | None,
    accelerators_and_hosts: tuple[int, int],
) -> Prediction:
    accelerators, hosts = accelerators_and_hosts
    ranks_per_host = -(-accelerators // hosts)
    rank_bytes = memory.rank_memory_bytes(dataset, reading, tree["reader"])
    if dlio is not None:
        rank_bytes += memory.dlio_memory_bytes(dataset, dlio.plugin, tree["reader"])
    epochs, compute_s = tree["train"]["epochs"], tree["train"]["computation_time"]
    steps = dataset.num_samples // (tree["reader"]["batch_size"] * accelerators)
    checkpoint = tree["model"].get("model_size", 0) if tree["workflow"].get("checkpoint") else 0
    disk, least = dataset.stored_bytes + checkpoint, epochs * steps * compute_s
    return Prediction(
        disk_bytes=disk,
        memory_bytes_per_host=ranks_per_host * rank_bytes,
        least_duration_s=least,
        working=(
            f"disk: {bytes_text(dataset.stored_bytes)} of data + {bytes_text(checkpoint)} of checkpoint",
            f"time: {epochs} epochs × {steps:,} steps × {compute_s:g} s = at least {duration_text(least)} a run",
            (
                f"memory: {ranks_per_host} ranks a host × {bytes_text(rank_bytes)} = "
                f"{bytes_text(ranks_per_host * rank_bytes)}"
            ),
        ),
    )
