"""From a run folder to a Record: the same facts under the same names, whoever wrote the folder.

`summary` is summary.json; `parameters`, `overrides` and `args` come from the metadata file; `cluster` has one number
a host; `datasize` and `datagen` come from the leaves of those phases beside the run; what only our own `record.json`
tells (`quick`, `epochs`, `environment_variables`) is absent elsewhere.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storagebench.errors import RecordError
from storagebench.model import Record
from storagebench.record.folder import RECORD_FILE


def read_record(folder: Path) -> Record:
    """Read one run folder of the edition 3.0 layout.

    Raises:
        RecordError: there is no such folder, or one of its files is not JSON.
    """
    if not folder.is_dir():
        raise RecordError(f"{folder} is not a run folder: there is no such directory")
    metadata, own = _metadata(folder), _json(folder / RECORD_FILE)
    args = metadata.get("args") or {}
    facts: dict[str, Any] = {
        "summary": _json(folder / "summary.json") or None,
        "model": metadata.get("model"),
        "accelerator": metadata.get("accelerator") or args.get("accelerator_type"),
        "parameters": metadata.get("parameters"),
        "overrides": metadata.get("override_parameters"),
        "args": args or None,
        "cluster": _cluster(metadata.get("system_info") or {}),
        "datasize": _phase(folder, "datasize", own),
        "datagen": _phase(folder, "datagen", own),
        "fs_separation": _json(folder / "fs_separation.json") or None,
    }
    if own:
        facts |= {
            "quick": own.get("quick"),
            "environment_variables": own.get("environment_variables"),
            "epochs": _columns(own.get("epochs") or []),
        }
    division = str(args.get("mode") or (own.get("division") if own else "") or "closed").lower()
    return Record(str(metadata.get("benchmark_type") or "training"), division, str(folder), facts)


def _phase(folder: Path, command: str, own: Mapping[str, Any]) -> dict[str, Any] | None:
    """Find the leaf of another phase that belongs to this run: the one our record names, else the latest."""
    leaves = folder.parent.parent / command
    named = (own.get("phases") or {}).get(command)
    stamps = sorted(leaf.name for leaf in leaves.iterdir() if leaf.is_dir()) if leaves.is_dir() else []
    if not stamps:
        return None
    metadata = _metadata(leaves / (named if named in stamps else stamps[-1]))
    parameters, args = metadata.get("parameters") or {}, metadata.get("args") or {}
    return {"dataset": parameters.get("dataset"), "data_dir": args.get("data_dir")}


def _metadata(folder: Path) -> dict[str, Any]:
    files = sorted(folder.glob("*_metadata.json"))
    return _json(files[-1]) if files else {}


def _cluster(system_info: Mapping[str, Any]) -> dict[str, Any] | None:
    hosts = system_info.get("hosts")
    if not hosts:
        return None
    return {
        "memory_bytes": [host.get("memory", {}).get("total") for host in hosts],
        "cores": [host.get("cpu", {}).get("num_cores") for host in hosts],
    }


def _columns(epochs: list[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = {name for epoch in epochs for name in epoch}
    whole = {name: [epoch.get(name) for epoch in epochs] for name in names}
    return {name: values for name, values in whole.items() if None not in values}


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"{path} cannot be read: {error}") from None
    if not isinstance(data, dict):
        raise RecordError(f"{path} cannot be read: it holds no JSON object")
    return data
