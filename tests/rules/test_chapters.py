"""Every rule on a whole submission has one that just passes and one that just fails."""

import pytest

from rules import RULES
from storagebench.edition import load_edition
from storagebench.examples import examples, submission
from storagebench.judge import judge
from storagebench.model import Lands, Submission, Verdict
from storagebench.submission import CHAPTERS

RULES_ON_TREES = [rule for rule in RULES.values() if rule.scope == "submission"]
CASES = [(rule.name, edition) for rule in RULES_ON_TREES for edition in sorted(rule.editions)]
EXAMPLES = {name: example for chapter in CHAPTERS for name, example in examples(chapter).items()}


def ask(name: str, subject: Submission, edition: str) -> list[tuple[Lands, str]]:
    findings = judge(subject, load_edition(edition), RULES[name].family).findings
    return [(finding.lands, finding.saw) for finding in findings if finding.rule_name == name]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_rule_has_an_example_of_both_kinds(chapter):
    assert list(examples(chapter)) == [rule.name for rule in RULES_ON_TREES if rule.family == chapter]


@pytest.mark.parametrize("as_of_round", [False, True])
def test_the_golden_submission_is_closed_without_a_word(as_of_round):
    judgement = judge(submission("3.0", {}), load_edition("3.0", as_of_round=as_of_round))
    assert judgement.findings == ()
    assert judgement.verdict is Verdict.CLOSED


@pytest.mark.parametrize(("name", "edition"), CASES)
def test_a_submission_just_passes(name, edition):
    assert ask(name, submission(edition, EXAMPLES[name].passes), edition) == []


@pytest.mark.parametrize(("name", "edition"), CASES)
def test_a_submission_just_fails(name, edition):
    found = ask(name, submission(edition, EXAMPLES[name].fails), edition)
    assert {lands for lands, _ in found} == {EXAMPLES[name].lands}
    assert EXAMPLES[name].words in found[0][1]


def test_names_of_other_people_cannot_command_a_terminal():
    tree = submission("3.0", {"closed/ac\nme\x1b[31m/results/one/notes": 1})
    findings = judge(tree, load_edition("3.0"), "layout").findings
    assert all(text.isprintable() for finding in findings for text in (finding.saw, finding.needs, finding.where))
    assert "closed/ac\\nme\\x1b[31m" in {finding.where for finding in findings}
