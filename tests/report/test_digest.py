"""The words that all reports share."""

import decimal
import enum
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.report import digest


class Colour(enum.StrEnum):
    RED = "red"


def test_plain_turns_what_kills_xdist_into_text_and_numbers():
    odd = {"path": Path("/mnt/fs"), "size": decimal.Decimal("1.5"), "colour": Colour.RED, "pair": (1, 2)}
    assert digest.plain(odd) == {"path": "/mnt/fs", "size": "1.5", "colour": "red", "pair": [1, 2]}
    assert {type(value) for value in digest.plain(odd).values()} == {str, list}


def test_a_slim_record_keeps_its_shape_and_drops_the_bulk_of_the_hosts(golden):
    slim = digest.slim(golden("invalid"))
    assert [host["hostname"] for host in slim["cluster_start"]["hosts"]] == ["client-1", "client-2"]
    assert "meminfo" not in slim["cluster_start"]["hosts"][0]
    assert slim["metrics"] == golden("invalid")["metrics"]
    assert digest.slim(slim) == slim


def test_a_slim_record_is_made_of_a_record_that_lacks_almost_everything():
    assert digest.slim({"verdict": "INVALID"}) == {"verdict": "INVALID", "cluster_start": {"hosts": []}}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("closed", ""),
        ("open", "3.6.3 trainingOpenSubmissionParameters"),
        ("invalid", "3.1.2 trainingRecalculateDatasetSize (+2 more)"),
        ("quick", "not valid: quick"),
    ],
)
def test_why_names_the_first_rule_that_made_the_verdict(golden, name, said):
    assert digest.why(golden(name)) == said


def test_a_rule_of_this_project_has_no_number():
    assert digest.rule({"rule_id": "x", "rule_name": "x-quick"}) == "x-quick"
    assert digest.rule({"rule_id": "3.1.2", "rule_name": "trainingRecalculateDatasetSize"}) == (
        "3.1.2 trainingRecalculateDatasetSize"
    )


def test_large_figures_have_no_decimals():
    assert [digest.figure(value, 1) for value in (None, 85.08, 444_464.23)] == ["-", "85.1", "444,464"]


def test_advice_is_no_reason(golden):
    assert digest.reasons(golden("closed")) == []


def test_the_worst_finding_comes_first_whatever_the_order_of_the_text(golden):
    record = golden("invalid")
    record["findings"].reverse()
    assert [finding["lands"] for finding in digest.reasons(record)] == ["INVALID", "INVALID", "OPEN"]


def test_the_sentence_of_a_failure_says_what_was_seen_and_what_is_needed(golden):
    said = digest.sentence(golden("invalid"))
    assert said.startswith("INVALID: 3.1.2 trainingRecalculateDatasetSize: dataset is 29.57 GiB (98,304 files), needs ")
    assert said.endswith("(and 2 more)")
    assert "\n" not in said


def test_the_sentence_of_an_open_run_says_that_closed_was_asked_for(golden):
    record = golden("open") | {"division": "closed"}
    assert digest.sentence(record).startswith("OPEN where CLOSED was asked for: 3.6.3 ")


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (0.0187, "1.9 % of the bytes came from the device: the page cache served the rest."),
        (0.5, "50 % of the bytes came from the device: the page cache served the rest."),
        (1.0, ""),
        (None, ""),
    ],
)
def test_page_cache_is_named_when_the_device_delivered_too_little(ratio, said):
    assert digest.page_cache({"metrics": {"device_to_nominal": ratio}}) == said


def test_more_bytes_than_asked_for_are_named_too():
    assert "140 %" in digest.page_cache({"metrics": {"device_to_nominal": 1.4}})


json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_data)
def test_plain_leaves_json_data_as_it_is(data):
    assert digest.plain(data) == json.loads(json.dumps(data))


@given(json_data, st.text())
def test_find_answers_none_or_a_value_and_never_fails(data, name):
    digest.find({"data": data}, name)
