"""The facts of a record: read when a rule first asks for them, and under the same names whoever wrote the folder."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any


class Facts(Mapping[str, Any]):
    """A mapping whose values are worked out at the first question; what no rule asks for is never read.

    `sources` is a table for all runs of a kind, each source a function of the run.
    """

    __slots__ = ("_known", "_of", "_sources")

    def __init__(self, of: Any, sources: Mapping[str, Callable[[Any], Any]]) -> None:
        self._of = of
        self._sources = sources
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._sources[name](self._of)
        return self._known[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a fact, or the default where runs of the kind have none of that name."""
        return self[name] if name in self._sources else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


def mapping(found: Any) -> dict[str, Any]:
    """Return a mapping as it is, and an empty one for anything else: files hold what they like."""
    return found if isinstance(found, dict) else {}


def sequence(found: Any) -> list[Any]:
    """Return a list as it is, and an empty one for anything else."""
    return found if isinstance(found, list) else []


def text(found: Any) -> str | None:
    """Return a text that says something, and None for anything else."""
    return found if isinstance(found, str) and found else None


def columns(rows: list[Any]) -> dict[str, list[Any]] | None:
    """Turn rows into columns; a column with a gap is left out."""
    kept = [mapping(row) for row in rows]
    names = {name for row in kept for name in row}
    whole = {name: [row.get(name) for row in kept] for name in names}
    return {name: values for name, values in whole.items() if None not in values} or None
