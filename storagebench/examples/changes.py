"""Changing nested data by dotted names: ``{"summary.num_hosts": 2}``."""

from collections.abc import Mapping
from typing import Any

Changes = Mapping[str, Any]
"""Values by dotted name; dots inside the last part are written "/"."""


def changed(facts: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """Return a copy with some values changed, lists by position; None takes one away."""
    whole: dict[str, Any] = own(facts)
    for name, value in changes.items():
        whole = _put(whole, name.split("."), own(value))
    return whole


def _put(found: Any, path: list[str], value: Any) -> Any:
    """Return what was found with a value put in: into a list by position, else into a mapping, made where there is none."""
    name, *below = path
    if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
        found[int(name)] = _put(found[int(name)], below, value) if below else value
        return found
    table = found if isinstance(found, dict) else {}
    table[name if below else name.replace("/", ".")] = _put(table.get(name), below, value) if below else value
    return table


def own(value: Any) -> Any:
    """Copy data so that nothing in it is shared, not even what a file says once and refers to twice."""
    if isinstance(value, Mapping):
        return {name: own(item) for name, item in value.items()}
    return [own(item) for item in value] if isinstance(value, list) else value


def of(changes: Changes, whose: str) -> dict[str, Any]:
    """Return the changes whose names begin with `whose`, without that beginning."""
    return {name.removeprefix(whose): value for name, value in changes.items() if name.startswith(whose)}
