"""The tables of the editions: complete, and in step with the rules."""

import pytest

from rules import RULES
from storagebench.edition import edition_names, load_edition
from storagebench.errors import ConfigError

TRAINING = {  # every id of the text that speaks of training: of a run, of its folder, of a result
    "2.1.16", "2.1.17", "2.1.18", "2.1.18a", "3.1.1", "3.1.2", "3.2.1", "3.3.1", "3.3.2", "3.3.3", "3.3.4", "3.3.5",
    "3.3.6", "3.3.7", "3.3.8", "3.4.1", "3.4.2", "3.6.1", "3.6.2", "3.6.3",
}  # fmt: skip
CHECKS = {  # every check on training that has a name of its own and no number, by the editions whose tools have it
    "1.0": {"check_num_runs", "check_runs_valid", "check_run_consistency", "check_model_recognized"},
    "2.0": {
        "check_num_runs", "check_runs_valid", "check_run_consistency", "check_model_recognized",
        "check_odirect_supported_model", "check_workflow_parameters",
    },
    "3.0": {
        "check_num_runs", "check_runs_valid", "check_run_consistency", "check_model_recognized",
        "check_odirect_supported_model", "check_workflow_parameters",
    },
}  # fmt: skip


def test_every_id_of_the_text_is_a_rule_or_is_listed_with_a_reason():
    known = {rule.id for rule in RULES.values() if "3.0" in rule.editions}
    unchecked = {name.split()[0]: reason for name, reason in load_edition("3.0")["not_checked"].items()}
    assert TRAINING - known <= set(unchecked)
    assert all(len(reason) > 20 for reason in unchecked.values())


@pytest.mark.parametrize("edition", edition_names())
def test_every_check_without_a_number_is_a_rule_or_is_listed_with_a_reason(edition):
    known = {rule.name for rule in RULES.values() if edition in rule.editions}
    unchecked = {name.split()[1] for name in load_edition(edition)["not_checked"]}
    assert CHECKS[edition] <= known | unchecked


@pytest.mark.parametrize("edition", edition_names())
def test_no_rule_is_also_listed_as_not_checked(edition):
    names = {name.split()[1] for name in load_edition(edition)["not_checked"]}
    assert not names & {rule.name for rule in RULES.values() if edition in rule.editions}


def test_an_unknown_edition_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"--edition=4.0: there is no such edition; choose one of 3.0, 2.0, 1.0"):
        load_edition("4.0")
