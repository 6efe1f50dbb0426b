"""What `--rules` and `--explain` print: the rules in their own words, from their docstrings and the edition's table."""

import difflib
import inspect
from collections.abc import Iterable

from rules import RULES, Rule
from storagebench.errors import ConfigError
from storagebench.model import Edition


def listing(edition: Edition) -> tuple[str, ...]:
    """List every rule of an edition, one line each, and below them what nobody checks and why."""
    known = [rule for rule in RULES.values() if edition.name in rule.editions]
    width = max(len(rule.name) for rule in known)
    return (
        f"rules of edition {edition.name}",
        *(f"  {rule.id:6} {rule.name:{width}}  {rule.text}" for rule in known),
        "not checked",
        *(f"  {name}: {reason}" for name, reason in edition["not_checked"].items()),
    )


def page(name: str, edition: Edition) -> tuple[str, ...]:
    """Print one rule's page; `name` is its name or its number.

    Raises:
        ConfigError: there is no such rule; the message offers the nearest.
    """
    found = [rule for rule in RULES.values() if name in (rule.name, rule.id)]
    if not found:
        near = difflib.get_close_matches(name, [word for rule in RULES.values() for word in (rule.name, rule.id)], 1)
        hint = f"; did you mean {near[0]}?" if near else "; --rules lists them"
        raise ConfigError(f"--explain {name}: there is no such rule{hint}")
    return tuple(line for rule in found for line in _page(rule, edition))


def _page(rule: Rule, edition: Edition) -> Iterable[str]:
    yield f"{rule.id} {rule.name}"
    yield f"{rule.family}, editions {', '.join(sorted(rule.editions))}" + ("; advice only" if rule.warns else "")
    yield ""
    yield from inspect.cleandoc(rule.check.__doc__ or "").splitlines()
    if edition.name in rule.editions and rule.numbers:
        yield ""
        yield f"Numbers of edition {edition.name}:"
        for name in rule.numbers:
            yield from _number(name, edition[f"{rule.family}.{name}"])
    yield ""


def _number(name: str, value: object) -> Iterable[str]:
    if not isinstance(value, dict):
        yield f"  {name}: {value}"
        return
    yield f"  {name}:"
    for key, item in value.items():
        yield f"    {key}: {', '.join(map(str, item)) if isinstance(item, list) else item}"
