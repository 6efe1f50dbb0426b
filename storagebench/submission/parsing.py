"""Strict JSON and YAML: a value that cannot harm whoever walks it, or one sentence why there is none.

Nothing is constructed but mappings, lists, texts, numbers and truth values, as deep and as many as our own files need.
"""

import codecs
import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

import yaml

DEEPEST = 100
LONGEST_BITS = 2048
"""Of a whole number in YAML, which in hexadecimal could be too long for Python to write down again."""
MOST_VALUES = 200_000
"""Values of one YAML document, aliases written out: a page of YAML can stand for more than any memory holds."""
MOST_JSON_VALUES = 2_000_000
"""Values of one JSON document, which take thirty times the memory of their text: `[]` is four bytes there and 64 here."""


class Unreadable(ValueError):  # noqa: N818 - the word that findings use
    """A document that is not what its name says; the message completes the sentence "<path> …"."""


def decoded(data: bytes) -> str:
    """Return UTF-8 text, without a byte order mark.

    Raises:
        Unreadable: it is in another encoding.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable("is not UTF-8 text: it begins as UTF-16 does")  # which PowerShell writes unasked
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"is not UTF-8 text: byte 0x{data[error.start]:02x} on line {line}") from None


def parse_json(data: bytes, without: Sequence[str] = ()) -> Any:
    """Parse JSON: no name twice; lists called as `without` says may come back empty.

    NaN and Infinity, which Python's tools write where nothing was measured, become texts: no rule takes one for a
    number, and what stands beside them still speaks.

    Raises:
        Unreadable: it is something else, nested too deeply, of too many values, or cut off.
    """
    text = decoded(data)
    if without and (shorter := _without(text, without)) != text:
        try:
            return parse_json(shorter.encode())
        except Unreadable:
            pass  # not indented as it seemed: the whole of it is parsed
    if text.count(",") > MOST_JSON_VALUES and _STRING.sub("", text).count(",") > MOST_JSON_VALUES:
        raise Unreadable(f"holds more than {MOST_JSON_VALUES:,} values")
    try:
        parsed = _JSON.decode(text)
    except Unreadable:
        raise
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()):
            raise Unreadable(f"is not JSON: it ends on line {error.lineno} before it is complete") from None
        raise Unreadable(f"is not JSON: {error.msg.removesuffix(' at')} on line {error.lineno}") from None
    except RecursionError:
        raise Unreadable("is nested too deeply") from None
    except ValueError:
        raise Unreadable("holds a number of thousands of digits") from None
    if text.count("[") + text.count("{") > DEEPEST:
        _shallow(parsed)
    return parsed


def parse_yaml(data: bytes) -> Any:
    """Parse one YAML document into what JSON knows: no tags, no dates, no NaN, no key twice.

    Raises:
        Unreadable: it is something else, nested too deeply, or stands for too many values.
    """
    text = decoded(data)
    try:
        if _might_be_excessive(text):
            _refuse_excess(text)
        parsed = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader that knows even fewer tags
    except Unreadable:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" on line {mark.line + 1}" if mark else ""
        raise Unreadable(f"is not YAML: {error.problem or error.context}{line}") from None
    except yaml.YAMLError as error:
        raise Unreadable(
            f"is not YAML: {getattr(error, 'reason', None) or 'it has a character that YAML bars'}"
        ) from None
    except RecursionError:
        raise Unreadable("is nested too deeply") from None
    except (ValueError, TypeError, OverflowError):
        raise Unreadable("is not YAML: a value or a key that cannot be one") from None
    _bounded(parsed)
    return parsed


_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = ("null", "bool", "int", "float", "str", "seq", "map")


class _Loader(_BASE):  # type: ignore[misc]  # chosen at run time
    """SafeLoader without dates, sets and bytes, and without a key twice."""

    yaml_constructors: ClassVar[dict[Any, Any]] = {
        **{f"tag:yaml.org,2002:{tag}": _BASE.yaml_constructors[f"tag:yaml.org,2002:{tag}"] for tag in _TAGS},
        None: _BASE.yaml_constructors[None],
    }
    yaml_implicit_resolvers: ClassVar[dict[Any, Any]] = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":value"))]
        for first, resolvers in _BASE.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Make a mapping whose keys are texts as they are written, each there once."""
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and not key.tag.endswith(":merge"):
                key.tag = "tag:yaml.org,2002:str"
        names = [key.value for key, _ in node.value if isinstance(key.value, str)]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            line = node.start_mark.line + 1
            raise Unreadable(f"has the name {twice!r:.60} twice in the mapping that begins on line {line}")
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


_STEEP = re.compile(r"^[ \t?:-]{80}", re.MULTILINE)


def _might_be_excessive(text: str) -> bool:
    """Tell by a glance whether a text may be deep or of many values; only then is it worth a slow look."""
    if len(text) > MOST_VALUES or text.count("[") + text.count("{") > DEEPEST:
        return True
    return _STEEP.search(text) is not None


def _refuse_excess(text: str) -> None:
    """Look at the parser's events first: composing overflows the stack of libyaml's binding, or fills the memory."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, _BASE)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise Unreadable(f"is nested deeper than {DEEPEST} levels")
        if count > MOST_VALUES:
            raise Unreadable(f"holds more than {MOST_VALUES:,} names, values and brackets")


def _bounded(parsed: Any) -> None:
    """Count levels and values with aliases written out, and refuse what no JSON could hold.

    Raises:
        Unreadable: there are too many, or one is no finite number.
    """
    level, seen = [parsed], 0
    for _ in range(DEEPEST + 1):
        if not level:
            return
        seen += len(level)
        if seen > MOST_VALUES:
            raise Unreadable(f"stands for more than {MOST_VALUES:,} values")
        for found in level:
            if isinstance(found, float) and not math.isfinite(found):
                raise Unreadable(f"holds {found}, which is no number")
            if isinstance(found, int) and found.bit_length() > LONGEST_BITS:
                raise Unreadable("holds a number of thousands of digits")
        level = list(itertools.islice(_below(level), MOST_VALUES + 1))
    raise Unreadable(f"is nested deeper than {DEEPEST} levels")


def _shallow(parsed: Any) -> None:
    """Refuse what is nested deeper than any document of ours, before something follows it down.

    Raises:
        Unreadable: it is.
    """
    level = [parsed]
    for _ in range(DEEPEST + 1):
        level = [found for found in _below(level) if found.__class__ in {dict, list}]
        if not level:
            return
    raise Unreadable(f"is nested deeper than {DEEPEST} levels")


def _below(level: Iterable[Any]) -> Iterator[Any]:
    for found in level:
        if isinstance(found, dict):
            yield from found.values()
        elif isinstance(found, list):
            yield from found


def _without(text: str, names: Sequence[str]) -> str:
    """Empty lists of these names in indented JSON: a line break is never part of a JSON text, so lines are structure."""
    for name in names:
        parts, start, head = [], 0, f'"{name}": [\n'
        while (found := text.find(head, start)) >= 0:
            indent = text[text.rfind("\n", 0, found) + 1 : found]
            end = text.find(f"\n{indent}]", found) if indent.isspace() else -1
            if end < 0:
                break
            parts.append(text[start : found + len(head) - 1])
            start = end + 1 + len(indent)
        text = "".join((*parts, text[start:]))
    return text


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"has the name {twice!r:.60} twice in one object")
    return found


_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')
_JSON = json.JSONDecoder(parse_constant=str, object_pairs_hook=_pairs)
