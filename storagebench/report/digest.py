"""A record in the words of a report: the same few sentences for terminal, junit and html."""

import json
from collections.abc import Mapping
from typing import Any

from storagebench.model import Lands, Verdict

KEPT = (
    "id",
    "family",
    "division",
    "quick",
    "started_at",
    "ended_at",
    "folder",
    "plan",
    "engine",
    "environment",
    "dataset",
    "evidence",
    "metrics",
    "epochs",
    "checkpoints",
    "kv_cache",
    "time_series",
    "stalls",
    "verdict",
    "judged_as",
    "findings",
    "comparison",
    "climb",
    "extra",
)
HOST_FACTS = ("hostname", "memory_bytes", "logical_cpus", "cpu_model", "kernel")

UNKNOWN = "-"

WHOLE_FROM = 10_000
"""From here on, decimals say nothing."""

CACHED_BELOW = 0.95
"""Share of the nominal bytes that the device must deliver before a run counts as one of the device."""


def plain(value: Any) -> Any:
    """Turn a value into what JSON knows, paths and the like into text.

    xdist ends the whole session on a property or an attribute of another type, so everything that is put on a
    report passes through here.
    """
    return json.loads(json.dumps(value, default=str))


def slim(record: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what reports show of a record, in the record's own shape: kilobytes where `record.json` has hundreds."""
    kept = {name: record[name] for name in KEPT if name in record}
    if isinstance(kept.get("plan"), Mapping) and isinstance(kept["plan"].get("workload"), Mapping):
        # The parameters as they were run stand beside it.
        kept["plan"] = {**kept["plan"], "workload": {**kept["plan"]["workload"], "parameters": {}}}
    hosts = find(record, "cluster_start.hosts") or []
    kept["cluster_start"] = {"hosts": [{name: host.get(name) for name in HOST_FACTS} for host in hosts]}
    return dict(plain(kept))


def find(record: Mapping[str, Any], dotted: str) -> Any:
    """Return a value by its dotted name (``metrics.au_percent``), None where the record has none."""
    found: Any = record
    for part in dotted.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def is_submitted(record: Mapping[str, Any]) -> bool:
    """Say whether this is about a submitted tree; what has no plan was not run here."""
    return "plan" not in record


def figure(value: float | None, decimals: int = 0) -> str:
    """Say a number with thousands separators, large ones without decimals; a dash where there is none."""
    if value is None:
        return UNKNOWN
    return f"{value:,.{decimals if abs(value) < WHOLE_FROM else 0}f}"


def rule(finding: Mapping[str, Any]) -> str:
    """Name the rule of a finding with its number; the rules of this project have only a name (`x-quick`)."""
    name = str(finding["rule_name"])
    return name if name.startswith(f"{finding['rule_id']}-") else f"{finding['rule_id']} {name}"


def reasons(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the findings that made the verdict what it is, the worst first."""
    breaches = [finding for finding in record.get("findings", ()) if Lands[finding["lands"]]]
    return sorted(breaches, key=lambda finding: -Lands[finding["lands"]])


def word(record: Mapping[str, Any]) -> str:
    """Return the word that stands for the run: its verdict, or QUICK where no verdict could be meant."""
    return "QUICK" if record.get("quick") else str(record["verdict"])


def satisfied(record: Mapping[str, Any]) -> bool:
    """Say whether the verdict is as good as the division that was asked for."""
    return Verdict[record["verdict"]].satisfies(record["division"])


def slower(record: Mapping[str, Any]) -> list[str]:
    """Return what the gate of --fail-slower says of the run, a sentence for each figure; empty when it passed."""
    found: list[str] = find(record, "comparison.slower") or []
    return found


def why(record: Mapping[str, Any]) -> str:
    """Name the rule behind the verdict in a few words; empty for CLOSED."""
    if slower(record):
        return f"slower than {record['comparison']['with']}"
    if record.get("quick"):
        return "not valid: quick"
    breaches = reasons(record)
    if not breaches:
        return ""
    more = f" (+{len(breaches) - 1} more)" if len(breaches) > 1 else ""
    return f"{rule(breaches[0])}{more}"


def sentence(record: Mapping[str, Any]) -> str:
    """Say in one sentence why the item failed: verdict, first rule broken, what was seen and what is needed."""
    asked = str(record["division"]).upper()
    verdict = "INVALID" if record["verdict"] == "INVALID" else f"{record['verdict']} where {asked} was asked for"
    breaches = reasons(record)
    if not breaches:
        return verdict
    first = breaches[0]
    more = f" (and {len(breaches) - 1} more)" if len(breaches) > 1 else ""
    place = f"{first['where']}: " if first.get("where") else ""
    return f"{verdict}: {rule(first)}: {place}{first['saw']}, needs {first['needs']}{more}"


def page_cache(record: Mapping[str, Any]) -> str:
    """Say where the bytes came from when it was not the device alone; empty when there is nothing to say."""
    ratio = find(record, "metrics.device_to_nominal")
    if ratio is None:
        return ""
    if ratio < CACHED_BELOW:
        return f"{share(ratio)} of the bytes came from the device: the page cache served the rest."
    if ratio > 2 - CACHED_BELOW:
        return f"The device delivered {share(ratio)} of the nominal bytes: read-ahead or other traffic adds to them."
    return ""


def share(ratio: float) -> str:
    """Say a ratio in per cent with the digits that matter: ``share(0.0187) == "1.9 %"``."""
    percent = 100 * ratio
    return f"{percent:.1f} %" if ratio < 0.1 else f"{percent:,.0f} %"
