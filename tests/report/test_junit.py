"""Properties of a testcase."""

from storagebench.report import junit


def test_properties_are_text_and_floats_only(golden):
    found = junit.properties(golden("invalid"))
    assert {type(value) for _, value in found} == {str, float}
    assert dict(found)["findings"] == (
        "3.1.2 trainingRecalculateDatasetSize; 3.3.2 trainingAUThreshold; 3.6.2 trainingClosedSubmissionParameters"
    )


def test_a_metric_that_is_not_known_is_absent(golden):
    names = dict(junit.properties(golden("quick")))
    assert "device_mib_per_s" not in names
    assert names["quick"] == "true"


def test_a_run_without_breaches_says_so(golden):
    assert dict(junit.properties(golden("closed")))["findings"] == "none"
