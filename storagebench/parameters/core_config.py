"""The two spellings of a parameter tree, and the hash by which the rules recognise a workload (core-config-v1)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Any, Literal

from storagebench.parameters.datasets import expand_columns
from storagebench.parameters.dotted import OLD_NAMES, flatten, merge, set_dotted
from storagebench.parameters.yaml_lines import read_scalar

Spelling = Literal["1.0", "2.0"]

ALLOWLISTS: Mapping[str, tuple[str, ...]] = {
    "training": (
        "framework",
        "metric.au",
        "model.*",
        "workflow.*",
        *(f"dataset.{key}" for key in ("format", "num_samples_per_file")),
        *(f"dataset.record_length{bytes_}{what}" for bytes_ in ("", "_bytes") for what in ("", "_stdev", "_resize")),
        *(f"reader.{key}" for key in ("data_loader", "batch_size", "file_shuffle", "sample_shuffle", "shuffle_size")),
        *(f"train.{key}" for key in ("epochs", "computation_time", "computation_time_stdev", "total_training_steps")),
        "checkpoint.*",
    ),
    "checkpointing": ("framework", "model.*", "workflow.*", "checkpoint.*"),
}
"""What of a configuration the hash covers, by family: allowlists training@1 and checkpointing@1 of Rules.md 2.1.6."""

EXCEPT: Mapping[str, frozenset[str]] = {
    "training": frozenset({"checkpoint.checkpoint_folder"}),
    "checkpointing": frozenset(
        f"checkpoint.{key}" for key in ("checkpoint_folder", "num_checkpoints_write", "num_checkpoints_read")
    ),
}
"""And what it leaves out all the same."""


def respell(parameters: Mapping[str, Any], spelling: Spelling) -> dict[str, Any]:
    """Return the tree under the key names of DLIO 2.0.0 ("1.0") or of editions 2.0 and 3.0 ("2.0").

    Either spelling may come in. Columns are written out one by one, as DLIO wants them. The old spelling has one
    word for the model, so its type is lost on the way there; `workflow.profiling: false` is what edition 1.0 always set.
    """
    tree = merge({}, parameters)
    if spelling == "2.0" and isinstance(tree.get("model"), str):
        tree["model"] = {"name": tree["model"]}
    flat = flatten(tree)
    for old, new in OLD_NAMES.items():
        source, target = (new, old) if spelling == "1.0" else (old, new)
        if source in flat:
            tree = set_dotted(set_dotted(tree, source, None), target, flat[source])
    if "dataset.parquet.columns" in flat:
        columns = [asdict(column) for column in expand_columns(flat["dataset.parquet.columns"])]
        tree = set_dotted(tree, "dataset.parquet.columns", columns)
    if spelling == "2.0":
        return tree if flat.get("workflow.profiling") else set_dotted(tree, "workflow.profiling", None)
    if isinstance(tree.get("model"), Mapping):
        tree["model"] = tree["model"].get("name")
    return set_dotted(tree, "workflow.profiling", flat.get("workflow.profiling", False))


def core_config_hash(parameters: Mapping[str, Any], spelling: Spelling = "2.0", family: str = "training") -> str:
    """Hash what makes a workload comparable: 16 hex digits (core-config-v1, rule 2.1.6).

    Editions 2.0 and 3.0 hashed their own spelling, edition 1.0 the old one. Values that came through a command line
    as text count as the number or boolean that they spell; a whole number has no fraction.
    """
    flat = flatten(respell(parameters, spelling))
    core = {key: _coerced(value) for key, value in flat.items() if _is_core(key, family)}
    return hashlib.sha256(json.dumps(core, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def _is_core(key: str, family: str) -> bool:
    return key not in EXCEPT[family] and any(fnmatchcase(key, pattern) for pattern in ALLOWLISTS[family])


def _coerced(value: Any) -> Any:
    known = read_scalar(value) if isinstance(value, str) else value
    return int(known) if isinstance(known, float) and known.is_integer() else known
