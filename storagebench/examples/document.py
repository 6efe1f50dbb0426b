"""Reading `rules/examples/<family>.yaml`."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from storagebench.examples.changes import Changes
from storagebench.model import Lands

FOLDER = Path(__file__).parents[2] / "rules" / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """Two changes to the golden subject, where the second one lands, and words of what the rule then saw."""

    passes: Changes
    fails: Changes
    lands: Lands
    words: str


@functools.cache
def examples(family: str) -> Mapping[str, Example]:
    """Return the examples of a family or chapter by the name of their rule; none where it has no file."""
    return {
        name: Example(one["passes"], one["fails"], Lands[one["lands"]], one["words"])
        for name, one in document(family).get("rules", {}).items()
    }


@functools.cache
def document(name: str) -> Mapping[str, Any]:
    """Return a file of examples as it is written, empty where there is none."""
    path = FOLDER / f"{name}.yaml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else {}
