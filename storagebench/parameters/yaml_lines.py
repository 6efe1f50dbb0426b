"""YAML text to values that remember their lines, so that every mistake can be named by file and line.

Stricter than YAML itself: no anchors, no tags, no key twice, one document. Plain scalars follow the core schema
of YAML 1.2, in which `off` and `no` are words, `1e-3` is a number and `1:30` is not ninety.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from storagebench.errors import ConfigError

Scalar = str | int | float | bool | None

DEEPEST = 32
"""Levels of nesting that are followed; the deepest configuration has eight."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"[-+]?[0-9]{1,100}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)


class Entry(NamedTuple):
    """One value of a mapping and the line of its key."""

    line: int
    node: "Node"


@dataclass(frozen=True, slots=True)
class Node:
    """A value with the line it starts on (from 1): a scalar, a list of nodes or a mapping of entries."""

    value: "Scalar | list[Node] | dict[str, Entry]"
    line: int

    def entry(self, key: str) -> Entry:
        """Return one entry of a mapping; a missing one is a mistake of ours, hence KeyError."""
        if not isinstance(self.value, dict):
            raise KeyError(key)
        return self.value[key]

    def plain(self) -> Any:
        """Return the value alone, as plain lists and dictionaries."""
        if isinstance(self.value, dict):
            return {key: entry.node.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


def read_scalar(text: str) -> Scalar:
    """Read an unquoted scalar: ``read_scalar("1e-3") == 0.001``, ``read_scalar("off") == "off"``.

    What would be infinite, or an integer of more than a hundred digits, stays a text.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and abs(number := float(text)) != float("inf"):
        return number
    return text


def parse(data: bytes, where: str) -> Node:
    """Parse the bytes of one YAML file; `where` names the file in errors.

    Raises:
        ConfigError: it is not UTF-8, not YAML, empty, or uses what is refused here; says ``file:line: what``.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise ConfigError(f"{where}:{line}: not UTF-8 text (byte 0x{byte:02x}); save it as UTF-8") from None
    try:
        return _Builder(where).build(yaml.parse(text, Loader=_LOADER))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"{where}:{line}: not YAML: {error.reason}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(f"{where}:{line}: not YAML: {error.problem or error.context}") from None


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet; `key` waits for its value."""

    node: Node
    key: str | None = None
    key_line: int = 0

    @property
    def awaits_key(self) -> bool:
        return isinstance(self.node.value, dict) and self.key is None


class _Builder:
    """Makes nodes of parser events, with the open mappings and lists on a stack."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.open: list[_Open] = []
        self.root: Node | None = None

    def build(self, events: Iterator[yaml.Event]) -> Node:
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
                raise self.error(line, "a second YAML document begins here; write one file each")
            if isinstance(event, yaml.NodeEvent):
                self.refuse_extras(event, line)
            if isinstance(event, yaml.ScalarEvent):
                self.scalar(event, line)
            elif isinstance(event, yaml.MappingStartEvent):
                self.begin(Node({}, line))
            elif isinstance(event, yaml.SequenceStartEvent):
                self.begin(Node([], line))
            elif isinstance(event, yaml.CollectionEndEvent):
                self.place(self.open.pop().node)
        if self.root is None or self.root.value is None:
            raise self.error(1, "the file is empty; a configuration begins with 'model: <name>'")
        return self.root

    def refuse_extras(self, event: yaml.NodeEvent, line: int) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self.error(line, f"the anchor '{event.anchor}' is not understood here; write the value out")
        if getattr(event, "tag", None) is not None:
            raise self.error(line, f"the tag '{getattr(event, 'tag', '')}' is not understood here; remove it")

    def scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        quoted = bool(event.style)
        if self.open and self.open[-1].awaits_key:
            self.take_key(event.value, line)
        else:
            self.place(Node(event.value if quoted else read_scalar(event.value), line))

    def begin(self, node: Node) -> None:
        if self.open and self.open[-1].awaits_key:
            raise self.error(node.line, "a key must be a single word, not a list or mapping")
        if len(self.open) == DEEPEST:
            raise self.error(node.line, f"nested deeper than {DEEPEST} levels; no configuration is")
        self.open.append(_Open(node))

    def take_key(self, key: str, line: int) -> None:
        inside = self.open[-1]
        entries = inside.node.value
        assert isinstance(entries, dict)
        if key in entries:
            raise self.error(line, f"'{key}' is given twice, first on line {entries[key].line}; keep one")
        inside.key, inside.key_line = key, line

    def place(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        inside = self.open[-1]
        if isinstance(inside.node.value, list):
            inside.node.value.append(node)
        elif isinstance(inside.node.value, dict) and inside.key is not None:
            inside.node.value[inside.key] = Entry(inside.key_line, node)
            inside.key = None

    def error(self, line: int, text: str) -> ConfigError:
        return ConfigError(f"{self.where}:{line}: {text}")
