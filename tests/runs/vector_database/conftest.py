"""This machine, described once."""

import pytest

from storagebench.collect.cluster import collect
from storagebench.model import LOCALHOST
from tests.runs.vector_database.courses import launching


@pytest.fixture(scope="module")
def cluster():
    return collect((LOCALHOST,), launching(None, None))
