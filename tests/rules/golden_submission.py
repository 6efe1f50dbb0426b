"""A golden submission of edition 3.0, in memory, and a way to change its files, documents and groups."""

import json
from typing import Any

from storagebench.model import Group, Listing, Record, Submission

IMAGE = "0123456789abcdef0123456789abcdef"
POOL = "code-images"
RESULTS = "closed/acme/results/one"
SYSTEM = "closed/acme/systems/one.yaml"
RUNS = [f"{RESULTS}/training/unet3d/run/20260712_1{n}0000" for n in range(6)]
PHASES = [f"{RESULTS}/training/unet3d/{phase}/20260712_080000" for phase in ("datasize", "datagen")]
CHECKPOINT = f"{RESULTS}/checkpointing/llama3-8b/20260713_100000"
CACHE = f"{RESULTS}/kv_cache/llama3.1-8b/run/20260714_100000"
LEAVES = [*RUNS, *PHASES, CHECKPOINT, CACHE]

ENGINE = ["dlio.log", *(f"dlio_config/{name}.yaml" for name in ("config", "hydra", "overrides"))]
MEASURED = ["0_output.json", "0_per_epoch_stats.json", "summary.json"]

POWER = {
    "min_psus_active": 1,
    "psus_configured": [
        {"unit_count": 2, "inlet_voltage": 230, "nameplate_power_watts": 800, "efficiency": "Gold"},
    ],
}
PORT = {"unit_count": 2, "type": "ethernet", "state": "up", "speed": 100, "traffic": ["data", "backend"]}


def node(**changes: Any) -> dict[str, Any]:
    chassis = {"model_name": "R1", "cpu_model": "E1", "cpu_qty": 2, "cpu_cores": 64, "memory_capacity": 256}
    return {
        "friendly_description": "a node",
        "quantity": 2,
        "chassis": {**chassis, "rack_units": 2, "power": POWER},
        "networking": [PORT],
        "operating_system": {"name": "Linux", "version": "6"},
        **changes,
    }


def switch(**changes: Any) -> dict[str, Any]:
    names = {"unit_count": 1, "vendor_name": "S", "model_name": "T"}
    return {**names, "ports": [PORT], "rack_units": 1, "power": POWER, **changes}


def description(name: str = "one") -> dict[str, Any]:
    """Describe a remote system on premises: two nodes and a switch (5 rack units), one client of 256 GiB."""
    words = ("storage_location", "benchmark_API", "product_API", "client_footprint", "client_installation")
    flags = {"multi_host": True, "simultaneous_write": True, "simultaneous_read": True}
    solution = {
        "submission_name": name,
        "friendly_description": "a system",
        "architecture": dict(zip(words, ("remote", "file", "file", "n/a", "n/a"), strict=True)),
        "capabilities": {**flags, "remap_time_in_seconds": 0},
        "usable_capacity_tib": 10.5,
        "availability": "available",
    }
    system = {
        "solution": solution,
        "deployment": "onprem",
        "product_nodes": [node()],
        "product_switches": [switch()],
        "total_rack_units": 5,
        "clients": [node(quantity=1)],
    }
    return json.loads(json.dumps({"system_under_test": system}))


def in_cloud() -> dict[str, Any]:
    """Describe the same system in a cloud."""
    found = description()
    system = found["system_under_test"]
    system["deployment"] = "cloud"
    del system["product_switches"], system["total_rack_units"]
    for entry in (*system["product_nodes"], *system["clients"]):
        del entry["chassis"]["rack_units"], entry["chassis"]["power"]
    return found


def stamp(**changes: Any) -> dict[str, Any]:
    """A leaf's provenance.json."""
    return {
        "schema": "mlps-run-provenance/1",
        "rules_edition": "3.0",
        "tool": {"code_image": f"md5-tree-v2:{IMAGE}"},
        "dlio": {"commit": "edaf4bb3d6343ef2fb6b9f6dbafa6102032ae8bf"},
        "core_config": {"hash": "0d3ad0dec188becd"},
        **changes,
    }


