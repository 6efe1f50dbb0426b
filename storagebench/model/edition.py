"""One edition of the rules as data: `rules/tables/<edition>.yaml` holds every number and allow-list."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Edition:
    """The name of an edition ("3.0") and its table; a missing entry is a mistake of ours, hence KeyError.

    `as_of_round` asks for the checks as they behaved while the round was open: rules that the table lists under
    `round.warns` only warn then.
    """

    name: str
    table: Mapping[str, Any]
    as_of_round: bool = False
    extends: tuple[str, ...] = ()

    @property
    def lineage(self) -> tuple[str, ...]:
        """Its own name and those of the editions that it extends: what they sanction and demand holds here too."""
        return (self.name, *self.extends)

    def among(self, names: Collection[str]) -> bool:
        """Say whether the edition, or one that it extends, is among some."""
        return any(name in names for name in self.lineage)

    def softens(self, rule_id: str) -> bool:
        """Say whether a rule of this number only warned in the round that is asked for."""
        return self.as_of_round and rule_id in self.table.get("round", {}).get("warns", ())

    def repeats(self, family: str) -> tuple[int, int]:
        """Return how many warm-up runs and how many measured ones make a result of a family; one where nothing is said."""
        runs = self.table.get(family, {}).get("runs", 1)
        return (runs["warm_up"], runs["measured"]) if isinstance(runs, Mapping) else (0, runs)

    def __getitem__(self, dotted: str) -> Any:
        """Return an entry by its dotted name: ``edition["training.memory_multiple"]``."""
        found: Any = self.table
        for part in dotted.split("."):
            found = found[part]
        return found
