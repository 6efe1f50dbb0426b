"""A record answers with a value of the right kind, or says honestly that it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.model import Missing, Record

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def record(**facts: object) -> Record:
    return Record("training", "closed", "somewhere", facts)


def test_facts_are_found_by_dotted_names():
    assert record(summary={"metric": {"au": 93.5}}).number("summary.metric.au") == 93.5


def test_numbers_that_upstream_wrote_as_strings_count():
    assert record(files="14000").count("files") == 14_000


@pytest.mark.parametrize("value", ["seven", True, float("nan"), float("inf"), "1e999", [], {}])
def test_what_is_no_number_is_missing(value):
    with pytest.raises(Missing, match="files is .*not a number"):
        record(files=value).number("files")


@pytest.mark.parametrize("value", [-1, 1.5])
def test_what_is_no_count_is_missing(value):
    with pytest.raises(Missing, match="not a count"):
        record(files=value).count("files")


def test_the_bad_entry_of_a_list_is_named():
    with pytest.raises(Missing, match=r"memory\[1\] is 'x', not a number"):
        record(memory=[1, "x"]).numbers("memory")


@given(JSON, st.sampled_from(["value", "number", "count", "numbers", "items", "text", "table"]))
def test_any_fact_is_answered_or_missing(fact, question):
    try:
        getattr(record(fact=fact), question)("fact")
    except Missing as missing:
        assert missing.name.startswith("fact")
