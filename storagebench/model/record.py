"""What a run left behind, as the rules see it: facts by dotted name, and an honest answer where one is missing."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


class Missing(LookupError):  # noqa: N818 - the word that findings and docs use
    """A value that a rule needs and the record lacks (or holds in a form that cannot be read)."""

    def __init__(self, name: str, problem: str = "is missing") -> None:
        super().__init__(f"{name} {problem}")
        self.name = name
        self.problem = problem


TOO_LARGE = 1e24
"""No bytes, seconds or rates of any storage come near; sums and products of what is smaller stay finite."""


@dataclass(frozen=True, slots=True)
class Record:
    """A run folder's facts: nested JSON data under `summary`, `metadata`, `storagebench` and their like.

    Sources differ by edition and by submitter; a reader puts the same fact under the same name, and what
    it could not find is absent. Units are in the names or are those of the upstream file.
    """

    family: str
    division: str
    folder: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Say whether the record holds the fact at all (None counts as absent)."""
        return self._find(name) is not None

    def value(self, name: str) -> Any:
        """Return a fact of any kind by its dotted name.

        Raises:
            Missing: the record lacks it.
        """
        found = self._find(name)
        if found is None:
            raise Missing(name)
        return found

    def number(self, name: str) -> float:
        """Return a finite number; a string that holds one counts, as upstream writes overridden numbers so.

        Raises:
            Missing: the record lacks it, or it is no number.
        """
        found = self.value(name)
        try:
            number = float(found) if not isinstance(found, bool) else math.nan
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not abs(number) < TOO_LARGE:  # nor is it when it is no number at all
            raise Missing(name, f"is {found!r:.60}, not a number" + (" of anything" if math.isfinite(number) else ""))
        return number

    def count(self, name: str) -> int:
        """Return a whole number of things.

        Raises:
            Missing: the record lacks it, or it is no whole number of zero or more.
        """
        number = self.number(name)
        if number < 0 or number != int(number):
            raise Missing(name, f"is {number:g}, not a count")
        return int(number)

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return a list of finite numbers, such as one for each host or each epoch.

        Raises:
            Missing: the record lacks it, or it is no list of numbers.
        """
        found = self.items(name)
        one_by_one = Record(self.family, self.division, self.folder, {str(i): item for i, item in enumerate(found)})
        try:
            return tuple(one_by_one.number(str(i)) for i in range(len(found)))
        except Missing as missing:
            raise Missing(f"{name}[{missing.name}]", missing.problem) from None

    def items(self, name: str) -> Sequence[Any]:
        """Return a list of anything.

        Raises:
            Missing: the record lacks it, or it is no list.
        """
        found = self.value(name)
        if not isinstance(found, Sequence) or isinstance(found, str):
            raise Missing(name, "is not a list")
        return found

    def text(self, name: str) -> str:
        """Return a fact that must be a non-empty string.

        Raises:
            Missing: the record lacks it, or it is something else.
        """
        found = self.value(name)
        if not isinstance(found, str) or not found:
            raise Missing(name, f"is {found!r:.60}, not a text")
        return found

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a mapping such as the overrides; keys are as the source wrote them.

        Raises:
            Missing: the record lacks it, or it is no mapping.
        """
        found = self.value(name)
        if not isinstance(found, Mapping):
            raise Missing(name, "is not a mapping")
        return found

    def _find(self, name: str) -> Any:
        found: Any = self.facts
        for part in name.split("."):
            if not isinstance(found, dict | Mapping):  # a dict is told at once, any other mapping slowly
                return None
            found = found.get(part)
        return found


def if_known(ask: Callable[[str], T], name: str) -> T | None:
    """Ask a record for a fact that it may lack: ``if_known(record.number, "summary.epochs")`` is None where it does."""
    try:
        return ask(name)
    except Missing:
        return None
