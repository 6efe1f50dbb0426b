"""What a leaf of each phase holds beside the record, in the form edition 3.0's checker reads."""

from collections.abc import Mapping
from typing import Any

from storagebench.model import Cluster, TrainingPlan
from storagebench.record import RunFolder
from storagebench.record.metadata import write_configuration, write_metadata


def write_phase(
    folder: RunFolder, plan: TrainingPlan, command: str, cluster: Cluster, times: Mapping[str, Any]
) -> None:
    """Write what every phase leaves: the metadata file and, beyond datasize, the three configuration files.

    `times` holds invocation_start_time, invocation_end_time and runtime.
    """
    args = {
        "num_accelerators": plan.accelerators,
        "accelerator_type": plan.workload.accelerator,
        "data_dir": plan.data_dir,
        "checkpoint_folder": plan.checkpoint_dir,
    }
    write_metadata(folder, plan, command, cluster, times, args)
    if command != "datasize":
        write_configuration(folder, plan)
