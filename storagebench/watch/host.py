"""The launch host's end of one sampler: what it says goes to the host's file, what it is asked and answers."""

import contextlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from storagebench.launch.output import Output
from storagebench.launch.processes import end, ending_text
from storagebench.launch.wire import Lines
from storagebench.model import Host
from storagebench.watch.clocks import Phase, Ping
from storagebench.watch.transport import Start

if TYPE_CHECKING:
    import subprocess

PINGS = 5
"""Of each phase; the quickest one counts."""


class SampledHost:
    """A host and its sampler; nothing here ever fails a run, what goes wrong becomes the host's `problem`."""

    def __init__(self, host: Host, file: Path | None) -> None:
        self.host = host
        self.file = file
        self.hostname = host.name
        self.problem: str | None = None
        self.looked: dict[str, Any] | None = None
        self.pings_left = 0
        self.stopped = False
        self.is_over = False
        self._process: subprocess.Popen[bytes] | None = None
        self._stream: BinaryIO | None = None
        self._lines, self._stderr = Lines(), Output(None)
        self._phase: Phase = "start"
        self._sent = (0.0, 0.0)
        self._samples = 0
        self._greeted = False

    def start(self, start: Start, interval_s: float, storage_dir: str) -> None:
        """Start the sampler, and a first series of pings once it greets."""
        try:
            if self.file is not None:
                self._stream = self.file.open("ab", buffering=0)
                self._note("asked", host=self.host.name, interval_s=interval_s)
            self._process = start(self.host, interval_s, storage_dir)
        except OSError as error:
            self._give_up(f"no sampler on {self.host.name}: {error}")
            self.is_over = True
            return
        self.pings_left = PINGS

    def descriptors(self) -> dict[int, bool]:
        """Return the streams to listen to; True stands for the one with messages."""
        if self._process is None or self._process.stdout is None or self._process.stderr is None:
            return {}
        return {self._process.stdout.fileno(): True, self._process.stderr.fileno(): False}

    @property
    def is_alive(self) -> bool:
        """Whether the sampler can be asked anything."""
        return self._greeted and self._process is not None and not self.stopped

    @property
    def is_settled(self) -> bool:
        """Whether no ping is under way, be it that all were answered or that nobody will."""
        return self.pings_left == 0 or self.problem is not None

    def ask(self, question: str) -> None:
        """Write a line to the sampler; one that is gone does not mind."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                self._process.stdin.write(question.encode() + b"\n")

    def ping(self, phase: Phase) -> None:
        """Begin a series of pings, each sent when the one before it is answered."""
        self._phase, self.pings_left = phase, PINGS
        self._ping()

    def hear(self, chunk: bytes, *, messages: bool) -> None:
        """Take what has arrived on one of the streams."""
        now, wall = time.monotonic(), time.time()
        if not messages:
            self._stderr.feed(chunk)
            return
        for line in self._lines.feed(chunk):
            try:
                message = json.loads(line)
            except ValueError:  # a login script that prints
                continue
            if isinstance(message, dict):
                self._take(message, line, now, wall)

    def ended(self) -> None:
        """Take note that the sampler's stream has ended; before it was told to stop, that is a problem."""
        if self._process is None:
            return
        with contextlib.suppress(OSError):
            if self._process.stderr is not None:
                self._stderr.drain(self._process.stderr.fileno())
        if not self.stopped:
            end([self._process], grace_s=1.0)
            said = self._stderr.last_words() or ending_text(self._process.returncode)
            found = f"ended after {self._samples} samples" if self._greeted else "could not be started"
            self._give_up(f"the sampler on {self.host.name} {found}: {said}")
        self.stopped = self.is_over = True

    def stop(self) -> None:
        """Ask for a last sample and the end."""
        self.stopped = self.is_alive or self.stopped
        self.ask("stop")

    def silent(self, seconds: float) -> None:
        """Give up on a sampler that has not greeted in time."""
        said = self._stderr.last_words() or "it says nothing"
        self._give_up(f"the sampler on {self.host.name} was not ready after {seconds:.0f} s: {said}")

    def close(self) -> None:
        """End what is still there and close the file."""
        if self._process is not None:
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            end([self._process], grace_s=0.0 if self.problem else 1.0)
        if self._stream is not None:
            self._stream.close()

    def _take(self, message: Mapping[str, Any], line: bytes, now: float, wall: float) -> None:
        kind = message.get("kind")
        if kind in ("hello", "sample"):
            self._keep(line)
        if kind == "hello":
            self._greeted, self.hostname = True, str(message.get("host"))
            self._ping()
        elif kind == "sample":
            self._samples += 1
        elif kind == "pong" and self.pings_left:
            self._pong(message, now, wall)
        elif kind == "looked":
            self.looked = dict(message)

    def _ping(self) -> None:
        self._sent = (time.monotonic(), time.time())
        self.ask(f"ping {self.pings_left}")

    def _pong(self, message: Mapping[str, Any], now: float, wall: float) -> None:
        sent, sent_wall = self._sent
        ping = Ping(
            phase=self._phase,
            sent_s=sent,
            received_s=now,
            mono_s=float(message["mono"]),
            wall_ahead_s=float(message["wall"]) - (sent_wall + wall) / 2,
        )
        self._note("ping", **{name: getattr(ping, name) for name in Ping.__slots__})
        self.pings_left -= 1
        if self.pings_left:
            self._ping()

    def _note(self, kind: str, **fields: Any) -> None:
        self._keep(json.dumps({"kind": kind, **fields}).encode())

    def _keep(self, line: bytes) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(line + b"\n")
        except OSError as error:
            self._stream.close()
            self._stream = None
            self._give_up(f"samples of {self.host.name} cannot be written: {os.strerror(error.errno or 0)}")

    def _give_up(self, problem: str) -> None:
        if self.problem is None:
            self.problem = problem
            self._note("problem", text=problem)
