"""On which line of a YAML file each value stands, so that a finding names file and line."""

from typing import Any

import yaml

from storagebench.submission.parsing import Unreadable, parse_yaml

LARGEST_BYTES = 1024 * 1024
MOST = 20_000
"""Values whose lines are kept; a description of a system has some hundreds."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def line_numbers(data: bytes) -> dict[str, int]:
    """Return the line, from 1, of every value by its dotted name: ``{"system_under_test.clients.0.quantity": 41}``.

    The line of an entry is that of its key. What is no YAML, or larger than any description, has no lines.
    """
    try:
        if len(data) > LARGEST_BYTES or parse_yaml(data) is None:  # which also bars what is too deep to compose
            return {}
        root = yaml.compose(data.decode("utf-8-sig"), _LOADER)
    except (Unreadable, yaml.YAMLError):
        return {}
    found: dict[str, int] = {}
    waiting: list[tuple[str, Any, int]] = [("", root, 1)]
    while waiting and len(found) < MOST:
        name, node, line = waiting.pop()
        found[name] = line
        start = f"{name}." if name else ""
        if isinstance(node, yaml.MappingNode):
            waiting += [(f"{start}{key.value}", value, key.start_mark.line + 1) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(f"{start}{i}", item, item.start_mark.line + 1) for i, item in enumerate(node.value)]
    return found
