"""What the leaf of an invocation holds beside the record, in the form edition 3.0's checker reads."""

from collections.abc import Mapping
from typing import Any

from storagebench.model import CheckpointingPlan, Cluster
from storagebench.record import RunFolder
from storagebench.record.metadata import write_configuration, write_metadata


def write_phase(folder: RunFolder, plan: CheckpointingPlan, cluster: Cluster, times: Mapping[str, Any]) -> None:
    """Write the metadata file and the three configuration files.

    `times` holds invocation_start_time, invocation_end_time and runtime.
    """
    args = {
        "num_processes": plan.accelerators,
        "accelerator_type": plan.accelerator,
        "checkpoint_folder": plan.checkpoint_dir,
        "checkpoint_subset": plan.subset and plan.edition != "2.0",
        "num_checkpoints_write": plan.writes,
        "num_checkpoints_read": plan.reads,
    }
    write_metadata(folder, plan, "run", cluster, times, args)
    write_configuration(folder, plan)
