"""The one judge: live runs, saved records and other people's submissions go through the same function."""

from collections.abc import Iterable, Iterator

from rules import RULES, Rule
from storagebench.model import Edition, Finding, Group, Judgement, Lands, Missing, Record, Submission

Subject = Record | Group | Submission
READABLE = "the file, there and readable"
"""What a finding needs when the file with its values is damaged or lost."""


def judge(subject: Subject, edition: Edition, family: str | None = None) -> Judgement:
    """Ask every rule of the edition about a run, a group of runs or a submission; findings are in the order of the text.

    `family` narrows the rules on a submission to one chapter; runs and groups have a family of their own. A value
    that a rule needs and the subject lacks makes it INVALID (*cannot tell* is never CLOSED), unless the rule could
    only have warned; rules that miss their values for the same lost or unreadable file make one finding. An exception inside a rule is a mistake of this project, not of the run: it propagates with the
    rule's name.
    """
    asked = (rule for rule in RULES.values() if edition.name in rule.editions and _concerns(rule, subject, family))
    return Judgement(edition.name, tuple(_once(finding for rule in asked for finding in _ask(rule, subject, edition))))


def _once(findings: Iterable[Finding]) -> Iterable[Finding]:
    """Let a lost file speak once, where it does the most harm; all other findings stay as they are."""
    kept: dict[object, Finding] = {}
    for finding in findings:
        key = finding.saw if finding.needs == READABLE else len(kept)
        if key not in kept or finding.lands > kept[key].lands:
            kept[key] = finding
    return kept.values()


def _printable(text: str) -> str:
    """Write out what a terminal would obey: names in other people's trees hold line breaks and escape sequences."""
    return text if text.isprintable() else "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _lost(subject: Subject, name: str) -> str:
    """Return the sentence on the file that a missing value was lost with, "" where it was never there."""
    lost = subject.table("lost") if isinstance(subject, Record) and subject.has("lost") else {}
    return next((str(why) for fact, why in lost.items() if f"{name}.".startswith((f"{fact}.", f"{fact}["))), "")


def _concerns(rule: Rule, subject: Subject, family: str | None) -> bool:
    match subject:
        case Record():
            return rule.scope == "run" and rule.family == subject.family
        case Group():
            return rule.scope == "group" and rule.family == subject.family
        case Submission():
            return rule.scope == "submission" and family in (None, rule.family)


def _ask(rule: Rule, subject: Subject, edition: Edition) -> Iterator[Finding]:
    harmless = rule.warns or edition.softens(rule.id)
    try:
        for lands, *words in rule.check(subject, edition):
            saw, needs, where = map(_printable, words)
            yield Finding(rule.id, rule.name, Lands.ADVICE if harmless else lands, saw, needs, rule.text, where)
    except Missing as missing:
        lands, unreadable = Lands.ADVICE if harmless else Lands.INVALID, _lost(subject, missing.name)
        needs = READABLE if unreadable else f"{missing.name} in the record"
        yield Finding(rule.id, rule.name, lands, f"cannot be judged: {unreadable or missing}", needs, rule.text)
    except Exception as error:
        error.add_note(f"while rule {rule.id} {rule.name} judged {subject.folder}")
        raise
