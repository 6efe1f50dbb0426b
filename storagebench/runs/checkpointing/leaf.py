"""What the leaf of an invocation holds beside the record, in the form edition 3.0's checker reads."""

from collections.abc import Mapping
from typing import Any

from storagebench.model import CheckpointingPlan, Cluster
from storagebench.record import RunFolder
from storagebench.record.metadata import write_configuration, write_metadata
from storagebench.units import GIB


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


def summary(
    plan: CheckpointingPlan, cluster: Cluster, start: str, end: str, metric: Mapping[str, Any]
) -> dict[str, Any]:
    """Make summary.json in the schema of both editions; fields named GB are GiB, one entry a host."""
    hosts = cluster.hosts
    per_host_gib = plan.layout.total_bytes / GIB / len(hosts)
    return {
        "start": start,
        "num_accelerators": plan.accelerators,
        "num_hosts": len(hosts),
        "hostname": hosts[0].hostname,
        "metric": dict(metric),
        "num_files_train": 0,
        "num_files_eval": 0,
        "num_samples_per_file": 0,
        "host_cpu_count": [host.logical_cpus for host in hosts],
        "host_processor_name": hosts[0].architecture,
        "potential_caching": [int(per_host_gib <= host.memory_bytes / GIB) for host in hosts],
        "host_cpuinfo": dict(hosts[0].cpuinfo),
        "host_meminfo": dict(hosts[0].meminfo),
        "host_memory_GB": [host.memory_bytes / GIB for host in hosts],
        "data_size_per_host_GB": per_host_gib,
        "epochs": 0,
        "end": end,
    }
