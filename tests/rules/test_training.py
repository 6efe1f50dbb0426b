"""Every rule of the training chapter has one record that just passes and one that just fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import RULES
from storagebench.edition import edition_names, load_edition
from storagebench.examples import examples
from storagebench.judge import judge
from storagebench.model import Lands, Record, Verdict
from tests.rules.golden import vary

EXAMPLES = examples("training")
RUN_RULES = [rule for rule in RULES.values() if (rule.family, rule.scope) == ("training", "run")]
CASES = [(rule.name, edition) for rule in RUN_RULES for edition in sorted(rule.editions)]
NAMES = sorted(rule.name for rule in RUN_RULES)


def ask(name: str, record: Record, edition: str) -> list[tuple[Lands, str]]:
    return [(f.lands, f.saw) for f in judge(record, load_edition(edition)).findings if f.rule_name == name]


def test_every_rule_has_an_example_of_both_kinds():
    assert list(EXAMPLES) == [rule.name for rule in RULES.values() if rule.family == "training"]


@pytest.mark.parametrize("edition", edition_names())
def test_the_golden_record_is_closed(edition):
    judgement = judge(vary(edition), load_edition(edition))
    assert judgement.findings == ()
    assert judgement.verdict is Verdict.CLOSED


@pytest.mark.parametrize(("name", "edition"), CASES)
def test_a_record_just_passes(name, edition):
    assert ask(name, vary(edition, EXAMPLES[name].passes), edition) == []


@pytest.mark.parametrize(("name", "edition"), CASES)
def test_a_record_just_fails(name, edition):
    found = ask(name, vary(edition, EXAMPLES[name].fails), edition)
    assert [lands for lands, _ in found] == [EXAMPLES[name].lands]
    assert EXAMPLES[name].words in found[0][1]


@pytest.mark.parametrize(
    ("edition", "files", "verdict"),
    [("3.0", 9_376, Verdict.CLOSED), ("3.0", 9_375, Verdict.INVALID), ("2.0", 9_375, Verdict.CLOSED)],
)
def test_the_memory_term_rounds_as_the_edition_does(edition, files, verdict):
    same = {f"{phase}.dataset.num_files_train": files for phase in ("parameters", "datasize", "datagen")}
    one = {"summary.num_accelerators": 1} if edition == "2.0" else {"summary.num_accelerators": 2}
    record = vary(edition, {**same, **one, "summary.num_files_train": files})
    assert judge(record, load_edition(edition)).verdict is verdict


def test_memory_is_the_sum_over_hosts_however_they_are_ordered():
    uneven = {"summary.num_hosts": 2, "summary.host_memory_GB": [1.0, 762.0], "args.hosts": ["h1", "h2"]}
    need = judge(vary("3.0", uneven), load_edition("3.0"))
    assert need.verdict is Verdict.CLOSED  # 5 × 763 GiB are 27,943 files; 500 steps ask for 28,000


def test_both_words_on_au_are_asked_for():
    record = vary("3.0", {"summary.metric.train_au_meet_expectation": "fail"})
    assert ask("trainingAcceleratorUtilizationCheck", record, "3.0") == [
        (Lands.INVALID, "the engine's own word on AU is 'fail'")
    ]


def test_an_override_that_open_allows_is_open():
    record = vary("3.0", {"overrides.reader/data_loader": "dali"})
    assert judge(record, load_edition("3.0")).verdict is Verdict.OPEN


def test_a_misspelt_override_is_answered_with_the_right_name():
    record = vary("3.0", {"overrides.storage/uri_scheme": "s3"})
    finding = judge(record, load_edition("3.0")).reasons[0]
    assert "did you mean storage.storage_options.uri_scheme?" in finding.needs


def test_what_the_tool_sets_itself_is_not_held_against_the_user():
    record = vary("3.0", {"overrides.dataset/total_disk_bytes": "1", "overrides.dataset/skip_listing": "True"})
    assert judge(record, load_edition("3.0")).findings == ()


def test_object_storage_needs_no_separate_filesystem():
    record = vary("3.0", {"parameters.storage": {"storage_type": "s3"}}, without=("fs_separation",))
    assert judge(record, load_edition("3.0")).verdict is Verdict.CLOSED


def test_more_files_than_generated_subfolders_that_differ_and_another_folder_are_each_said():
    record = vary(
        "3.0",
        {
            "datagen.dataset.num_files_train": 27_000,
            "datagen.dataset.num_subfolders_train": 4,
            "datagen.data_dir": "/mnt/other",
        },
    )
    words = " ".join(saw for _, saw in ask("trainingRunDataMatchesDatasize", record, "3.0"))
    assert "28,000 files in the run" in words
    assert "datagen 4" in words
    assert "/mnt/other" in words


@pytest.mark.parametrize("edition", edition_names())
def test_an_empty_record_is_never_closed_and_never_a_traceback(edition):
    judgement = judge(Record("training", "closed", "empty", {}), load_edition(edition))
    assert judgement.verdict is Verdict.INVALID
    assert all("cannot be judged" in finding.saw or finding.saw for finding in judgement.findings)


LEAVES = [
    "model", "accelerator", "summary", "summary.num_accelerators", "summary.num_hosts", "summary.host_memory_GB",
    "summary.metric", "summary.metric.train_au_mean_percentage", "parameters", "parameters.reader",
    "parameters.dataset.record_length_bytes", "overrides", "args", "args.hosts", "cluster", "cluster.cores", "datasize",
    "datagen", "fs_separation", "fs_separation.same_filesystem", "environment_variables", "epochs", "steps",
    "summary.metric.train_throughput_mean_samples_per_second", "summary.metric.train_au_percentage", "steps.first_s",
    "summary.host_meminfo", "summary.host_meminfo.MemTotal", "summary.epochs", "parameters.train.computation_time",
    "parameters.train.epochs", "summary.num_files_train", "parameters.reader.batch_size",
]  # fmt: skip


@given(
    leaf=st.sampled_from(LEAVES),
    junk=st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.lists(st.integers() | st.text(max_size=3), max_size=3)
    | st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    edition=st.sampled_from(edition_names()),
)
def test_any_junk_in_any_place_is_answered_with_findings(leaf, junk, edition):
    judge(vary(edition, {leaf: junk}), load_edition(edition))
