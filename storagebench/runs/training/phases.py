"""The leaves of the phases before a run: what datasize demanded, what datagen made (rules 2.1.12 to 2.1.15)."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from storagebench.engines.training.manifest import MANIFEST_FILE, Manifest
from storagebench.model import Cluster, TrainingPlan
from storagebench.parameters import set_dotted
from storagebench.record import RunFolder
from storagebench.record.folder import leaf_parent
from storagebench.record.metadata import invocation
from storagebench.runs.training.leaf import write_phase


def datasize_leaf(plan: TrainingPlan, cluster: Cluster) -> str:
    """Return the stamp of the leaf that holds this plan's size as the rules demand it; make it if there is none."""
    parent = leaf_parent(plan, plan.workload.model, "datasize")
    wanted = dict(with_files(plan, plan.sizing.num_files).parameters["dataset"])
    for leaf in sorted(parent.iterdir(), reverse=True) if parent.is_dir() else []:
        if _dataset_of(leaf) == json.loads(json.dumps(wanted)):
            return leaf.name
    folder = RunFolder.create(parent)
    write_phase(folder, with_files(plan, plan.sizing.num_files), "datasize", cluster, invocation())
    folder.settle()
    return folder.stamp


def datagen_leaf(plan: TrainingPlan, cluster: Cluster, manifest: Manifest, stdout: BinaryIO, stderr: BinaryIO) -> str:
    """Return the stamp of the leaf that holds the dataset's making; make it from the manifest if there is none.

    `stdout` and `stderr` hold what the generating ranks printed, nothing where the dataset was there already.
    """
    parent, started = leaf_parent(plan, plan.workload.model, "datagen"), datetime.fromisoformat(manifest.started_at)
    stamp = started.astimezone().strftime("%Y%m%d_%H%M%S")
    if _dataset_of(parent / stamp) is not None:
        return stamp
    folder = RunFolder.create(parent, started.timestamp())
    ended = datetime.fromisoformat(manifest.ended_at)
    write_phase(folder, with_files(plan, manifest.dataset.num_files), "datagen", cluster, invocation(started, ended))
    folder.write_text("training_datagen.stdout.log", _text(stdout))
    folder.write_text("training_datagen.stderr.log", _text(stderr))
    made = f"{manifest.dataset.num_files} files, {manifest.total_bytes} bytes by {manifest.ranks} ranks"
    folder.write_text("dlio.log", f"{manifest.ended_at} {manifest.generator}: {made} in {manifest.path}\n")
    folder.write_text("datagen-manifest.json", manifest_text(manifest))
    folder.settle()
    return folder.stamp


def manifest_text(manifest: Manifest) -> str:
    """Return the dataset's manifest file as it is on disk."""
    return Path(manifest.path, MANIFEST_FILE).read_text(encoding="utf-8")


def with_files(plan: TrainingPlan, num_files: int) -> TrainingPlan:
    """Return the plan as if it used `num_files` files; only the parameters say so, the dataset stays."""
    parameters = set_dotted(plan.parameters, "dataset.num_files_train", num_files)
    settings = dict(plan.settings) | {"dataset.num_files_train": num_files}
    overrides = {name: item for name, item in plan.overrides.items() if name != "dataset.num_files_train"}
    return dataclasses.replace(plan, parameters=parameters, settings=settings, overrides=overrides)


def _dataset_of(leaf: Path) -> Mapping[str, Any] | None:
    """Return the dataset parameters of a phase's leaf, None when it has none that can be read."""
    for file in sorted(leaf.glob("*_metadata.json")):
        try:
            found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))["parameters"]["dataset"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        return found
    return None


def _text(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8", errors="replace")
