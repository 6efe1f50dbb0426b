"""The examples of the rules: a file in order, and golden subjects that a change touches where it says and nowhere else."""

import pytest

from rules import RULES
from storagebench.edition import edition_names
from storagebench.examples import FOLDER, examples, result, run, subject
from storagebench.model import Group, Lands, Record

FAMILIES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_example_belongs_to_a_rule_of_its_family(family):
    for name, example in examples(family).items():
        assert RULES[name].family == family
        assert example.words
        assert example.lands is Lands.ADVICE or not RULES[name].warns


def test_a_family_without_a_file_has_no_examples():
    assert examples("unheard_of") == {}


def test_what_the_file_says_once_is_changed_in_one_place():
    facts = run("training", "3.0", {"parameters.dataset.num_files_train": 1}).facts
    assert facts["parameters"]["dataset"]["num_files_train"] == 1
    assert facts["datagen"]["dataset"]["num_files_train"] == facts["datasize"]["dataset"]["num_files_train"] == 28_000
    assert run("training", "3.0", {}).facts["parameters"]["dataset"]["num_files_train"] == 28_000


def test_a_dot_inside_a_name_is_written_as_a_slash_and_null_takes_a_fact_away():
    record = run("training", "3.0", {"overrides.reader/batch_size": "9", "quick": None})
    assert record.table("overrides")["reader.batch_size"] == "9"
    assert not record.has("quick")


@pytest.mark.parametrize("edition", edition_names())
def test_the_runs_of_a_result_are_oldest_first_and_changed_one_by_one(edition):
    group = result("training", edition, {"each.model": "bert", "run2.model": "resnet50", "group.report": {"a": 1}})
    assert [record.text("model") for record in group.records[:3]] == ["bert", "resnet50", "bert"]
    starts = [record.text("summary.start") for record in group.records]
    assert starts == sorted(set(starts))
    assert group.shared.items("folders.run") == [record.text("stamp") for record in group.records]
    assert group.shared.number("report.a") == 1


def test_a_rule_is_given_what_its_scope_says():
    assert isinstance(subject("training", "run", "3.0", {}), Record)
    assert isinstance(subject("training", "group", "3.0", {"runs": 2}), Group)
