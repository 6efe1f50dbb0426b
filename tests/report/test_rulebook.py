"""The pages of the rules: complete, for every rule of every edition, and made of what the tests judge."""

import pytest

from rules import RULES
from storagebench.edition import edition_names, load_edition
from storagebench.errors import ConfigError
from storagebench.examples import examples
from storagebench.report import checklist
from storagebench.report.rulebook import listing, page

TRAINING = [rule for rule in RULES.values() if rule.family == "training"]


@pytest.mark.parametrize("edition", edition_names())
@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_has_a_page_in_every_edition(rule, edition):
    text = page(rule.name, load_edition(edition))
    assert text[0].startswith(rule.id)
    assert text[0].endswith(rule.name)
    assert rule.text in text
    assert text[-1] == ""


@pytest.mark.parametrize("rule", TRAINING, ids=lambda rule: rule.name)
def test_a_page_shows_the_example_that_the_tests_judge(rule):
    text = page(rule.name, load_edition(max(rule.editions)))
    example = examples("training")[rule.name]
    assert f"where it lands: {example.lands.name}" in text
    assert example.words in text[-2]
    for name in (*example.passes, *example.fails):
        assert any(line.startswith(f"  {name.replace('/', '.')}: ") for line in text)


def test_a_page_in_full():
    assert page("check_num_runs", load_edition("1.0")) == (
        "sub check_num_runs",
        "training, on a result of several runs; editions 1.0, 2.0, 3.0",
        "",
        "A result is made of as many runs as the edition wants.",
        "",
        "1.0: exactly five (report.py). 2.0: five, or six with the warm-up; upstream's check is empty, the guidelines",
        "are not. 3.0: at least five by the code, where 2.1.17 wants exactly six folders and is judged beside.",
        "Reads: the runs of the group.",
        "",
        "Numbers of edition 1.0:",
        "  run_count:",
        "    least: 5",
        "    most: 5",
        "",
        "The golden result just passes with",
        "  runs: 5",
        "and just fails with",
        "  runs: 4",
        "where it lands: INVALID",
        "  [sub check_num_runs] 4 runs; needs 5",
        "",
    )


def test_what_nobody_checks_is_explained_with_the_reason():
    text = page("runPickingSubsets", load_edition("3.0"))
    assert text[0] == "2.1.18a runPickingSubsets"
    assert text[1].startswith("not checked: a permission")
    assert page("2.1.18a", load_edition("3.0")) == text


def test_a_number_that_several_rules_have_prints_all_of_them():
    text = page("run", load_edition("3.0"))
    assert {"run check_model_recognized", "run check_odirect_supported_model", "run check_workflow_parameters"} <= set(
        text
    )


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("trainingRecalculateDataset", "trainingRecalculateDatasetSize"), ("closed-trainig", "closed-training")],
)
def test_a_mistyped_name_is_answered_with_the_nearest(typed, offered):
    with pytest.raises(ConfigError, match=rf"--explain {typed}: there is no such rule; did you mean {offered}\?"):
        page(typed, load_edition("3.0"))


def test_a_name_like_no_other_is_answered_with_the_list():
    with pytest.raises(ConfigError, match="there is no such rule; --rules lists them"):
        page("zzz", load_edition("3.0"))


@pytest.mark.parametrize("edition", edition_names())
@pytest.mark.parametrize("name", checklist.names())
def test_a_checklist_has_every_rule_that_closed_must_not_break(name, edition):
    text = page(name, load_edition(edition))
    family = name.removeprefix(checklist.PREFIX)
    own = [rule for rule in RULES.values() if rule.family == family and edition in rule.editions]
    for rule in own:
        assert sum(line.endswith(f"pytest --explain {rule.name}") for line in text) == 1
    assert text[0] == f"What CLOSED needs of {family.replace('_', ' ')} in edition {edition}"
    assert max(map(len, text)) <= checklist.WIDTH


def test_the_checklist_of_training_says_numbers_and_parameters():
    text = "\n".join(page("closed-training", load_edition("3.0")))
    assert "(au minimum percent: unet3d 90, retinanet 85)" in text
    assert "Parameters that CLOSED may change\n  dataset.num_files_train\n" in text
    assert "3.3.3" in text.partition("Asked by a reviewer")[2]


def test_every_family_has_a_checklist():
    assert "closed-training" in checklist.names()
    assert {name.removeprefix(checklist.PREFIX) for name in checklist.names()} <= {
        rule.family for rule in RULES.values()
    }


@pytest.mark.parametrize("edition", edition_names())
def test_the_list_names_every_rule_of_the_edition_and_what_nobody_checks(edition):
    text = "\n".join(listing(load_edition(edition)))
    for rule in RULES.values():
        assert (f" {rule.name} " in text) is (edition in rule.editions)
    for name, reason in load_edition(edition)["not_checked"].items():
        assert f"{name}: {reason}" in text