def manifest(**changes: Any) -> dict[str, Any]:
    """A submitter's submission.yaml."""
    runs = [{"leaf": leaf.removeprefix("closed/acme/")} for leaf in LEAVES]
    return {"schema": "mlps-submission-manifest/1", "rules_edition": "3.0", "runs": runs, **changes}


def golden_documents() -> dict[str, Any]:
    image = f"{POOL}/code-{IMAGE[:8]}"
    return {
        SYSTEM: description(),
        **{f"{leaf}/.mlps-code-image": f"md5-tree-v2:{IMAGE}" for leaf in LEAVES},
        f"{RUNS[0]}/provenance.json": stamp(),
        f"{RUNS[0]}/": {"provenance_file": "provenance.json", "accelerator": "b200", "core_config": "0d3ad0dec188becd"},
        "closed/acme/submission.yaml": manifest(),
        "closed/acme/results/results.json": [{"Public ID": "v3.0-0001"}, {"Public ID": ""}],
        f"{RESULTS}/training/unet3d/run/results.json": [{"Public ID": "v3.0-0001"}],
        f"{RESULTS}/checkpointing/llama3-8b/results.json": [],
        f"{POOL}/.mlps-image-pool": "mlpstorage_version=3.0.40",
        f"{image}/.code-hash.json": {
            "hash": IMAGE,
            "algorithm": "md5-tree-v2",
            "captured_at": "2026-07-12T12:07:20Z",
            "mlpstorage_version": "3.0.40",
            "git_sha": None,
        },
        f"{image}/": {"md5_tree_v2": IMAGE, "files": 1},
    }


def golden_files() -> list[str]:
    leaves = {
        **{leaf: ["training_run.stdout.log", "training_run.stderr.log", *ENGINE, *MEASURED] for leaf in RUNS},
        PHASES[1]: ["training_datagen.stdout.log", "training_datagen.stderr.log", "training_x_metadata.json", *ENGINE],
        CHECKPOINT: ["checkpointing_run.stdout.log", "checkpointing_run.stderr.log", *ENGINE, *MEASURED],
        CACHE: ["kv_cache_20260714_100000_metadata.json"],
    }
    written = [f"{leaf}/{name}" for leaf, names in leaves.items() for name in names]
    return [*written, "closed/acme/systems/one.pdf", f"{POOL}/code-{IMAGE[:8]}/main.py"]


def golden_group(**facts: Any) -> Group:
    """Six training runs on one host of 250 GiB."""
    summary = {"num_hosts": 1, "host_memory_GB": [250.0]}
    args = {"orgname": "acme", "systemname": "one"}
    known = {"summary": summary, "args": args, "organisation": "acme", "system_name": "one", **facts}
    records = tuple(Record("training", "closed", path, {**known, "path": path}) for path in RUNS)
    return Group("training", "closed", "x", records, {"path": f"{RESULTS}/training/unet3d"})


def submission(*more: str, without: str = "?", documents: Any = None, sizes: Any = None, **parts: Any) -> Submission:
    """Return the golden submission with files more, without those whose paths hold `without`, documents replaced.

    A document that becomes None is gone together with its file; `parts` are problems, junk and groups.
    """
    known = {**golden_documents(), **(documents or {})}
    known = {path: found for path, found in known.items() if found is not None and without not in path}
    names = [path for path in known if not path.endswith("/") and "#" not in path]
    gone = {path for path, found in (documents or {}).items() if found is None} - set(parts.get("problems", {}))
    kept = [path for path in (*golden_files(), *names, *parts.get("problems", {})) if without not in path]
    listed = {path: 100 for path in (*kept, *more) if path not in gone} | (sizes or {})
    return Submission("tree", Listing(listed), parts.pop("groups", (golden_group(),)), known, **parts)
