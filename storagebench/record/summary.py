"""summary.json as every edition's checker reads it."""

from collections.abc import Mapping, Sequence
from typing import Any

from storagebench.model import HostFacts
from storagebench.units import GIB


def summary(
    hosts: Sequence[HostFacts],
    *,
    accelerators: int,
    nominal_bytes: int,
    times: Mapping[str, str],
    metric: Mapping[str, Any],
    num_files: int = 0,
    num_samples_per_file: int = 0,
    epochs: int = 0,
) -> dict[str, Any]:
    """Make the document of a training or checkpointing run; fields named GB are GiB, one entry a host.

    `nominal_bytes` is the size of the dataset or of one checkpoint; `times` holds start and end.
    """
    per_host_gib = nominal_bytes / GIB / len(hosts)
    return {
        **times,
        "num_accelerators": accelerators,
        "num_hosts": len(hosts),
        "hostname": hosts[0].hostname,
        "metric": dict(metric),
        "num_files_train": num_files,
        "num_files_eval": 0,
        "num_samples_per_file": num_samples_per_file,
        "host_cpu_count": [host.logical_cpus for host in hosts],
        "host_processor_name": hosts[0].architecture,
        "potential_caching": [int(per_host_gib <= host.memory_bytes / GIB) for host in hosts],
        "host_cpuinfo": dict(hosts[0].cpuinfo),
        "host_meminfo": dict(hosts[0].meminfo),
        "host_memory_GB": [host.memory_bytes / GIB for host in hosts],
        "data_size_per_host_GB": per_host_gib,
        "epochs": epochs,
    }
