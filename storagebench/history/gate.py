"""`--fail-slower=5%`: how much worse a figure may become before the item fails."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from storagebench.errors import ConfigError
from storagebench.history.comparison import Change, Side

HEADLINE = 2
"""Without a name, the limit holds for the first figures of a family, the two that reports lead with."""
LIMIT = re.compile(r"(?:(?P<metric>\w+):)?(?P<percent>\d+(?:\.\d+)?)\s*%?")


@dataclass(frozen=True, slots=True)
class Gate:
    """Limits in per cent by metric; "" stands for the headline figures."""

    limits: Mapping[str, float]

    def concerns(self, change: Change, place: int) -> float | None:
        """Return the limit of a figure, the `place`-th of its family; None where there is none."""
        if change.metric in self.limits:
            return self.limits[change.metric]
        return self.limits.get("") if place < HEADLINE and change.direction else None


def parse_gate(text: str, metrics: Iterable[str]) -> Gate:
    """Read limits as they are typed: ``5%``, or ``samples_per_s:5%,au_percent:2%``.

    Raises:
        ConfigError: a limit is no percentage, or no family has a figure of that name.
    """
    known, limits = sorted(set(metrics)), {}
    for part in text.split(","):
        match = LIMIT.fullmatch(part.strip())
        if match is None:
            raise ConfigError(f"--fail-slower={text}: give per cent, as in 5% or samples_per_s:5%,au_percent:2%")
        metric = match["metric"] or ""
        if metric and metric not in known:
            near = difflib.get_close_matches(metric, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"figures are {', '.join(known)}"
            raise ConfigError(f"--fail-slower={text}: no figure is called '{metric}'; {hint}")
        limits[metric] = float(match["percent"])
    return Gate(limits)


def breaches(gate: Gate, changes: Iterable[Change], reference: str) -> Iterator[str]:
    """Yield one sentence, with both figures, for each that became worse by more than its limit, or cannot be told."""
    asked = 0
    for place, change in enumerate(changes):
        limit = gate.concerns(change, place)
        if limit is None:
            continue
        asked += 1
        if change.loss_percent is None:
            side = "this run" if change.after is None else reference
            yield f"{change.name} cannot be compared: {side} has no such figure above zero"
        elif change.loss_percent > limit:
            assert change.before is not None
            assert change.after is not None
            yield (
                f"{change.name} is {change.loss_percent:.1f} % worse than {reference}: "
                f"{_said(change.after, change)} where it was {_said(change.before, change)}; "
                f"--fail-slower allows {limit:g} % ({change.word})"
            )
    if not asked:
        yield f"nothing can be compared with {reference}: this item has no figure that --fail-slower names"


def _said(side: Side, change: Change) -> str:
    return f"{side.mean:,.{change.decimals}f} {change.unit}"
