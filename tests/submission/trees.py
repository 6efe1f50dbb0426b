"""Small trees of every edition, written file by file."""

import copy
import json
from pathlib import Path
from typing import Any

import yaml

GIB = 1024**3
SHARED = Path(__file__).parents[3] / "shared" / "data"
"""Real submissions, where this checkout has them beside it."""


def write(root: Path, files: dict[str, Any]) -> Path:
    """Write files below a root: mappings and lists as JSON (as YAML where the name says so), bytes and texts as they are."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content)
        elif name.endswith(".yaml"):
            path.write_text(yaml.safe_dump(content))
        else:
            path.write_text(json.dumps(content, indent=2))
    return root


def summary(**changes: Any) -> dict[str, Any]:
    """A training summary that every edition is content with: 8 accelerators on one host of 256 GiB."""
    au = {"train_au_percentage": [93.0] * 5, "train_au_mean_percentage": 93.0, "train_au_meet_expectation": "success"}
    rates = {"train_throughput_samples_per_second": [300.0] * 5, "train_throughput_mean_samples_per_second": 300.0}
    facts = {
        "start": "2024-08-07T17:27:15.297105",
        "end": "2024-08-07T17:47:15.297105",
        "num_accelerators": 8,
        "num_hosts": 1,
        "host_memory_GB": [256.0],
        "num_files_train": 28_000,
        "num_samples_per_file": 1,
        "epochs": 5,
        "metric": {**au, **rates, "train_io_mean_MB_per_second": 41_942.8},
    }
    return copy.deepcopy({**facts, **changes})


def first_edition(folder: str, workload: str = "unet3d_h100", **changes: Any) -> dict[str, Any]:
    """The files of one run of edition 1.0, its configuration in that edition's spelling."""
    dataset = {
        "data_folder": "/mnt/fs",
        "num_files_train": 28_000,
        "num_samples_per_file": 1,
        "record_length": 146_600_628,
    }
    reader = {"batch_size": 7, "read_threads": 4}
    parameters = {
        "model": workload.split("_", maxsplit=1)[0],
        "dataset": dataset,
        "reader": reader,
        "train": {"epochs": 5},
    }
    overrides = [
        f"workload={workload}",
        "++workload.workflow.train=True",
        "++workload.profiling.profiler=none",
        "++workload.dataset.num_files_train=28000",
    ]
    return {
        f"{folder}/summary.json": summary(**changes),
        f"{folder}/per_epoch_stats.json": {"1": {}},
        f"{folder}/configs/config.yaml": {"workload": parameters},
        f"{folder}/configs/overrides.yaml": overrides,
    }


def metadata(command: str = "run", **changes: Any) -> dict[str, Any]:
    """The metadata of a training phase of edition 3.0."""
    dataset = {"num_files_train": 28_000, "num_samples_per_file": 1, "record_length_bytes": 146_600_628}
    facts = {
        "benchmark_type": "training",
        "model": "unet3d",
        "command": command,
        "accelerator": "b200",
        "parameters": {"dataset": dataset, "reader": {"batch_size": 7, "read_threads": "4"}},
        "override_parameters": {"reader.read_threads": "4"},
        "system_info": {"hosts": [{"memory": {"total": 256 * GIB}, "cpu": {"num_cores": 64}, "disks": [{"reads": 1}]}]},
        "invocation_start_time": "2026-08-01T10:00:00",
        "verification": "CLOSED",
        "args": {"mode": "closed", "hosts": ["h1"], "data_dir": "/mnt/fs", "results_dir": "/var/results"},
    }
    return copy.deepcopy({**facts, **changes})


RESULT = "closed/acme/results/sys/training/unet3d"


def third_edition(runs: int = 1, stamp: str = "20260801_1{}0000") -> dict[str, Any]:
    """The files of one training result of edition 3.0 with its phases and its system."""
    files: dict[str, Any] = {
        f"{RESULT}/datasize/20260801_080000/training_20260801_080000_metadata.json": metadata("datasize"),
        f"{RESULT}/datagen/20260801_090000/training_20260801_090000_metadata.json": metadata("datagen"),
        "closed/acme/systems/sys.yaml": {"system_under_test": {"solution": {"submission_name": "sys"}}},
    }
    for run in range(runs):
        leaf = f"{RESULT}/run/{stamp.format(run)}"
        files |= {
            f"{leaf}/summary.json": summary(),
            f"{leaf}/training_{stamp.format(run)}_metadata.json": metadata(),
            f"{leaf}/fs_separation.json": {"same_filesystem": False},
            f"{leaf}/0_output.json": {"1": {"proc": {"block1": [40.0, 1.0]}}, "2": {"proc": {"block1": [35.0, 1.0]}}},
            f"{leaf}/.mlps-code-image": "md5-tree-v2:" + 32 * "0",
        }
    return files
