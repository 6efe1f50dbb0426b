"""The one hook by which a pytest plugin adds to the suite, and what it may add; docs/how-to/extend.md is the guide.

Modules are named, not imported: collection is fast, and what a plugin adds is loaded when it is used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storagebench.model import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A family of benchmarks; docs/how-to/add-a-benchmark.md is its guide.

    `suite` is its marker, `official` its name in results trees, records and rules. `folder` holds its test file,
    `configurations` its `*.yaml` and their `schema.json`. The module `course` has a FAMILY
    (`storagebench.runs.family.Family`), `presentation` a PRESENTATION; importing `rules` registers its rules ("": none).
    """

    suite: str
    official: str
    description: str
    folder: Path
    configurations: Path
    course: str
    presentation: str
    rules: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionTable:
    """An edition of the rules: a YAML table that `extends` a known edition, whose rules and workloads it takes over."""

    name: str
    table: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A module that registers rules (`rules.registry.rule`) for any family when it is imported."""

    module: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEngine:
    """What --engine may name: the module has an ENGINE (`storagebench.engines.training.engine.Engine`)."""

    name: str
    module: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KvCacheBackend:
    """What store.backend may name: the module has `open_backend` (`storagebench.engines.kvcache.stores`)."""

    name: str
    module: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorDatabase:
    """What database.database may name: the module has a BACKEND (`storagebench.engines.vectordb.backend.Backend`)."""

    name: str
    module: str
    capabilities: Database


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCollector:
    """Facts of every host, in `extra.<name>` of each host in the record.

    `script` is a file of its own with a function `facts()` that returns what JSON knows. It travels to the hosts as the probe
    does, and runs on their `python3` with the standard library alone; on all of them from Python 3.6 on, where --collector=ssh
    is used.
    """

    name: str
    script: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What only the plugin knows of a session, such as its own options: in `extra.<name>` of records, and of `Wishes`."""

    name: str
    facts: Mapping[str, Any]


Contribution = (
    Benchmark | EditionTable | Rules | TrainingEngine | KvCacheBackend | VectorDatabase | HostCollector | Facts
)


@pytest.hookspec
def pytest_storagebench_contribute(config: pytest.Config) -> Iterable[Contribution]:  # type: ignore[empty-body]
    """Return what the plugin adds; asked once in every process, when its own options (`pytest_addoption`) can be read."""
