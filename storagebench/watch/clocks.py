"""How the clocks of hosts stand to that of the launch host, by pings over the pipe of each sampler. Pure.

As NTP does it (RFC 5905, section 8): of several pings the quickest tells most, and it is wrong by no more than half of
the time it took. Alignment uses the monotonic clocks alone, so that a wall clock that is set in mid-run moves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Phase = Literal["start", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """One question and its answer: `sent` and `received` by the launch host's monotonic clock, `mono` by the other's.

    `wall_ahead_s` is how far the host's wall clock is ahead of the launch host's, taken at the middle of the ping.
    """

    phase: Phase
    sent_s: float
    received_s: float
    mono_s: float
    wall_ahead_s: float

    @property
    def rtt_s(self) -> float:
        """What the way there and back took."""
        return self.received_s - self.sent_s

    @property
    def mono_ahead_s(self) -> float:
        """How far the host's monotonic clock is ahead."""
        return self.mono_s - (self.sent_s + self.received_s) / 2


@dataclass(frozen=True, slots=True)
class Clock:
    """A host's monotonic clock by its best ping at the start and at the end (the same one where there is no other)."""

    start: Ping
    end: Ping

    @classmethod
    def of(cls, pings: Sequence[Ping]) -> "Clock | None":
        """Choose the quickest ping of each phase; None where no ping was ever answered."""
        if not pings:
            return None
        best = {ping.phase: ping for ping in sorted(pings, key=lambda ping: -ping.rtt_s)}
        start = best.get("start") or best["end"]
        return cls(start, best.get("end") or start)

    def here(self, mono_s: float) -> float:
        """Return the launch host's monotonic time of a moment of this host, drift between the two pings included."""
        span = self.end.mono_s - self.start.mono_s
        share = (mono_s - self.start.mono_s) / span if span > 0 else 0.0
        return mono_s - self.start.mono_ahead_s - share * (self.end.mono_ahead_s - self.start.mono_ahead_s)
