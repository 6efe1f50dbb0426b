"""A ladder in every report, made of one record."""

import json
import xml.etree.ElementTree as ET

import pytest

from storagebench.report import climb
from storagebench.runs.climb import Ladder
from storagebench.serial import to_json
from tests.history.shelves import record


def run(accelerators, au, verdict="CLOSED"):
    made = record(metrics={"au_percent": au, "samples_per_s": 10.0 * accelerators}, accelerators=accelerators)
    return made | {"verdict": verdict, "findings": [], "folder": "x"}


@pytest.fixture
def climbed():
    """Two that hold, and one that does not by its AU; the record of the second."""
    rungs = [climb.rung(run(count, au), holds=True) for count, au in ((1, 99.0), (2, 95.0), (4, 61.25))]
    ladder = Ladder(asked="CLOSED", most=8, limited_by="--climb-to=8", rungs=rungs)
    return run(2, 95.0) | {"climb": to_json(ladder) | {"answer": ladder.answer}}


def test_a_number_holds_by_its_verdict_and_by_its_au():
    assert climb.rung(run(2, 90.0), holds=True).holds
    assert climb.rung(run(2, 89.99), holds=True).why == "AU 89.99 % where 90 % are needed"
    assert climb.rung(run(2, None), holds=True).why == "so few steps have no AU"
    broken = run(2, 95.0, "INVALID")
    broken["findings"] = [{"rule_id": "3.4.2", "rule_name": "apart", "lands": "INVALID", "saw": "x", "needs": "y"}]
    found = climb.rung(broken, holds=False)
    assert (found.holds, found.why) == (False, "INVALID: 3.4.2 apart")


def test_the_terminal_lists_the_ladder_from_the_lowest_number_up(climbed):
    title, heading, *rows = climb.lines(climbed["climb"])
    assert title == "climb: x2 is CLOSED, x4 is not (AU 61.25 % where 90 % are needed)"
    assert heading.split()[:3] == ["accelerators", "AU", "%"]
    assert [row.split()[:3] for row in rows] == [["1", "99.0", "10.0"], ["2", "95.0", "20.0"], ["4", "61.2", "40.0"]]
    assert rows[-1].endswith("no     AU 61.25 % where 90 % are needed")


def test_the_page_has_the_answer_a_plot_and_a_table(climbed):
    shown = ET.fromstring(climb.block(climbed))
    assert "x2 is CLOSED, x4 is not" in "".join(shown.itertext())
    assert [circle.get("class") for circle in shown.iter("circle")] == ["series-1"] * 3
    assert len(list(shown.iter("tr"))) == 4
    assert climb.block(run(1, 95.0)) == ""


def test_junit_has_the_answer_as_a_number_and_as_a_sentence(climbed):
    assert climb.properties(climbed["climb"]) == {
        "climb_accelerators": 2.0,
        "climb_answer": "x2 is CLOSED, x4 is not (AU 61.25 % where 90 % are needed)",
    }
    none = climbed["climb"] | {"rungs": [one | {"holds": False} for one in climbed["climb"]["rungs"]]}
    assert climb.properties(json.loads(json.dumps(none)))["climb_accelerators"] == 0
