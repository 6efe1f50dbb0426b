"""Bytes and durations as people read them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.units import GIB, bytes_text, duration_text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (3 * GIB, "3.00 GiB"), (2048 * GIB, "2.00 TiB")],
)
def test_bytes(count, text):
    assert bytes_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "0.2 s"),
        (9.9, "9.9 s"),
        (59, "59 s"),
        (59.9, "1 min 0 s"),
        (75, "1 min 15 s"),
        (3600, "1 h 0 min"),
        (86_399, "23 h 59 min"),
    ],
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text


def test_a_number_beyond_floats_is_said_all_the_same():
    assert bytes_text(10**400).endswith(" TiB")


@given(st.floats(0, 1e9))
def test_no_duration_speaks_of_sixty(seconds):
    assert not re.search(r"\b60 (s|min)", duration_text(seconds))
