"""Whether two runs may be held against each other at all: the comparability classes of the edition (EDN-02)."""

from collections.abc import Mapping
from typing import Any

from storagebench.model import Edition
from storagebench.parameters import core_config_hash, flatten, set_dotted

Plan = Mapping[str, Any]

HASHED = ("training", "checkpointing")
"""Families whose classes are named by the hash of the core configuration; for the others it is compared key by key."""
SAME = (
    ("workload.family", "family"),
    ("workload.model", "model"),
    ("workload.accelerator", "accelerator"),
    ("division", "division"),
)
"""What is the same in all runs of a class, and its name for people."""


def why_not(mine: Plan, theirs: Plan, edition: Edition) -> str:
    """Say in a few words why the runs of two plans (as JSON) cannot be compared, "" when they can.

    Classes never cross divisions. A class may have several hashes, as when keys were renamed between editions; the
    parameters that CLOSED lets a run change make no other class.
    """
    for dotted, word in SAME:
        here, there = _find(mine, dotted), _find(theirs, dotted)
        if here != there:
            return f"another {word}: {there or 'none'} there, {here or 'none'} here"
    family = str(_find(mine, "workload.family"))
    if family in HASHED:
        return _other_class(mine, theirs)
    allowed = edition.table.get(family, {}).get("parameters", {}).get("closed", ())
    return _first_difference(mine, theirs, frozenset(allowed))


def _other_class(mine: Plan, theirs: Plan) -> str:
    family = str(_find(mine, "workload.family"))
    here, there = (core_config_hash(plan["parameters"], family=family) for plan in (mine, theirs))
    declared = {
        *(_find(mine, "workload.core_config_hashes") or ()),
        *(_find(theirs, "workload.core_config_hashes") or ()),
    }
    if here == there or {here, there} <= declared:
        return ""
    first = _first_difference(mine, theirs, frozenset(), core=family)
    return f"another comparability class: core configuration {there} there, {here} here" + (
        f" ({first})" if first else ""
    )


def _first_difference(mine: Plan, theirs: Plan, allowed: frozenset[str], *, core: str = "") -> str:
    here, there = flatten(mine["parameters"]), flatten(theirs["parameters"])
    for name in sorted(here.keys() | there.keys()):
        differs = here.get(name) != there.get(name) and name not in allowed
        if differs and (not core or _hash_of(name, here, core) != _hash_of(name, there, core)):
            return f"{name} is {there.get(name, 'absent')} there and {here.get(name, 'absent')} here"
    return ""


def _hash_of(name: str, flat: Mapping[str, Any], family: str) -> str:
    """Hash a tree of a single parameter: it tells two values apart only where the parameter belongs to the core."""
    return core_config_hash(set_dotted({}, name, flat[name]) if name in flat else {}, family=family)


def _find(plan: Plan, dotted: str) -> Any:
    found: Any = plan
    for part in dotted.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
