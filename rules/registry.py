"""A rule says who it is, reads one subject and yields its breaches; it never decides the verdict."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from storagebench.model import Edition, Lands


class Breach(NamedTuple):
    """Where a broken rule leaves the subject, what the rule saw, what it needs, and the path it speaks of ("": all)."""

    lands: Lands
    saw: str
    needs: str
    where: str = ""


Check = Callable[[Any, Edition], Iterator[Breach]]
"""Reads a Record, a Group or a Submission, as the rule's scope says."""

SCOPES = ("run", "group", "submission")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's identity and its function; the docstring of the function is the rule's page.

    `family` is that of the benchmark, or the chapter of a rule on the whole submission; `scope` is one of SCOPES.
    A rule that `warns` can only advise: upstream prints a warning and accepts, or the rule is this project's own (x-…; one
    of those rejects: x-vdb-served-from-memory).
    `numbers` names the entries of the edition's table that it goes by.
    """

    id: str
    name: str
    family: str
    scope: str
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
    rule_id: str,
    name: str,
    *,
    family: str,
    editions: str,
    scope: str = "run",
    warns: bool = False,
    numbers: str = "",
) -> Callable[[Check], Check]:
    """Register a function as the rule `name`; `editions` and `numbers` are separated by blanks.

    The function is returned unchanged. Names are for ever: a rule that is dropped keeps its name.

    Raises:
        TypeError: the name is taken, the function has no docstring, or there is no such scope.
    """

    def register(check: Check) -> Check:
        if name in RULES or not check.__doc__ or scope not in SCOPES:
            raise TypeError(f"{name}: a rule has a name of its own, a docstring and a scope")
        known = frozenset(editions.split())
        RULES[name] = Rule(rule_id, name, family, scope, known, warns, tuple(numbers.split()), check)
        return check

    return register
