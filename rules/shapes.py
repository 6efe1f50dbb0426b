"""Holding a document against the shapes of an edition's table: what is wrong, by dotted name, in words.

A table of shapes maps names to mappings of keys (`key?` may be absent) or to lists of words. The kind of a value is the
name of a shape, `[shape]` for a list of them (`[shape]+`: at least one), `text`, `bool`, `any`, or a number with its
bound: `int >= 1`, `number > 0`. Null stands for absent.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

BOUND = re.compile(r"(int|number) (>=|>) ([0-9]+)")


class Problem(NamedTuple):
    """The dotted name of a wrong value ("" is the document), what it is, and what it must be."""

    name: str
    saw: str
    needs: str


class Shapes(NamedTuple):
    """A table of shapes, and the names of those that may hold keys of any other name."""

    table: Mapping[str, Any]
    open: tuple[str, ...] = ()

    def problems(self, found: Any, kind: Any = "file", name: str = "") -> Iterator[Problem]:
        """Yield everything that is wrong with a value of a kind."""
        wanted = self.table.get(kind, kind) if isinstance(kind, str) else kind
        if isinstance(wanted, Mapping):
            yield from self._mapping(found, str(kind), name)
        elif isinstance(wanted, str) and wanted.startswith("["):
            yield from self._list(found, wanted, name)
        elif not _fits(found, wanted):
            yield Problem(name, _shown(found), _described(wanted))

    def _mapping(self, found: Any, kind: str, name: str) -> Iterator[Problem]:
        shape = self.table[kind]
        if not isinstance(found, Mapping):
            yield Problem(name, _shown(found), f"a mapping of {', '.join(key.rstrip('?') for key in shape)}")
            return
        known = {key.rstrip("?"): (key.endswith("?"), below) for key, below in shape.items()}
        start = f"{name}." if name else ""
        for key, value in found.items():
            if key not in known:
                if kind not in self.open:
                    yield Problem(f"{start}{key}", "an unknown key", f"one of {', '.join(known)}")
            elif not (value is None and known[key][0]):
                yield from self.problems(value, known[key][1], f"{start}{key}")
        for key, (may_lack, _) in known.items():
            if key not in found and not may_lack:
                yield Problem(name, f"no key {key}", f"{start}{key}")

    def _list(self, found: Any, wanted: str, name: str) -> Iterator[Problem]:
        if not isinstance(found, list) or (wanted.endswith("+") and not found):
            yield Problem(name, _shown(found), "a list" + (" of at least one" if wanted.endswith("+") else ""))
            return
        for i, item in enumerate(found):
            yield from self.problems(item, wanted.strip("[]+"), f"{name}.{i}")


def _fits(found: Any, wanted: Any) -> bool:
    if wanted == "any":
        return True
    if isinstance(wanted, list):
        return isinstance(found, str) and found in wanted
    if wanted in ("text", "bool"):
        return isinstance(found, bool) if wanted == "bool" else isinstance(found, str) and found != ""
    kind, sign, bound = _bound(wanted)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    whole = kind == "number" or found == found // 1
    return whole and (found >= bound if sign == ">=" else found > bound)


def _described(wanted: Any) -> str:
    if isinstance(wanted, list):
        return f"one of {', '.join(wanted)}"
    if wanted in ("text", "bool"):
        return "true or false" if wanted == "bool" else "a text"
    kind, sign, bound = _bound(wanted)
    return f"a {'whole ' if kind == 'int' else ''}number {'of at least' if sign == '>=' else 'above'} {bound}"


def _bound(wanted: str) -> tuple[str, str, int]:
    match = BOUND.fullmatch(wanted)
    if match is None:
        raise TypeError(f"{wanted}: no such kind in the table of shapes")
    return match[1], match[2], int(match[3])


def _shown(found: Any) -> str:
    if found is None:
        return "empty"
    if isinstance(found, Mapping | list):
        return "an empty list" if found == [] else "a mapping" if isinstance(found, Mapping) else "a list"
    return f"{str(found).lower() if isinstance(found, bool) else repr(found):.60}"
