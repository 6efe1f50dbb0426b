"""What a reviewer would ask: it is found where it was found before, and never changes a verdict."""

import pytest

from rules import RULES
from storagebench.edition import edition_names, load_edition
from storagebench.examples import examples, result, run, subject
from storagebench.judge import judge
from storagebench.model import Lands, Verdict

EXAMPLES = examples("training")
ADVICE = [rule for rule in RULES.values() if rule.id == "x" and rule.family == "training"]
CASES = [(rule.name, edition) for rule in ADVICE for edition in sorted(rule.editions)]


def saw(name: str, edition: str, changes: dict[str, object]) -> list[str]:
    judged = judge(subject("training", RULES[name].scope, edition, changes), load_edition(edition))
    return [finding.saw for finding in judged.findings if finding.rule_name == name]


@pytest.mark.parametrize("rule", ADVICE, ids=lambda rule: rule.name)
def test_own_rules_are_named_x_and_only_advise(rule):
    assert rule.name.startswith("x-")
    assert rule.warns
    assert EXAMPLES[rule.name].lands is Lands.ADVICE


@pytest.mark.parametrize(("name", "edition"), CASES)
def test_advice_never_changes_a_verdict(name, edition):
    record = subject("training", RULES[name].scope, edition, EXAMPLES[name].fails)
    assert [f.lands for f in judge(record, load_edition(edition)).findings if f.rule_name == name] == [Lands.ADVICE]


@pytest.mark.parametrize("edition", edition_names())
def test_what_a_record_does_not_tell_is_not_asked_about(edition):
    silent = {"parameters.train": None, "summary.host_meminfo": None, "summary.epochs": None, "cluster": None}
    advice = judge(run("training", edition, silent), load_edition(edition)).advice
    assert [finding.rule_name for finding in advice if finding.rule_id == "x"] == []


def test_the_first_step_is_named_where_the_ranks_tell_its_time():
    slow = {"summary.metric.train_throughput_mean_samples_per_second": 59.2, "steps.first_s": [44.1, 35.0]}
    (words,) = saw("x-slow-first-batch", "1.0", slow)
    assert words == "samples/s imply an AU of 67.2 % where 90.0 % is reported; the first step takes 44.1 s"


def test_a_slow_epoch_is_allowed_as_the_mean_decides():
    slow = {"summary.metric.train_au_percentage": [80.0, 100.0, 90.0, 90.0, 90.0]}
    judgement = judge(run("training", "1.0", slow), load_edition("1.0"))
    assert judgement.verdict is Verdict.CLOSED
    assert [finding.rule_name for finding in judgement.advice] == ["x-epoch-au"]


def test_a_memory_limit_shows_in_the_size_of_the_dataset():
    capped = {"summary.num_files_train": 1200, "summary.host_meminfo": {"MemTotal": "259000000 kB"}}
    (words,) = saw("x-memory-cap", "1.0", capped)
    assert words == "a dataset for hosts of 32.77 GiB, where meminfo has 247.00 GiB"


def test_meminfo_that_says_nothing_is_no_traceback():
    for junk in ("", "kB", " ", "nan kB", "many"):
        assert "cannot be judged" in saw("x-host-memory", "1.0", {"summary.host_meminfo.MemTotal": junk})[0]


def test_lists_of_hosts_that_upstream_filled_wrongly_are_not_believed():
    assert saw("x-unlike-hosts", "1.0", {"cluster.memory_bytes": [370, 185, 0, 0]}) == []


def test_a_template_that_was_edited_leaves_its_epochs_behind():
    edited = {"parameters.train.epochs": 1, "summary.epochs": 1}
    assert saw("x-template-epochs", "3.0", edited) == ["parameters.train.epochs is 1", "summary.epochs is 1"]
    assert saw("x-template-epochs", "3.0", {"model": "bert", "summary.epochs": 1}) == []


def test_a_copied_report_is_told_by_its_accelerators_its_files_and_its_throughput():
    copied = {
        "train_num_accelerators": "12",
        "num_files_train": 60_000,
        "train_throughput_mean_MB_per_second": 33_000.5,
    }
    assert saw("x-copied-report", "1.0", {"group.report": {"overall": copied}}) == [
        "the report has train_num_accelerators 12, the runs 8",
        "the report has num_files_train 60,000, the runs 28,000",
        "the report has 33,000.5 MB/s, the runs have 43,620.0",
    ]


def test_runs_on_more_memory_are_told_from_runs_on_the_same():
    same = {"run2.summary.host_memory_GB": [257.0]}
    more = {"run2.summary.host_memory_GB": [512.0]}
    assert saw("x-unlike-runs", "3.0", same) == []
    assert saw("x-unlike-runs", "3.0", more) == ["memory of all hosts from 256 to 512 GiB"]


def test_the_spread_is_that_of_all_runs():
    assert saw("x-run-spread", "3.0", {"run1.summary.metric.train_throughput_mean_samples_per_second": 100.0})
    assert result("training", "3.0", {}).records[0].facts["stamp"] == "20260712_120720"
