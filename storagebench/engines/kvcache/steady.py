"""Was the load steady? A verdict over ten slices of the window, from their bytes alone."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

SLICES = 10
MOST_DRIFT = 0.2
"""From the first slice to the last along the line that fits best, relative to the mean."""
MOST_VARIATION = 0.25
"""Standard deviation of the slices over their mean."""


class Steadiness(NamedTuple):
    """Drift and coefficient of variation; None where nothing was moved."""

    drift: float | None
    variation: float | None

    @property
    def steady(self) -> bool:
        """Whether both are small."""
        return (
            self.drift is not None
            and self.variation is not None
            and abs(self.drift) <= MOST_DRIFT
            and self.variation <= MOST_VARIATION
        )


def steadiness(slices: Sequence[float]) -> Steadiness:
    """Judge the bytes of equal slices of time."""
    mean = statistics.fmean(slices)
    if mean <= 0:
        return Steadiness(None, None)
    slope, _ = statistics.linear_regression(range(len(slices)), slices)
    return Steadiness(slope * (len(slices) - 1) / mean, statistics.pstdev(slices) / mean)
