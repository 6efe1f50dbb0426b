"""The plan in DLIO's words: the tree of its workload file, in the generation of keys that the found version reads.

DLIO ignores a key that it does not know and goes on with a default (64 KiB for a sample, say). So every key that is
written must be one that its source looks for; anything else is refused, in one sentence, before anything starts.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from storagebench.engines.training.dlio.installation import Installation
from storagebench.errors import PlanError
from storagebench.model import TrainingPlan
from storagebench.parameters import flatten, respell, with_values

INSIDE = "storagebench.engines.training.dlio.inside"
LOADER = f"{INSIDE}.plan_loader.PlanLoader"
READER = f"{INSIDE}.plan_reader.PlanReader"
CHECKPOINT = f"{INSIDE}.plan_checkpoint.PlanCheckpoint"

MODES = ("checkpoint.mode", "checkpoint.num_checkpoints_read", "checkpoint.num_checkpoints_write", "checkpoint.fsync")
"""Keys of runs that only write and read checkpoints."""
OF_NO_EFFECT = ("model.type", "dataset.parquet", "dataset.compression_level")
"""What describes a workload and changes nothing in how DLIO trains on it; columns are the reader's business."""
NAMES = {"model.name", "model.model_size"}
"""What newer versions read of a model, some of them all at once, so that no single key is looked for."""
_OURS = "--dlio-plugin=loader"


def plugin_of(plan: TrainingPlan, installation: Installation) -> str:
    """Say how much of the reading is ours: what the plan asks for, or, at auto, none where DLIO has torch to read with."""
    assert plan.dlio is not None
    if plan.dlio.plugin != "auto":
        return plan.dlio.plugin
    return "none" if installation.has_torch else "loader"


def configuration(plan: TrainingPlan, installation: Installation) -> dict[str, Any]:
    """Return the workload tree for a plan.

    Raises:
        PlanError: this DLIO would ignore a part of the plan, hang on it, or cannot do it.
    """
    plugin = plugin_of(plan, installation)
    for refusal in _refusals(plan, installation, plugin):
        raise PlanError(f"{plan.id}: {refusal}")
    keys = _keys(plan, installation, plugin)
    if unknown := sorted(name for name in keys if name not in installation.keys | NAMES):
        raise PlanError(
            f"{plan.id}: DLIO {installation.version} knows no {', '.join(unknown)} and would ignore it silently: leave it out, "
            "or use --engine=native"
        )
    return dict(with_values({}, keys))


def _keys(plan: TrainingPlan, installation: Installation, plugin: str) -> dict[str, Any]:
    """Return what DLIO is told, by dotted key of its generation."""
    spelt = flatten(respell(plan.parameters, "2.0" if installation.counts_in_bytes else "1.0"))
    given = {name: value for name, value in spelt.items() if value is not None and not name.startswith(OF_NO_EFFECT)}
    subfolders = plan.dataset.num_subfolders
    told = given | {
        "framework": "pytorch",
        "dataset.num_subfolders_train": subfolders if subfolders > 1 else 0,
        "reader.data_loader": "pytorch",
        "train.seed": plan.seed,
        "workflow.generate_data": False,
        "workflow.train": True,
    }
    if told.get("dataset.compression") in {"none", "null"}:
        del told["dataset.compression"]
    if plugin == "loader":
        told |= {
            "reader.data_loader": "custom",  # below pytorch, DLIO refuses tfrecord whoever reads it
            "reader.data_loader_classname": LOADER,
            "reader.data_loader_sampler": "iterative",
        }
    if plugin == "reader":
        told["reader.reader_classname"] = READER
    if plugin != "none":
        told.pop("reader.odirect", None)
    if not installation.counts_in_bytes:
        # Its own mechanism fills the memory of rank 0 with a checkpoint at every start, whether one is written or not.
        told |= {"checkpoint.checkpoint_mechanism_classname": CHECKPOINT}
    return told


def _refusals(plan: TrainingPlan, installation: Installation, plugin: str) -> Iterator[str]:
    """Yield what this DLIO cannot do of a plan, and what to do about it."""
    dlio = f"DLIO {installation.version}"
    asked = flatten(plan.parameters)
    if modes := [name for name in MODES if asked.get(name) is not None]:
        yield f"{dlio} is driven for training alone, and {modes[0]} asks for checkpoints only: use --engine=native"
    if (asked.get("checkpoint.steps_between_checkpoints") or -1) > 0:
        yield "checkpoint.steps_between_checkpoints cuts epochs into pieces, whose AU nobody has defined: leave it out"
    if installation.counts_in_bytes and asked.get("workflow.checkpoint"):
        yield (
            f"our checkpoint plug-in fits the releases of DLIO and not {dlio}: use --param workflow.checkpoint=false or "
            "--engine=native"
        )
    if asked.get("reader.multiprocessing_context", "fork") != "fork":
        yield f"{dlio} hangs below mpirun when its readers do not fork: leave reader.multiprocessing_context out"
    if plugin == "loader":
        return
    yield from _refusals_of_torch(plan, installation, dlio, asked)
    yield from _refusals_of_reading(plan, installation, plugin, dlio)


def _refusals_of_torch(
    plan: TrainingPlan, installation: Installation, dlio: str, asked: Mapping[str, Any]
) -> Iterator[str]:
    if not installation.has_torch:
        yield f"{installation.python} has no torch, which DLIO's own loader needs: install a CPU build there, or use {_OURS}"
    wanted = asked.get("reader.data_loader", "pytorch")
    if wanted != "pytorch":
        yield f"only DLIO's pytorch loader can be driven, and reader.data_loader is {wanted}: use {_OURS}"
    samples, ranks = plan.dataset.num_samples, plan.accelerators
    if samples % ranks and not installation.is_fork:
        yield (
            f"{dlio} hangs when {ranks} ranks share {samples:,} samples unevenly: use {samples // ranks * ranks:,} samples "
            f"(dataset.num_files_train), or {_OURS}"
        )


def _refusals_of_reading(plan: TrainingPlan, installation: Installation, plugin: str, dlio: str) -> Iterator[str]:
    if plan.dataset.format not in installation.formats:
        yield f"{dlio} knows no format {plan.dataset.format}: use {_OURS}"
    if plan.dataset.format == "tfrecord":
        yield f"{dlio} reads tfrecord through TensorFlow alone, which is not driven: use {_OURS}"
    if plan.dataset.num_samples_per_file > 1 and plan.dataset.format == "npz" and not installation.is_fork:
        yield f"{dlio} reads a whole npz file again for each of its samples: use {_OURS}"
    if plugin == "reader":
        return
    if plan.reading.direct and "reader.odirect" not in installation.keys:
        yield f"{dlio} has no O_DIRECT: leave reader.odirect out, or use --dlio-plugin=reader or {_OURS}"
    if plan.reading.columns == "marked":
        yield f"{dlio} reads whole row groups: use --columns=all, or {_OURS}"
    if plan.reading.decode == installation.is_fork:  # releases always decode, and the fork never does
        does, flag = ("reads raw bytes", "raw") if installation.is_fork else ("decodes every sample", "decoded")
        yield f"{dlio} by itself {does}: say so with --reading={flag}, or use --dlio-plugin=reader or {_OURS}"
