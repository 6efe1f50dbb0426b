"""How far a host's clock is from ours, as far as two looks at ours can tell."""

from collections.abc import Mapping
from typing import Any


def bounded(answer: Mapping[str, Any], asked_s: float, answered_s: float) -> dict[str, Any]:
    """Add to an answer how far its clock is ahead of ours, and how much of that may be the time it was under way.

    The host read its clock (`time_s`) between our two looks at ours, so the true offset lies within the uncertainty.
    """
    middle, half = (asked_s + answered_s) / 2, (answered_s - asked_s) / 2
    return {**answer, "clock_offset_s": answer["time_s"] - middle, "clock_uncertainty_s": half}
