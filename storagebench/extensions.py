"""What plugins put behind names that ranks look up: kept in the environment, so that every rank on every host has it."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass

VARIABLE = "STORAGEBENCH_EXTENSIONS"
KINDS = ("training engine", "KV-cache backend", "vector database")


@dataclass(frozen=True, slots=True)
class Extension:
    """A name of a kind, the module behind it, and the folder that the module's package is found in."""

    kind: str
    name: str
    module: str
    root: str


def publish(found: Iterable[Extension]) -> None:
    """Let these be known here and in every rank that is started from here, in place of any before."""
    if known := [asdict(one) for one in found]:
        os.environ[VARIABLE] = json.dumps(known)
    else:
        os.environ.pop(VARIABLE, None)


def modules(kind: str) -> dict[str, str]:
    """Return the modules of a kind by name."""
    return {one.name: one.module for one in _known() if one.kind == kind}


def roots() -> tuple[str, ...]:
    """Return the folders that a rank must find modules in, each once."""
    return tuple(dict.fromkeys(one.root for one in _known()))


def _known() -> list[Extension]:
    return [Extension(**one) for one in json.loads(os.environ.get(VARIABLE, "[]"))]
