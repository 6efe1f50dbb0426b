"""Every rule on a training result has one result that just passes and one that just fails."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import RULES
from storagebench.edition import edition_names, load_edition
from storagebench.examples import examples, result
from storagebench.judge import judge
from storagebench.model import Group, Lands, Record, Verdict

EXAMPLES = examples("training")
RESULT_RULES = [rule for rule in RULES.values() if (rule.family, rule.scope) == ("training", "group")]
CASES = [(rule.name, edition) for rule in RESULT_RULES for edition in sorted(rule.editions)]
NAMES = sorted(rule.name for rule in RESULT_RULES if "3.0" in rule.editions)


def ask(name: str, group: Group, edition: str) -> list[tuple[Lands, str]]:
    return [(f.lands, f.saw) for f in judge(group, load_edition(edition)).findings if f.rule_name == name]


@pytest.mark.parametrize("edition", edition_names())
def test_the_golden_result_is_closed(edition):
    judgement = judge(result("training", edition, {}), load_edition(edition))
    assert judgement.findings == ()
    assert judgement.verdict is Verdict.CLOSED


@pytest.mark.parametrize(("name", "edition"), CASES)
def test_a_result_just_passes(name, edition):
    assert ask(name, result("training", edition, EXAMPLES[name].passes), edition) == []


@pytest.mark.parametrize(("name", "edition"), CASES)
def test_a_result_just_fails(name, edition):
    found = ask(name, result("training", edition, EXAMPLES[name].fails), edition)
    assert [lands for lands, _ in found] == [EXAMPLES[name].lands]
    assert EXAMPLES[name].words in found[0][1]


@pytest.mark.parametrize(
    ("edition", "runs", "verdict"),
    [
        ("1.0", 4, Verdict.INVALID), ("1.0", 5, Verdict.CLOSED), ("1.0", 6, Verdict.INVALID),
        ("2.0", 4, Verdict.INVALID), ("2.0", 5, Verdict.CLOSED), ("2.0", 6, Verdict.CLOSED), ("2.0", 7, Verdict.INVALID),
        ("3.0", 5, Verdict.INVALID), ("3.0", 6, Verdict.CLOSED), ("3.0", 7, Verdict.INVALID), ("3.0", 0, Verdict.INVALID),
    ],
)  # fmt: skip
def test_each_edition_wants_its_number_of_runs(edition, runs, verdict):
    group = result("training", edition, {"runs": runs, "group.report": None})
    assert judge(group, load_edition(edition)).verdict is verdict


def test_two_accelerators_may_share_a_folder_of_runs_but_a_stray_folder_may_not_lie_there():
    stamps = [f"20260712_{hour:02}0000" for hour in range(13)]
    assert ask("runTimestamps", result("training", "3.0", {"group.folders.run": stamps[:12]}), "3.0") == []
    found = ask("runTimestamps", result("training", "3.0", {"group.folders.run": stamps}), "3.0")
    assert found == [(Lands.INVALID, "13 folders")]


def test_a_folder_without_a_stamp_is_named():
    names = ["20260712_120720", "20260712_122220", "20260712_123720", "20260712_125220", "20260712_130720", "again"]
    found = ask("runTimestamps", result("training", "3.0", {"group.folders.run": names}), "3.0")
    assert found == [(Lands.INVALID, "a folder named again")]


def test_the_gap_is_measured_against_the_shortest_run():
    short = {"run3.summary.end": "2026-07-12T12:44:00"}  # 400 s, so that 900 s from start to start are too many
    found = judge(result("training", "3.0", short), load_edition("3.0")).reasons
    assert {finding.rule_name for finding in found} == {"runTimestampGap"}
    assert found[0].where == "run/20260712_122220"


def test_an_edition_without_stamps_in_its_names_takes_the_starts_of_the_summaries():
    late = {
        "run5.stamp": "fifth",
        "run5.summary.start": "2026-07-14T13:07:20",
        "run5.summary.end": "2026-07-14T13:21:20",
    }
    assert ask("runTimestampGap", result("training", "2.0", {**late, "runs": 5}), "2.0")
    assert ask("x-run-gap", result("training", "1.0", late), "1.0")[0][1] == "a pause of 48 h 1 min"


def test_a_result_without_a_read_bandwidth_is_said_and_stays_closed():
    group = result("training", "3.0", {"run4.summary.metric.train_io_mean_MB_per_second": None})
    judgement = judge(group, load_edition("3.0"))
    assert judgement.verdict is Verdict.CLOSED
    assert [finding.saw for finding in judgement.advice] == ["no train_io_mean_MB_per_second, so Read B/W stays blank"]
    assert judgement.advice[0].where == "run/20260712_125220"


def test_the_warm_up_may_lack_what_the_measured_runs_must_have():
    nothing = {"run1.summary.metric": None}
    assert ask("trainingResultAggregation", result("training", "3.0", nothing), "3.0") == []
    second = {"run2.summary.metric": None}
    assert "cannot be judged" in ask("trainingResultAggregation", result("training", "3.0", second), "3.0")[0][1]


def test_edition_1_0_compares_more_than_the_model():
    for fact in ("accelerator", "summary.num_accelerators", "summary.num_files_train", "summary.num_samples_per_file"):
        assert ask("check_run_consistency", result("training", "1.0", {f"run2.{fact}": 7}), "1.0")


def test_a_folder_of_another_place_is_named_in_full():
    runs = result("training", "3.0", {"run2.summary.metric.train_au_percentage": []})
    elsewhere = Group(runs.family, runs.division, "else", runs.records, runs.facts)
    assert judge(elsewhere, load_edition("3.0")).reasons[0].where == "golden/run/20260712_122220"


@pytest.mark.parametrize("edition", edition_names())
def test_an_empty_group_is_never_closed_and_never_a_traceback(edition):
    runs = tuple(Record("training", "closed", f"empty/{number}", {}) for number in range(6))
    assert judge(Group("training", "closed", "empty", (), {}), load_edition(edition)).verdict is Verdict.INVALID
    assert judge(Group("training", "closed", "empty", runs, {}), load_edition(edition)).verdict is Verdict.INVALID


LEAVES = [
    "each.model", "each.stamp", "each.summary", "each.summary.metric", "each.summary.start", "each.summary.end",
    "run2.summary.start", "run2.summary.metric.train_io_mean_MB_per_second", "run2.summary.metric.train_au_percentage",
    "each.summary.metric.train_throughput_mean_samples_per_second", "each.summary.host_memory_GB",
    "run2.summary.host_memory_GB", "each.summary.num_hosts", "group.folders", "group.folders.run", "group.report",
    "group.report.overall", "group.results_json",
]  # fmt: skip

JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([1e308, -1e308, 10**400, "1e400", "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00"])
    | st.text(max_size=20)
    | st.lists(st.integers() | st.floats() | st.text(max_size=3), max_size=3)
    | st.dictionaries(st.text(max_size=5), st.integers(), max_size=2)
)


@given(changes=st.dictionaries(st.sampled_from(LEAVES), JUNK, max_size=3), edition=st.sampled_from(edition_names()))
def test_any_junk_in_any_place_is_answered_with_findings(changes, edition):
    judge(result("training", edition, changes), load_edition(edition))


@given(seconds=st.lists(st.integers(min_value=1, max_value=10**6), min_size=6, max_size=6), pause=st.integers(0, 10**6))
def test_runs_side_by_side_never_break_the_gap_rule_where_none_is_twice_the_shortest(seconds, pause):
    moment, changes = datetime.fromisoformat("2026-07-12"), {}
    for number, length in enumerate(seconds, start=1):
        changes |= {f"run{number}.summary.start": moment.isoformat(), f"run{number}.stamp": f"{moment:%Y%m%d_%H%M%S}"}
        changes[f"run{number}.summary.end"] = (moment + timedelta(seconds=length)).isoformat()
        moment += timedelta(seconds=length + pause)
    broken = ask("runTimestampGap", result("training", "3.0", changes), "3.0")
    assert len(broken) == sum(length + pause >= 2 * min(seconds) for length in seconds[:-1])
