"""The hook by which a pytest plugin adds a family of benchmarks; docs/how-to/add-a-benchmark.md is the guide."""

from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """A family that is not part of the core; modules are named, not imported, as collection is fast.

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


@pytest.hookspec
def pytest_storagebench_benchmark() -> Contribution:  # type: ignore[empty-body]
    """Return a family of benchmarks to add; asked once, before any option is read."""
