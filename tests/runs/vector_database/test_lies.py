"""Databases that lie, from a plan to the verdict: each is INVALID with the sentence that says what was wrong."""

import json
import re
from pathlib import Path

import pytest

from storagebench.engines.vectordb.backends.fault import SPOILT
from storagebench.model import LIES, Index
from tests.engines.vectordb.plans import make_plan
from tests.runs.vector_database.courses import SMALL, prepared_run, reasons

ALL = r"of (?P<all>[\d,]+) answers (?P=all) "
SENTENCES = {
    "TWICE": ALL + "name a vector twice",
    "REVERSED": ALL + "have a nearer neighbour behind a farther one",
    "ZEROS": ALL + "name a vector twice",
    "FEW": ALL + "hold fewer than 10 neighbours",
    "BEYOND": ALL + "name a vector that is not in the collection",
}


def run(tmp_path, cluster, lie):
    return prepared_run(make_plan(tmp_path, "fault", vectors=SMALL, index=Index("fault", lie, {})), cluster)


@pytest.mark.parametrize("lie", SENTENCES)
def test_an_answer_that_cannot_be_right_makes_the_run_invalid(tmp_path, cluster, lie):
    document, judgement = run(tmp_path, cluster, lie)
    assert document["verdict"] == "INVALID"
    (sentence,) = reasons(judgement)
    assert re.fullmatch(SENTENCES[lie], sentence), sentence
    assert document["evidence"]["answers"]["problems"] == [sentence]
    verdict = json.loads(Path(document["folder"], "result_verdict.json").read_text())
    assert verdict["problems"] == [sentence]


def test_answers_in_good_order_from_the_wrong_end_have_recall_zero_and_are_invalid(tmp_path, cluster):
    document, judgement = run(tmp_path, cluster, "FARTHEST")
    assert document["verdict"] == "INVALID"
    assert document["metrics"]["recall"] == 0
    assert reasons(judgement, "vdbRecallReported") == ["recall 0"]


def test_requests_that_are_refused_count_nowhere_but_as_failures(tmp_path, cluster):
    document, judgement = run(tmp_path, cluster, "REFUSING")
    statistics = json.loads(Path(document["folder"], "statistics.json").read_text())
    assert statistics["total_queries"] == statistics["successful_batches"] > 0
    assert statistics["failed_batches"] == document["metrics"]["failed_requests"] > 0
    assert any(finding.rule_name == "x-vdb-failed-requests" for finding in judgement.findings + judgement.advice)
    assert document["metrics"]["recall"] == 1


def test_every_lie_is_told_and_tested():
    assert set(SPOILT) == set(LIES) == {*SENTENCES, "FARTHEST", "REFUSING", "CACHED"}  # the last one by its regimes
