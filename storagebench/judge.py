"""The one judge: live runs, saved records and other people's submissions go through the same function."""

from collections.abc import Iterator

from rules import RULES, Rule
from storagebench.model import Edition, Finding, Judgement, Lands, Missing, Record


def judge(record: Record, edition: Edition) -> Judgement:
    """Ask every rule of the edition and family about the record; findings come in the order of the text.

    A value that a rule needs and the record lacks makes the run INVALID (*cannot tell* is never CLOSED), unless
    the rule could only have warned. An exception inside a rule is a mistake of this project, not of the run: it propagates with the rule's name.
    """
    asked = (rule for rule in RULES.values() if rule.family == record.family and edition.name in rule.editions)
    return Judgement(edition.name, tuple(finding for rule in asked for finding in _ask(rule, record, edition)))


def _ask(rule: Rule, record: Record, edition: Edition) -> Iterator[Finding]:
    try:
        for lands, saw, needs in rule.check(record, edition):
            yield Finding(rule.id, rule.name, lands, saw, needs, rule.text)
    except Missing as missing:
        lands = Lands.ADVICE if rule.warns else Lands.INVALID
        yield Finding(
            rule.id, rule.name, lands, f"cannot be judged: {missing}", f"{missing.name} in the record", rule.text
        )
    except Exception as error:
        error.add_note(f"while rule {rule.id} {rule.name} judged {record.folder}")
        raise
