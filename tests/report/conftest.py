"""Golden records: what `record.json` holds after a CLOSED, an OPEN, an INVALID and a quick run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture
def golden() -> Callable[[str], dict[str, Any]]:
    """Read a golden record by its name: ``golden("closed")``."""
    return lambda name: json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
