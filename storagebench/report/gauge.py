"""How far an item is: progress events in, one line of text out. Pure, with the clock of the events."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from storagebench.units import MIB, duration_text

WINDOW_S = 10.0
"""The rate shown is that of the last ten seconds, for a rate since the start hides a stall."""


class Gauge:
    """The state of one running item; times are seconds since the epoch, as the writer noted them."""

    def __init__(self, item: str, started_at: float) -> None:
        self.item = item
        self.started_at = started_at
        self._heard: deque[tuple[float, float, float]] = deque()
        self._where = ""
        self._enter("starting", started_at)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take in one progress event; `done` and `bytes` count from the start of their stage."""
        at = float(event.get("at", self._heard[-1][0]))
        if event.get("stage", self.stage) != self.stage:
            self._enter(str(event["stage"]), at)
        self.done, self.total = float(event.get("done") or 0), float(event.get("total") or 0)
        self.unit = str(event.get("unit") or "")
        self._heard.append((at, self.done, float(event.get("bytes") or 0)))
        while at - self._heard[min(1, len(self._heard) - 1)][0] > WINDOW_S:
            self._heard.popleft()

    def meet(self, ranks: Sequence[Mapping[str, Any]]) -> None:
        """Take in where the ranks live; said where that is more than one host."""
        hosts = {rank["host"] for rank in ranks}
        self._where = f"{len(ranks)} ranks on {len(hosts)} hosts" if len(hosts) > 1 else ""

    def _enter(self, stage: str, at: float) -> None:
        self.stage, self.stage_started_at = stage, at
        self.done, self.total, self.unit = 0.0, 0.0, ""
        self._heard = deque([(at, 0.0, 0.0)])

    def text(self, now: float) -> str:
        """Say item, stage, hosts, percentage, rate, and the time that the item has taken and its stage still needs."""
        parts = [self.item, self.stage, *filter(None, [self._where])]
        if self.total:
            parts.append(f"{min(100.0, 100 * self.done / self.total):3.0f} %")
        if rate := self._rate():
            parts.append(rate)
        parts.append(f"{duration_text(max(0.0, now - self.started_at))} gone" + self._left(now))
        return "  ".join(parts)

    def _rate(self) -> str:
        (first_at, first_done, first_bytes), (at, done, count) = self._heard[0], self._heard[-1]
        if at <= first_at or (done <= first_done and count <= first_bytes):
            return ""
        if count > first_bytes:
            return f"{(count - first_bytes) / (at - first_at) / MIB:,.0f} MiB/s"
        return f"{(done - first_done) / (at - first_at):,.0f} {self.unit}/s"

    def _left(self, now: float) -> str:
        elapsed = now - self.stage_started_at
        if not 0 < self.done < self.total or elapsed <= 0:
            return ""
        return f", {duration_text(elapsed * (self.total - self.done) / self.done)} left"
