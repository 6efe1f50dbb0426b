"""A walker over the JSON schemas of `configs/`: the first mistake, in words, with its line.

The package jsonschema reads the same schemas, but takes longer to import than a whole collection may last, and
knows no lines. Only the keywords of `KEYWORDS` are understood; a test holds every schema to them and both
validators to the same opinion.
"""

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from storagebench import extensions
from storagebench.errors import ConfigError
from storagebench.parameters.yaml_lines import Node, read_scalar

CONFIGS = Path(__file__).parents[2] / "configs"
FOLDERS: dict[str, Path] = {}
"""Where the configurations of suites are that other plugins add."""

EXTENSIBLE = {
    "kvcache": ("KV-cache backend", "store", "backend"),
    "vectordb": ("vector database", "database", "database"),
}
"""Suites with a parameter that plugins add choices to: what they are, its section and its key."""

KEYWORDS = frozenset(
    {"$schema", "$defs", "$ref", "title", "description", "default", "type", "enum", "const", "pattern"}
    | {"properties", "required", "additionalProperties", "items", "minItems", "uniqueItems"}
    | {"minimum", "exclusiveMinimum", "maximum"}
)

SHOWN_AT_MOST = 60
"""Characters of a wrong value in a message."""

Rule = Mapping[str, Any]


class Problem(NamedTuple):
    """What is wrong, and on which line."""

    line: int
    text: str


def folder_of(suite: str) -> Path:
    """Return the folder of a suite's configurations."""
    return FOLDERS.get(suite, CONFIGS / suite)


@functools.cache
def schema_of(suite: str) -> "Schema":
    """Read the `schema.json` of a suite's configurations once.

    Raises:
        ConfigError: there is none, or it is damaged.
    """
    path = folder_of(suite) / "schema.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if suite in EXTENSIBLE:
            kind, section, key = EXTENSIBLE[suite]
            document["$defs"]["parameters"]["properties"][section]["properties"][key]["enum"] += extensions.modules(
                kind
            )
        return Schema(document)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); restore it from the checkout") from None


class Schema:
    """One JSON schema and the questions that are asked of it."""

    def __init__(self, document: Rule) -> None:
        self.document = document

    def first_problem(self, node: Node) -> Problem | None:
        """Return the first mistake of a whole file, or None."""
        return next(self._problems(node, self.document, "the file", node.line), None)

    def leaves(self, definition: str) -> dict[str, Rule]:
        """Return every single value below a definition: dotted key to its rule."""
        return dict(self._leaves(self.document["$defs"][definition], ""))

    def _problems(self, node: Node, rule: Rule, name: str, line: int) -> Iterator[Problem]:
        rule = self._resolved(rule)
        value = node.plain() if isinstance(node.value, list) else node.value
        if not fits(value, rule):
            yield Problem(line, f"{name} must be {described(rule)}, {contrast(value)}")
        elif isinstance(node.value, dict):
            yield from self._mapping_problems(node, rule, name, line)
        elif isinstance(node.value, list) and "items" in rule:
            for item in node.value:
                yield from self._problems(item, rule["items"], f"an entry of {name}", item.line)

    def _mapping_problems(self, node: Node, rule: Rule, name: str, line: int) -> Iterator[Problem]:
        known: Mapping[str, Rule] = rule.get("properties", {})
        entries = node.value
        assert isinstance(entries, dict)
        for key, entry in entries.items():
            if key in known:
                yield from self._problems(entry.node, known[key], key, entry.line)
            elif not rule.get("additionalProperties", True):
                yield Problem(entry.line, f"'{key}' is not a key here; {self._hint(key, known)}")
        for key in rule.get("required", ()):
            if key not in entries:
                yield Problem(line, f"{name} lacks the key '{key}'")

    def _hint(self, key: str, known: Iterable[str]) -> str:
        near = nearest(key, known)
        if near is not None:
            return f"did you mean '{near}'?"
        elsewhere = [dotted for dotted in self.leaves("parameters") if dotted.endswith(f".{key}")]
        if elsewhere:
            return f"it belongs to 'parameters' as '{elsewhere[0]}'"
        return f"keys are {', '.join(known)}"

    def _leaves(self, rule: Rule, prefix: str) -> Iterator[tuple[str, Rule]]:
        rule = self._resolved(rule)
        if "properties" not in rule:
            yield prefix, rule
            return
        for key, below in rule["properties"].items():
            yield from self._leaves(below, f"{prefix}.{key}" if prefix else key)

    def _resolved(self, rule: Rule) -> Rule:
        if "$ref" not in rule:
            return rule
        target: Rule = self.document["$defs"][rule["$ref"].removeprefix("#/$defs/")]
        return {**target, **{key: value for key, value in rule.items() if key != "$ref"}}


def fits(value: Any, rule: Rule) -> bool:
    """Say whether one value meets the keywords that concern itself (not its keys or items).

    Stricter than JSON schema in one point: 7.0 is no integer.
    """
    kind, types = _type_of(value), _types(rule)
    if types and kind not in types and not (kind == "integer" and "number" in types):
        return False
    if ("enum" in rule and value not in rule["enum"]) or ("const" in rule and value != rule["const"]):
        return False
    if kind in ("integer", "number"):
        return bool(
            value >= rule.get("minimum", value)
            and value <= rule.get("maximum", value)
            and ("exclusiveMinimum" not in rule or value > rule["exclusiveMinimum"])
        )
    if kind == "array":
        distinct = {json.dumps(item, sort_keys=True) for item in value}
        return len(value) >= rule.get("minItems", 0) and (not rule.get("uniqueItems") or len(distinct) == len(value))
    return kind != "string" or re.search(rule.get("pattern", ""), value) is not None


def _written(value: Any) -> str:
    """Write a value as YAML would read it back: a text that looks like something else stands in quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) and read_scalar(value) == value else repr(value)


def described(rule: Rule) -> str:
    """Say what a rule wants, to follow the words "must be"."""
    if "const" in rule:
        return repr(rule["const"])
    if "enum" in rule:
        return "one of " + ", ".join(map(_written, rule["enum"]))
    if "title" in rule and "properties" not in rule:
        return str(rule["title"])
    words = {
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "string": "a text",
        "object": "a mapping" + (f" of {', '.join(rule['properties'])}" if "properties" in rule else ""),
        "array": "a list",
        "null": "null",
    }
    text = " or ".join(words[name] for name in _types(rule))
    limits = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "minItems": "of at least",
    }
    bounds = [f"{word} {rule[key]}" for key, word in limits.items() if key in rule]
    return " ".join([text, " and ".join(bounds)]).strip() + (" without repeats" if rule.get("uniqueItems") else "")


def contrast(value: Any) -> str:
    """Show a wrong value briefly, in the spelling of YAML: ``not 'seven'``, ``but is empty``."""
    if value is None:
        return "but is empty"
    if isinstance(value, Mapping):
        return "not a mapping"
    if isinstance(value, list):
        return f"not a list of {len(value)}"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return f"not {text}" if len(text) <= SHOWN_AT_MOST else f"not {text[: SHOWN_AT_MOST - 3]}..."


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be, if one is close."""
    import difflib  # 3 ms that only a mistake has to pay

    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)), None)


def _types(rule: Rule) -> list[str]:
    types = rule.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _type_of(value: Any) -> str:
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string")):
        if isinstance(value, kind):
            return name
    if value is None:
        return "null"
    return "object" if isinstance(value, Mapping) else "array"
