"""Drawing progress on the terminal: one live line, or plain lines where the output is redirected."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storagebench.report.gauge import Gauge

PLAIN_EVERY_S = 10.0
TICK_S = 0.25

# The live line stands below the cursor, which returns to where pytest left it: make room for a line (index, up),
# save the cursor, go down, write, clear to the end of the line, restore.
DRAW = "\x1bD\x1b[A\x1b7\r\n{}\x1b[K\x1b8"
ERASE = "\x1b7\r\n\x1b[K\x1b8"


class Drawer:
    """Tails the channel's file and draws how far the running item is.

    `live` chooses the one live line, else plain lines; `write` puts text on the terminal at once, `width` is its
    number of columns. All drawing happens under one lock, in whatever thread.
    """

    def __init__(self, path: str, write: Callable[[str], None], *, live: bool, width: Callable[[], int]) -> None:
        self._write, self._live, self._width = write, live, width
        self._file = Path(path).open("rb")  # noqa: SIM115  # until `close`; stays readable when somebody removes it
        self._begun = b""
        self._gauges: dict[str, Gauge] = {}
        self._shown = False
        self._newest = ""
        self._midline = True
        self._next_plain: dict[str, float] = {}
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Draw from a thread of its own until closed."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="storagebench-progress", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread and leave no live line behind."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            self._erase()
            self._file.close()

    def _loop(self) -> None:
        while not self._over.wait(TICK_S):
            self.tick()

    def tick(self, now: float | None = None) -> None:
        """Read what is new in the file and draw it as of `now`."""
        now = time.time() if now is None else now
        with self._lock:
            if self._over.is_set():
                return
            for event in self._read():
                self._hear(event)
            if not self._gauges:
                self._erase()
            elif self._live:
                self._draw(now)
            else:
                self._say(now)

    @contextmanager
    def hidden(self, *, prints: bool = True, verdict: bool = False) -> Iterator[None]:
        """Erase the live line and hold off the thread while pytest prints.

        Plain lines have moved the cursor away from the item's name, which a verdict must follow: write it again.
        """
        with self._lock:
            self._erase()
            if verdict and not self._midline:
                self._write(f"{self._newest} ")
            yield
            self._midline = self._midline or prints

    def _read(self) -> Iterator[dict[str, Any]]:
        *lines, self._begun = (self._begun + self._file.read()).split(b"\n")
        yield from map(json.loads, lines)

    def _hear(self, event: Mapping[str, Any]) -> None:
        item, at = str(event["item"]), float(event["at"])
        if event["kind"] == "stop":
            self._gauges.pop(item, None)
        elif event["kind"] == "start":
            self._gauges[item] = Gauge(item, at)
            self._newest = item
            self._next_plain[item] = at + PLAIN_EVERY_S
        elif event["kind"] == "progress" and item in self._gauges:
            self._gauges[item].hear(event)
        elif event["kind"] == "ranks" and item in self._gauges:
            self._gauges[item].meet(event["ranks"])
        elif event["kind"] == "stall":
            self._erase()
            self._put_line(at, f"{item} stands still: {event['text']}")

    def _draw(self, now: float) -> None:
        *_, newest = self._gauges.values()
        self._write(DRAW.format(newest.text(now)[: self._width() - 1]))
        self._shown = True

    def _erase(self) -> None:
        if self._shown:
            self._write(ERASE)
            self._shown = False

    def _say(self, now: float) -> None:
        for item, gauge in self._gauges.items():
            if now >= self._next_plain[item]:
                self._next_plain[item] = now + PLAIN_EVERY_S
                self._put_line(now, gauge.text(now))

    def _put_line(self, now: float, text: str) -> None:
        clock = time.strftime("%H:%M:%S", time.localtime(now))
        self._write("\n" * self._midline + f"{clock}  {text}\n")
        self._midline = False
