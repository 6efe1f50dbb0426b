"""One run on the html page."""

import base64
import json
import re
import xml.etree.ElementTree as ET

import pytest

from storagebench.report import page


@pytest.mark.parametrize("name", ["closed", "open", "invalid", "quick"])
def test_a_block_is_well_formed(golden, name):
    ET.fromstring(page.block(golden(name)).replace("<br>", "<br/>"))


def test_a_block_shows_figures_findings_plots_working_and_evidence(golden):
    block = page.block(golden("invalid"))
    for text in (
        "79.9 <small>%",
        "924.4 <small>samples/s",
        "trainingRecalculateDatasetSize",
        "the page cache served the rest",
    ):
        assert text in block
    assert block.count("<svg") == 3
    assert "5 × 512.00 GiB of memory in 2 hosts" in block
    assert "same_filesystem: no" in block
    assert "posix_fadvise" in block


def test_the_sentence_of_a_rule_is_not_repeated_for_its_next_finding(golden):
    record = golden("open")
    record["findings"] *= 2
    assert page.block(record).count("make a run OPEN.") == 1
    assert page.block(record).count(">3.6.3 trainingOpenSubmissionParameters</a>") == 2


def test_the_findings_of_a_quick_run_are_folded_below_its_plots(golden):
    block = page.block(golden("quick"))
    assert block.index("<svg") < block.index("<details><summary>Findings</summary>")


def test_what_came_out_of_a_record_is_escaped(golden):
    record = golden("open")
    record["findings"][0]["saw"] = "<script>alert(1)</script>"
    record["plan"]["overrides"]["<i>"] = {"value": "<img>", "origin": "user"}
    record["id"] = '"><script>'
    block = page.block(record) + page.link(record) + page.verdict(record)
    assert not re.search(r"<(script|img|i)>", block)


def test_a_metric_that_is_not_known_is_called_so(golden):
    assert "<dt>from the device</dt><dd><small>unknown</small></dd>" in page.block(golden("quick"))


def test_a_quick_run_carries_a_banner_of_its_own(golden):
    assert "the figures are not valid" in page.block(golden("quick"))
    assert "the figures are not valid" not in page.block(golden("closed"))


def test_a_record_that_lacks_almost_everything_still_makes_a_block():
    ET.fromstring(page.block({"id": "x", "verdict": "INVALID", "division": "closed"}))


def test_the_link_holds_the_record_itself(golden):
    content = re.search(r"base64,([^\"]+)", page.link(golden("closed"))).group(1)
    assert json.loads(base64.b64decode(content)) == golden("closed")


def test_verdicts_sort_from_worst_to_best(golden):
    cells = [page.verdict(golden(name)) for name in ("closed", "open", "invalid", "quick")]
    assert [re.search(r">(\w+)<", cell).group(1) for cell in sorted(cells)] == ["INVALID", "OPEN", "QUICK", "CLOSED"]
