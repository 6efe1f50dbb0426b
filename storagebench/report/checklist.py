"""`--explain closed-training` and its like: everything that CLOSED needs of a family, from the rules and their tables."""

import textwrap
from collections.abc import Iterator

from rules import RULES, Rule
from storagebench.model import Edition

PREFIX = "closed-"
FAMILIES = ("training", "checkpointing", "vector_database", "kv_cache")
WIDTH = 110

PARTS = (
    ("run", "Each run"),
    ("group", "The runs of a result together"),
)
CHAPTERS = "The submission as a whole"


def names() -> tuple[str, ...]:
    """Name the checklists there are: one for each family that has rules."""
    known = {rule.family for rule in RULES.values()}
    return tuple(f"{PREFIX}{family}" for family in FAMILIES if family in known)


def page(name: str, edition: Edition) -> Iterator[str]:
    """Yield the checklist `name` of an edition; the name is one of `names()`."""
    family = name.removeprefix(PREFIX)
    known = [rule for rule in RULES.values() if edition.among(rule.editions)]
    own = [rule for rule in known if rule.family == family]
    yield f"What CLOSED needs of {family.replace('_', ' ')} in edition {edition.name}"
    if not own:
        yield f"  Edition {edition.name} has no {family.replace('_', ' ')}."
        return
    for scope, heading in PARTS:
        yield from _part(heading, [rule for rule in own if rule.scope == scope and not rule.warns], edition)
    yield from _parameters(family, edition)
    yield from _part(CHAPTERS, [rule for rule in known if rule.scope == "submission" and not rule.warns], edition)
    yield from _part(
        "Asked by a reviewer, decides nothing",
        [rule for rule in own if rule.warns and rule.scope != "submission"],
        edition,
    )


def _part(heading: str, rules: list[Rule], edition: Edition) -> Iterator[str]:
    if not rules:
        return
    yield ""
    yield heading
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        indent = " " * (width + 8)
        known = _numbers(rule, edition)
        text = f"{rule.text} {known}" if known else rule.text
        yield from textwrap.wrap(
            text, WIDTH, initial_indent=f"  [ ] {rule.id:{width}}  ", subsequent_indent=indent, break_on_hyphens=False
        )
        yield f"{indent}pytest --explain {rule.name}"


def _numbers(rule: Rule, edition: Edition) -> str:
    """Say the rule's own numbers in brackets, as far as they are short."""
    said = []
    for name in rule.numbers:
        value = edition[f"{rule.family}.{name}"]
        if isinstance(value, dict) and all(isinstance(item, (int, float, str)) for item in value.values()):
            value = ", ".join(f"{key} {item}" for key, item in value.items())
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            said.append(f"{name.rpartition('.')[2].replace('_', ' ')}: {value}")
    return f"({'; '.join(said)})" if said else ""


def _parameters(family: str, edition: Edition) -> Iterator[str]:
    allowed = edition.table.get(family, {}).get("parameters", {}).get("closed")
    if not allowed:
        return
    yield ""
    yield "Parameters that CLOSED may change"
    yield from (f"  {name}" for name in allowed)
