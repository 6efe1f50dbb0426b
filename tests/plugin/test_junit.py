"""The junit file as a stranger reads it: with junitparser, and against the schema of its properties."""

import json

import jsonschema
import junitparser
import pytest

from tests.plugin.conftest import ROOT

SCHEMA = json.loads((ROOT / "storagebench" / "report" / "junit.schema.json").read_text())


@pytest.fixture
def cases(project):
    project.suite()
    project.run("suites", "--junitxml=report.xml")
    return {
        case.name: case for suite in junitparser.JUnitXml.fromfile(str(project.path / "report.xml")) for case in suite
    }


def properties(case):
    return {one.name: one.value for one in case.child(junitparser.Properties)}


def test_every_testcase_has_the_properties_of_the_schema(cases):
    assert len(cases) == 4
    for case in cases.values():
        jsonschema.Draft202012Validator(SCHEMA).validate(properties(case))


def test_figures_verdict_and_findings_can_be_read_back(cases, project):
    seen = properties(cases["test_run[open]"])
    golden = json.loads((ROOT / "tests/golden/open.json").read_text())
    assert float(seen["samples_per_s"]) == golden["metrics"]["samples_per_s"]
    assert (seen["verdict"], seen["division"], seen["quick"]) == ("OPEN", golden["division"], "false")
    assert seen["findings"].startswith("3.6.3 ")


def test_an_invalid_run_is_a_failure_whose_message_names_the_rule(cases):
    (failure,) = cases["test_run[invalid]"].result
    assert isinstance(failure, junitparser.Failure)
    assert failure.message.startswith("INVALID: 3.1.2 ")
    assert cases["test_run[closed]"].is_passed


def test_the_suite_says_what_holds_for_all(cases, project):
    (suite,) = junitparser.JUnitXml.fromfile(str(project.path / "report.xml"))
    assert {one.name for one in suite.properties()} >= {"storagebench", "edition", "division", "hosts"}
