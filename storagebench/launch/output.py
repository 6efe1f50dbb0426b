"""What ranks print: kept whole in the run's log, and at hand in its last lines for an error message."""

import contextlib
import os
from collections import deque
from typing import BinaryIO

from storagebench.launch.wire import Lines

CHUNK_BYTES = 1 << 20
TAIL_LINES = 40
TAIL_LINE_BYTES = 500


class Output:
    """One stream of one process: whole lines go to `log` (None: nowhere), each after `prefix`."""

    def __init__(self, log: BinaryIO | None, prefix: bytes = b"") -> None:
        self._log = log
        self._prefix = prefix
        self._lines = Lines()
        self._tail: deque[bytes] = deque(maxlen=TAIL_LINES)

    def feed(self, chunk: bytes) -> None:
        """Take what was read from the stream."""
        for line in self._lines.feed(chunk):
            self.write(line)

    def close(self) -> None:
        """Take the end of the stream; a last line without its end counts."""
        rest = self._lines.rest()
        if rest:
            self.write(rest)

    def write(self, line: bytes) -> None:
        """Take one whole line."""
        if self._log is not None:
            self._log.write(self._prefix + line + b"\n")
            self._log.flush()
        if line.strip():
            self._tail.append(line[:TAIL_LINE_BYTES])

    def drain(self, descriptor: int) -> None:
        """Take what an ended process left in its pipe, without waiting for children that hold it open."""
        os.set_blocking(descriptor, False)
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(descriptor, CHUNK_BYTES):
                self.feed(chunk)
        self.close()

    def tail(self) -> list[str]:
        """Return the last lines that say something, without blanks around them."""
        return [line.decode(errors="replace").strip() for line in self._tail]

    def last_words(self, count: int = 3) -> str:
        """Return the last lines joined for use inside one sentence; "" when silent."""
        return " | ".join(self.tail()[-count:])
