"""A golden record that is CLOSED under its edition, and a way to change some facts of it."""

import copy
from typing import Any

from storagebench.model import Record

GIB = 1024**3

UNET3D_MEMORY_GIB = 256.0
"""With 8 accelerators 500 steps demand 28,000 files, five times this memory only 9,376."""


def golden_facts(edition: str) -> dict[str, Any]:
    accelerator = {"3.0": "b200", "2.0": "h100", "1.0": "a100"}[edition]
    dataset = {"num_files_train": 28_000, "num_samples_per_file": 1, "record_length_bytes": 146_600_628}
    facts: dict[str, Any] = {
        "model": "unet3d",
        "accelerator": accelerator,
        "summary": {
            "num_accelerators": 8,
            "num_hosts": 1,
            "host_memory_GB": [UNET3D_MEMORY_GIB],
            "num_files_train": 28_000,
            "num_samples_per_file": 1,
            "metric": {"train_au_mean_percentage": 90.0, "train_au_meet_expectation": "success"},
        },
        "parameters": {
            "dataset": dataset,
            "reader": {"batch_size": 7, "read_threads": 4, "prefetch_size": 2, "odirect": True},
        },
        "overrides": {"dataset.num_files_train": "28000", "reader.read_threads": "8"},
        "args": {"hosts": ["h1"], "data_dir": "/mnt/fs", "results_dir": "/var/results"},
        "cluster": {"memory_bytes": [256 * GIB], "cores": [64]},
        "datasize": {"dataset": dict(dataset), "data_dir": "/mnt/fs"},
        "datagen": {"dataset": dict(dataset), "data_dir": "/mnt/fs"},
        "fs_separation": {"same_filesystem": False},
        "environment_variables": ["HOME", "PATH"],
        "quick": False,
        "epochs": {"nominal_bytes": [1000, 1000], "device_bytes": [1000, 900]},
    }
    if edition == "1.0":
        facts["parameters"]["reader"]["odirect"] = False
    return facts


def vary(edition: str, changes: dict[str, Any] | None = None, *, without: tuple[str, ...] = ()) -> Record:
    """Return the golden record of an edition with some facts changed: vary("3.0", {"summary.num_hosts": 2})."""
    facts = golden_facts(edition)
    for name, value in (changes or {}).items():
        parent, last = _parent(facts, name)
        parent[last] = copy.deepcopy(value)
    for name in without:
        parent, last = _parent(facts, name)
        del parent[last]
    return Record("training", "closed", "golden", facts)


def _parent(facts: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """Find the mapping that holds a fact; in golden facts a dotted override is written with "/" for its inner dots."""
    *path, last = name.split(".")
    for part in path:
        facts = facts[part]
    return facts, last.replace("/", ".")
