"""Families are found by their official names."""

import pytest

from storagebench.errors import ConfigError
from storagebench.model import OFFICIAL
from storagebench.runs.family import HOMES, family_of


@pytest.mark.parametrize("name", HOMES)
def test_a_family_is_at_home_where_its_name_says(name):
    assert family_of(name).name == name
    assert name in OFFICIAL.values()


def test_a_family_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match="no family 'tape'; there are .*training"):
        family_of("tape")
