"""The highest rate that still meets the objective: doubling until it breaks, then halving the gap."""

from collections.abc import Sequence
from typing import NamedTuple


class Probe(NamedTuple):
    """One run at a rate, and whether it met the objective."""

    rate: float
    met: bool


def next_rate(probes: Sequence[Probe], first: float) -> float:
    """Return the rate to try next."""
    met = max((probe.rate for probe in probes if probe.met), default=0.0)
    broken = min((probe.rate for probe in probes if not probe.met and probe.rate > met), default=None)
    if not probes:
        return first
    if broken is None:
        return 2 * met
    return (met + broken) / 2 if met else broken / 2


def best(probes: Sequence[Probe]) -> int | None:
    """Return the place of the highest rate that met the objective, None when none did."""
    met = [place for place, probe in enumerate(probes) if probe.met]
    return max(met, key=lambda place: probes[place].rate) if met else None
