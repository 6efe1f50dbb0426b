"""The description of a system as edition 3.0 wants it, from what a run collected; what nobody can collect is marked."""

from collections.abc import Mapping, Sequence
from typing import Any

from storagebench.units import GIB

PLACEHOLDER = "TO FILL IN"
"""Begins every value that only the submitter knows; where a number or a word of a list belongs, rules reject it."""


def description(record: Mapping[str, Any]) -> dict[str, Any]:
    """Make the mapping of `systems/<system>.yaml` (3.1) from a whole record: clients from facts, the product marked."""
    plan, hosts = record["plan"], record["cluster_start"]["hosts"]
    return {
        "system_under_test": {
            "solution": {
                "submission_name": plan["system"],
                "friendly_description": _ask("what the system is, in a sentence"),
                "architecture": {
                    "storage_location": _ask("remote, local or remote_and_local"),
                    "benchmark_API": "file",
                    "product_API": _ask("file, object or block"),
                    "client_footprint": _ask("open_source, closed_source or n/a"),
                    "client_installation": _ask("in_box, installable or n/a"),
                },
                "capabilities": {
                    "multi_host": _ask("true or false"),
                    "simultaneous_write": _ask("true or false"),
                    "simultaneous_read": _ask("true or false"),
                    "remap_time_in_seconds": _ask("a whole number, 0 where both of the above are true"),
                },
                "usable_capacity_tib": _ask("a number"),
                "availability": _ask("available, preview or RDI"),
            },
            "deployment": _ask("onprem or cloud"),
            "clients": [_client(alike) for alike in _kinds(hosts)],
        }
    }


def _kinds(hosts: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Put hosts of the same hardware and kernel together: a node of the description stands for all of them."""
    kinds: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for host in hosts:
        memory_gib = round(host["memory_bytes"] / GIB)
        kinds.setdefault((host["cpu_model"], host["physical_cpus"], memory_gib, host["kernel"]), []).append(host)
    return list(kinds.values())


def _client(alike: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    host = alike[0]
    return {
        "friendly_description": "client",
        "quantity": len(alike),
        "chassis": {
            "model_name": _ask("the model of the machine"),
            "cpu_model": host["cpu_model"],
            "cpu_qty": _ask("sockets, a number"),
            "cpu_cores": host["physical_cpus"],
            "memory_capacity": max(1, round(host["memory_bytes"] / GIB)),
        },
        "operating_system": {"name": "Linux", "version": host["kernel"]},
    }


def _ask(what: str) -> str:
    return f"{PLACEHOLDER}: {what}"
