"""The section at the end of a session."""

import pytest

from storagebench.report import terminal


def section(*records, width=100):
    return [line for line, _ in terminal.summary(records, width)]


def test_the_table_has_a_row_with_figures_and_reason_for_each_run(golden):
    lines = section(golden("closed"), golden("invalid"))
    assert lines[0].split() == ["item", "verdict", "AU", "%", "samples/s", "MiB/s", "device", "MiB/s", "why"]
    assert lines[1].split() == ["unet3d-b200-x2-run1", "CLOSED", "98.5", "85.1", "11,896", "11,897"]
    assert lines[2].split()[:2] == ["retinanet-b200-x8-run1", "INVALID"]
    assert lines[2].endswith("3.1.2 trainingRecalculateDatasetSize (+2 more)")


def test_each_family_has_a_table_of_its_own(golden):
    stranger = golden("open") | {"family": "layout"}
    lines = section(golden("closed"), stranger, golden("invalid"))
    assert lines[3] == ""
    assert lines[4].split() == ["item", "verdict", "why"]
    assert [line.split()[1] for line in (lines[1], lines[2], lines[5])] == ["CLOSED", "INVALID", "OPEN"]


def test_figures_stand_below_each_other_at_the_right(golden):
    lines = section(golden("closed"), golden("open"))
    assert lines[1].index("85.1") + len("85.1") == lines[2].index("163.1") + len("163.1")


def test_a_finding_says_its_rule_its_sentence_and_where_to_read_on(golden):
    lines = section(golden("open"), width=200)
    at = next(i for i, line in enumerate(lines) if line.startswith("OPEN     unet3d-b200-x4-run1"))
    assert lines[at + 1].startswith("  3.6.3  trainingOpenSubmissionParameters  reader.data_loader=dali")
    assert lines[at + 2].strip() == "Parameters beyond the list of the CLOSED division make a run OPEN."
    assert lines[at + 3].strip() == "pytest --explain trainingOpenSubmissionParameters"


def test_of_many_findings_of_one_rule_on_a_submission_a_few_are_listed_and_the_rest_counted(golden):
    record = golden("open")
    one = record["findings"][0]
    record["findings"] = [{**one, "where": f"leaf{i}"} for i in range(7)]
    del record["plan"]
    lines = section(record, width=200)
    assert [any(f"leaf{i}:" in line for line in lines) for i in range(7)] == [True] * 5 + [False] * 2
    assert f"  2 more of {one['rule_name']}; -v lists them, as do --html and --junitxml" in lines
    listed = [line for line, _ in terminal.summary([record], 200, verbose=True)]
    assert sum("leaf" in line for line in listed) == 7


def test_advice_is_marked_as_such(golden):
    assert any(line.endswith("needs at least 4 (advice)") for line in section(golden("closed"), width=200))


def test_the_page_cache_is_named_under_the_run_that_it_flatters(golden):
    assert "  1.9 % of the bytes came from the device: the page cache served the rest." in section(golden("invalid"))


def test_a_quick_run_says_that_it_is_not_valid_and_only_counts_its_findings(golden):
    lines = section(golden("quick"), width=200)
    assert lines[1].split()[1] == "QUICK"
    assert lines[1].endswith("not valid: quick")
    assert not any("--explain" in line for line in lines)
    assert "  2 findings, as sizes shrunk by --quick break the rules; -v lists them" in lines


def test_the_findings_of_a_quick_run_are_listed_for_who_asks(golden):
    lines = [line for line, _ in terminal.summary([golden("quick")], 200, verbose=True)]
    assert any(line.startswith("  3.1.1  trainingSteps  10 steps, needs at least 500") for line in lines)


def test_every_record_is_named_with_its_path_and_rule_1_1_comes_last(golden):
    lines = section(golden("closed"), width=200)
    assert lines[-2] == (
        "record of unet3d-b200-x2-run1: "
        "results/closed/example/results/nvme-array/training/unet3d/run/20261122_101500/record.json"
    )
    assert "must be produced by MLCommons' own tool (rule 1.1" in lines[-1]


@pytest.mark.parametrize("width", [40, 80, 160])
def test_findings_are_wrapped_to_the_terminal(golden, width):
    lines = [line for line, _ in terminal.findings(golden("invalid"), width) if "--explain" not in line]
    assert max(map(len, lines)) <= max(width, 78)


def test_colours_follow_the_verdicts(golden):
    marked = dict(terminal.table([golden(name) for name in ("closed", "open", "invalid", "quick")], 100))
    assert [next(iter(markup)) for markup in marked.values()] == ["bold", "green", "yellow", "red", "yellow"]
