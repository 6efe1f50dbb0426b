"""`<family>_<stamp>_metadata.json` and `dlio_config/`, in the form edition 3.0's checker reads."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from storagebench.model import Cluster, Plan
from storagebench.parameters import respell
from storagebench.record.folder import RunFolder
from storagebench.serial import to_json
from storagebench.units import GIB


def write_metadata(
    folder: RunFolder, plan: Plan, command: str, cluster: Cluster, times: Mapping[str, Any], args: Mapping[str, Any]
) -> None:
    """Write the metadata file, as upstream does: overridden values as texts, verdicts in upper case.

    Args:
        folder: the leaf.
        plan: what is run.
        command: datasize, datagen or run.
        cluster: the hosts before it.
        times: invocation_start_time, invocation_end_time and runtime, from `invocation`.
        args: the arguments that only this family has.
    """
    content = {
        "benchmark_type": plan.workload.family,
        "model": args.get("model", plan.workload.model),
        "command": command,
        "run_datetime": folder.stamp,
        "num_processes": plan.accelerators,
        "accelerator": args.get("accelerator_type") or plan.workload.accelerator,
        "result_dir": str(folder.path),
        "parameters": to_json(plan.parameters),
        "override_parameters": {name: str(value) for name, value in changed(plan).items()},
        "system_info": system_info(cluster),
        **times,
        "verification": None,
        "executed_command": None,
        "command_output_files": [],
        "args": {
            "mode": plan.division,
            "benchmark": plan.workload.family,
            "model": plan.workload.model,
            "command": command,
            "hosts": [host.name for host in plan.hosts],
            "client_host_memory_in_gb": min(host.memory_bytes for host in cluster.hosts) / GIB,
            "num_client_hosts": len(cluster.hosts),
            "exec_type": plan.launcher,
            "results_dir": plan.results_dir,
            "params": [f"{name}={override.value}" for name, override in plan.overrides.items()],
            "systemname": plan.system,
            "orgname": plan.organisation,
            **args,
        },
    }
    folder.write_json(f"{plan.workload.family}_{folder.stamp}_metadata.json", content)


def invocation(started: datetime | None = None, ended: datetime | None = None) -> dict[str, Any]:
    """Return the times of a phase as upstream writes them: local, without zone; now where nothing is given."""
    started = (started or datetime.now(UTC)).astimezone()
    ended = (ended or started).astimezone()
    return {
        "invocation_start_time": started.replace(tzinfo=None).isoformat(),
        "invocation_end_time": ended.replace(tzinfo=None).isoformat(),
        "runtime": (ended - started).total_seconds(),
    }


def changed(plan: Plan) -> dict[str, Any]:
    """List every parameter that differs from the workload's own, whoever changed it."""
    return dict(plan.settings) | {name: override.value for name, override in plan.overrides.items()}


def system_info(cluster: Cluster) -> dict[str, Any]:
    """Describe the hosts as upstream's collector does; memory in bytes, cores are physical."""
    memory = [host.memory_bytes for host in cluster.hosts]
    return {
        "total_memory_bytes": sum(memory),
        "total_cores": sum(host.physical_cpus for host in cluster.hosts),
        "num_hosts": len(cluster.hosts),
        "min_memory_bytes": min(memory),
        "max_memory_bytes": max(memory),
        "collection_method": cluster.method,
        "collection_timestamp": cluster.collected_at,
        "hosts": [
            {
                "hostname": host.hostname,
                "memory": {"total": host.memory_bytes},
                "cpu": {
                    "num_cores": host.physical_cpus,
                    "num_logical_cores": host.logical_cpus,
                    "model": host.cpu_model,
                    "architecture": host.architecture,
                },
                "system": {"kernel": host.kernel},
            }
            for host in cluster.hosts
        ],
    }


def write_configuration(folder: RunFolder, plan: Plan) -> None:
    """Write dlio_config/{config,hydra,overrides}.yaml: what DLIO would have been told."""
    told = [f"++workload.{name}={value}" for name, value in changed(plan).items()]
    workload = plan.workload.id.replace("-", "_")
    folder.write_yaml("dlio_config/config.yaml", {"workload": to_json(respell(plan.parameters, "2.0"))})
    folder.write_yaml("dlio_config/overrides.yaml", [f"workload={workload}", *told])
    folder.write_yaml(
        "dlio_config/hydra.yaml", {"hydra": {"run": {"dir": str(folder.path)}, "overrides": {"task": told}}}
    )
