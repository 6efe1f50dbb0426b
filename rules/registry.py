"""A rule says who it is, reads one record and yields its breaches; it never decides the verdict."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from storagebench.model import Edition, Lands, Record


class Breach(NamedTuple):
    """Where a broken rule leaves the run, what the rule saw, and what it needs."""

    lands: Lands
    saw: str
    needs: str


Check = Callable[[Record, Edition], Iterator[Breach]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's identity and its function; the docstring of the function is the rule's page.

    A rule that `warns` can only advise: upstream prints a warning and accepts, or the rule is this project's own (x-…).
    `numbers` names the entries of the edition's table that it goes by.
    """

    id: str
    name: str
    family: str
    editions: frozenset[str]
    warns: bool
    numbers: tuple[str, ...]
    check: Check

    @property
    def text(self) -> str:
        """The rule as one sentence: the first line of the docstring."""
        return (self.check.__doc__ or "").strip().splitlines()[0]


RULES: dict[str, Rule] = {}
"""Every rule by name, in the order of the text."""


def rule(
    rule_id: str, name: str, *, family: str, editions: str, warns: bool = False, numbers: str = ""
) -> Callable[[Check], Check]:
    """Register a function as the rule `name`; `editions` and `numbers` are separated by blanks.

    The function is returned unchanged. Names are for ever: a rule that is dropped keeps its name.

    Raises:
        TypeError: the name is taken, or the function has no docstring.
    """

    def register(check: Check) -> Check:
        if name in RULES or not check.__doc__:
            raise TypeError(f"{name}: a rule has a name of its own and a docstring")
        RULES[name] = Rule(rule_id, name, family, frozenset(editions.split()), warns, tuple(numbers.split()), check)
        return check

    return register
