"""Changing nested data by dotted names: ``{"summary.num_hosts": 2}``."""

from collections.abc import Mapping
from typing import Any

Changes = Mapping[str, Any]
"""Values by dotted name; dots inside the last part are written "/"."""


def changed(facts: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """Return a copy with some values changed, lists by position; None takes one away."""
    whole: dict[str, Any] = own(facts)
    for name, value in changes.items():
        *path, last = name.split(".")
        parent: Any = whole
        for part in path:
            if isinstance(parent, list):
                parent = parent[int(part)]
                continue
            if not isinstance(parent.get(part), dict | list):
                parent[part] = {}
            parent = parent[part]
        if isinstance(parent, list):
            parent[int(last)] = own(value)
        else:
            parent[last.replace("/", ".")] = own(value)
    return whole


def own(value: Any) -> Any:
    """Copy data so that nothing in it is shared, not even what a file says once and refers to twice."""
    if isinstance(value, Mapping):
        return {name: own(item) for name, item in value.items()}
    return [own(item) for item in value] if isinstance(value, list) else value


def of(changes: Changes, whose: str) -> dict[str, Any]:
    """Return the changes whose names begin with `whose`, without that beginning."""
    return {name.removeprefix(whose): value for name, value in changes.items() if name.startswith(whose)}
