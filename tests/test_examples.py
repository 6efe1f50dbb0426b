"""The examples of the rules: a file in order, and golden subjects that a change touches where it says and nowhere else."""

import pytest

from rules import RULES
from storagebench.edition import edition_names
from storagebench.examples import FOLDER, examples, result, run, subject, submission
from storagebench.model import Group, Lands, Record, Submission

FAMILIES = sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "submission")


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
    assert isinstance(subject("layout", "submission", "3.0", {}), Submission)


def test_a_change_to_the_golden_submission_adds_a_file_takes_a_folder_away_or_changes_a_document():
    runs, description = "closed/acme/results/one/training/unet3d/run", "closed/acme/systems/one.yaml"
    changes = {
        f"{runs}/20260712_160000/summary.json": 7,
        f"{runs}/20260712_100000": None,
        f"{description}#system_under_test.clients.0.quantity": 3,
        "training#summary.num_hosts": 3,
        "junk#closed/._x": "left behind",
    }
    tree = submission("3.0", changes)
    assert tree.listing.sizes[f"{runs}/20260712_160000/summary.json"] == 7
    assert not tree.listing.holds(f"{runs}/20260712_100000")
    assert not [path for path in tree.documents if path.startswith(f"{runs}/20260712_100000")]
    described = tree.documents[description]["system_under_test"]
    assert [described[kind][0]["quantity"] for kind in ("clients", "product_nodes")] == [3, 2]
    assert [run.count("summary.num_hosts") for run in tree.groups[0].records] == [3] * 6
    assert tree.junk == {"closed/._x": "left behind"}
    assert submission("3.0", {}).documents[description]["system_under_test"]["clients"][0]["quantity"] == 1
