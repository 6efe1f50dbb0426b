"""One edition of the rules as data: `rules/tables/<edition>.yaml` holds every number and allow-list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Edition:
    """The name of an edition ("3.0") and its table; a missing entry is a mistake of ours, hence KeyError."""

    name: str
    table: Mapping[str, Any]

    def __getitem__(self, dotted: str) -> Any:
        """Return an entry by its dotted name: ``edition["training.memory_multiple"]``."""
        found: Any = self.table
        for part in dotted.split("."):
            found = found[part]
        return found
