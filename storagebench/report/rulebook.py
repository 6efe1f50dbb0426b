"""What `--rules` and `--explain` print: the rules in their own words, from docstrings, tables and examples."""

import difflib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rules import RULES, Rule
from storagebench import examples
from storagebench.errors import ConfigError
from storagebench.judge import judge
from storagebench.model import Edition
from storagebench.report import checklist

SCOPES = {"run": "a run", "group": "a result of several runs", "submission": "a whole submission"}
GOLDEN = {"run": "run", "group": "result", "submission": "submission"}


def listing(edition: Edition) -> tuple[str, ...]:
    """List every rule of an edition, one line each, and below them what nobody checks and why."""
    known = [rule for rule in RULES.values() if edition.among(rule.editions)]
    width = max(len(rule.name) for rule in known)
    return (
        f"rules of edition {edition.name}",
        *(f"  {rule.id:6} {rule.name:{width}}  {rule.text}" for rule in known),
        "not checked",
        *(f"  {name}: {reason}" for name, reason in edition["not_checked"].items()),
    )


def page(name: str, edition: Edition) -> tuple[str, ...]:
    """Print the page of a rule, by name or number, of a rule that nobody checks, or a checklist (closed-training).

    Raises:
        ConfigError: there is no such rule; the message offers the nearest.
    """
    if name in checklist.names():
        return tuple(checklist.page(name, edition))
    found = [rule for rule in RULES.values() if name in (rule.name, rule.id)]
    unchecked = {entry: reason for entry, reason in edition["not_checked"].items() if name in entry.split()}
    if not found and not unchecked:
        words = [word for rule in RULES.values() for word in (rule.name, rule.id)]
        near = difflib.get_close_matches(name, [*words, *checklist.names()], 1)
        hint = f"; did you mean {near[0]}?" if near else "; --rules lists them"
        raise ConfigError(f"--explain {name}: there is no such rule{hint}")
    reasons = (line for entry, reason in unchecked.items() for line in (entry, f"not checked: {reason}", ""))
    return (*(line for rule in found for line in _page(rule, edition)), *reasons)


def _page(rule: Rule, edition: Edition) -> Iterator[str]:
    yield rule.name if rule.name.startswith(f"{rule.id}-") else f"{rule.id} {rule.name}"
    advice = "; advice only" if rule.warns else ""
    yield f"{rule.family}, on {SCOPES[rule.scope]}; editions {', '.join(sorted(rule.editions))}{advice}"
    yield ""
    yield from inspect.cleandoc(rule.check.__doc__ or "").splitlines()
    if edition.among(rule.editions) and rule.numbers:
        yield ""
        yield f"Numbers of edition {edition.name}:"
        for name in rule.numbers:
            yield from _number(name, edition[f"{rule.family}.{name}"])
    example = examples.examples(rule.family).get(rule.name)
    if example is not None:
        yield ""
        yield from _example(rule, edition if edition.among(rule.editions) else None, example)
    yield ""


def _number(name: str, value: object) -> Iterable[str]:
    if not isinstance(value, dict):
        yield f"  {name}: {_said(value)}"
        return
    yield f"  {name}:"
    for key, item in value.items():
        yield f"    {key}: {_said(item)}"


def _example(rule: Rule, edition: Edition | None, example: examples.Example) -> Iterator[str]:
    yield f"The golden {GOLDEN[rule.scope]} just passes with"
    yield from _changes(example.passes, rule.scope)
    yield "and just fails with"
    yield from _changes(example.fails, rule.scope)
    yield f"where it lands: {example.lands.name}"
    if edition is not None:
        judged = judge(examples.subject(rule.family, rule.scope, edition.name, example.fails), edition)
        yield from (f"  {finding}" for finding in judged.findings if finding.rule_name == rule.name)


def _changes(changes: Mapping[str, Any], scope: str) -> Iterator[str]:
    """Yield one line a change; names of facts write a dot inside a name as a slash, paths are paths."""
    if not changes:
        yield "  nothing changed"
    for name, value in changes.items():
        if scope == "submission":
            yield f"  {name}: {_there(value) if '#' not in name else _said(value)}"
        else:
            yield f"  {name.replace('/', '.')}: {_said(value)}"


def _there(value: object) -> str:
    return f"a file of {value} bytes" if isinstance(value, int) else _said(value)


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(item)}" for name, item in value.items()) or "nothing"
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "an empty list"
    return "absent" if value is None else str(value)
