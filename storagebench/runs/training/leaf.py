"""What a leaf of each phase holds beside the record, in the form edition 3.0's checker reads."""

from collections.abc import Mapping
from typing import Any

from storagebench.model import Cluster, TrainingPlan
from storagebench.record import RunFolder
from storagebench.record.metadata import write_configuration, write_metadata
from storagebench.units import GIB


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


def summary(
    plan: TrainingPlan, cluster: Cluster, times: Mapping[str, str], metric: Mapping[str, Any]
) -> dict[str, Any]:
    """Make summary.json in the schema of all editions; fields named GB are GiB, one entry a host."""
    dataset, hosts = plan.dataset, cluster.hosts
    per_host_gib = dataset.nominal_bytes / GIB / len(hosts)
    return {
        **times,
        "num_accelerators": plan.accelerators,
        "num_hosts": len(hosts),
        "hostname": hosts[0].hostname,
        "metric": dict(metric),
        "num_files_train": dataset.num_files,
        "num_files_eval": 0,
        "num_samples_per_file": dataset.num_samples_per_file,
        "host_cpu_count": [host.logical_cpus for host in hosts],
        "host_processor_name": hosts[0].architecture,
        "potential_caching": [int(per_host_gib <= host.memory_bytes / GIB) for host in hosts],
        "host_cpuinfo": dict(hosts[0].cpuinfo),
        "host_meminfo": dict(hosts[0].meminfo),
        "host_memory_GB": [host.memory_bytes / GIB for host in hosts],
        "data_size_per_host_GB": per_host_gib,
        "epochs": plan.parameter("train.epochs"),
    }
