"""What the rules say about a run: findings, and the verdict that the worst of them makes."""

from dataclasses import dataclass
from enum import IntEnum


class Verdict(IntEnum):
    """The division a run qualifies for; ordered so that the worst is the largest."""

    CLOSED = 0
    OPEN = 1
    INVALID = 2

    def satisfies(self, division: str) -> bool:
        """Say whether a run with this verdict passes where `division` was asked for (whatif asserts nothing)."""
        return {"closed": self is Verdict.CLOSED, "open": self <= Verdict.OPEN, "whatif": True}[division]


class Lands(IntEnum):
    """Where a breach leaves the run: advice never changes the verdict."""

    ADVICE = 0
    OPEN = 1
    INVALID = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's word on one subject; `where` is a path inside it, "" for all of it."""

    rule_id: str
    rule_name: str
    lands: Lands
    saw: str
    needs: str
    text: str
    where: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"[{self.rule_id} {self.rule_name}] {place}{self.saw}; needs {self.needs}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings on one record under one edition's rules, in the order of the text."""

    edition: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst finding; none (or advice only) is CLOSED."""
        return Verdict(max((finding.lands for finding in self.findings), default=Lands.ADVICE))

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """The findings that made the verdict what it is, without the advice."""
        return tuple(finding for finding in self.findings if finding.lands)

    @property
    def advice(self) -> tuple[Finding, ...]:
        """What a reviewer would ask, although no rule forbids it."""
        return tuple(finding for finding in self.findings if not finding.lands)
