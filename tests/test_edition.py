"""The tables of the editions: complete, and in step with the rules."""

import pytest

from rules import RULES
from storagebench import edition
from storagebench.edition import edition_names, load_edition
from storagebench.errors import ConfigError

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


def test_an_edition_of_a_plugin_has_what_it_extends_and_its_own_numbers(tmp_path, monkeypatch):
    table = tmp_path / "acme.yaml"
    table.write_text('extends: "3.0"\ntraining: {au_minimum_percent: {unet3d: 97}}\n')
    monkeypatch.setitem(edition.CONTRIBUTED, "acme", table)
    load_edition.cache_clear()
    found, base = load_edition("acme"), load_edition("3.0")
    load_edition.cache_clear()
    assert found["training.au_minimum_percent"] == {**base["training.au_minimum_percent"], "unet3d": 97}
    assert found["kv_cache"] == base["kv_cache"]
    assert found.lineage == ("acme", "3.0")
    assert found.among({"3.0"})
    assert not found.among({"2.0"})
    assert edition_names()[0] == "3.0"
