"""The least effort that reaches a recall: found with few attempts, or said not to exist."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.vectordb.outcome import Tried
from storagebench.engines.vectordb.tune import least_effort


def curve(needed, asked):
    def attempt(effort):
        asked.append(effort)
        low = 0.95 if effort >= needed else 0.5
        return Tried(effort=effort, recall=low, low=low, latency_ms=1.0)

    return attempt


@given(st.integers(1, 10_000))
def test_it_is_found_to_a_fiftieth_with_few_attempts(needed):
    asked = []
    tuned = least_effort(curve(needed, asked), target=0.9, least=10, most=10_000)
    assert tuned.reached
    assert max(10, needed) <= tuned.effort <= max(10, needed * 1.05 + 1)
    assert len(asked) <= 30
    assert len(set(asked)) == len(asked)


def test_a_recall_that_no_effort_reaches_is_said_and_the_most_is_taken():
    tuned = least_effort(curve(500, []), target=0.9, least=10, most=100)
    assert (tuned.reached, tuned.effort) == (False, 100)


@pytest.mark.parametrize("least", [1, 10, 100])
def test_what_suffices_at_once_is_not_searched_for(least):
    asked = []
    assert least_effort(curve(1, asked), target=0.9, least=least, most=1000).effort == least
    assert asked == [least]
