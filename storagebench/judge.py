"""The one judge: live runs, saved records and other people's submissions go through the same function."""

import functools
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
    asked = _asked(edition.lineage, *_kind(subject, family), len(RULES))
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


def _kind(subject: Subject, family: str | None) -> tuple[str, str | None]:
    """Name the scope of a subject's rules, and their family: that of a run or group, the chapter asked for, or any."""
    match subject:
        case Record():
            return "run", subject.family
        case Group():
            return "group", subject.family
        case Submission():
            return "submission", family


@functools.cache
def _asked(lineage: tuple[str, ...], scope: str, family: str | None, known: int) -> tuple[Rule, ...]:
    """Return the rules for such subjects; `known` is the number of all rules, as more may come to be registered."""
    mine = (rule for rule in RULES.values() if rule.scope == scope and family in (None, rule.family))
    return tuple(rule for rule in mine if not rule.editions.isdisjoint(lineage))


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
