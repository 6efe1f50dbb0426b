"""What pytest loads: it says what there is and where, and imports none of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storagebench.hookspec import (
    Contribution,
    EditionTable,
    Facts,
    HostCollector,
    KvCacheBackend,
    Rules,
    TrainingEngine,
    VectorDatabase,
)
from storagebench.model import Database, IndexType

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option of our own; the hook below says what records keep of it."""
    parser.addoption("--acme-firmware", default="unknown", help="firmware of the array")


def pytest_storagebench_contribute(config: pytest.Config) -> Iterator[Contribution]:
    """Add one of each kind."""
    yield EditionTable(name="acme-1", table=HERE / "acme-1.yaml")
    yield Rules(module="acme.rules")
    yield TrainingEngine(name="acme-driver", module="acme.engine")
    yield KvCacheBackend(name="acme-files", module="acme.store")
    yield VectorDatabase(name="acme-scan", module="acme.database", capabilities=Database(indexes={"FLAT": IndexType()}))
    yield HostCollector(name="numa", script=HERE / "numa.py")
    yield Facts(name="acme", facts={"firmware": config.getoption("acme_firmware")})
