"""The messages between a launcher and its ranks: one JSON pair of kind and body on each line."""

import json
from typing import Any


def encode(kind: str, body: Any = None) -> bytes:
    """Write one message as a line, its end included: ``["tell",{"done":3}]``."""
    return json.dumps([kind, body], separators=(",", ":")).encode() + b"\n"


def decode(line: bytes | str) -> tuple[str, Any]:
    """Read one message back.

    Raises:
        ValueError: the line is no message of ours.
    """
    message = json.loads(line)
    if not isinstance(message, list) or len(message) != 2 or not isinstance(message[0], str):
        raise ValueError(f"not a message: {line!r:.80}")
    return message[0], message[1]


class Lines:
    """Cuts a stream into whole lines, however its chunks fall; linear in the bytes fed."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that `chunk` completes, without their line ends."""
        first, *others = chunk.split(b"\n")
        self._parts.append(first)
        if not others:
            return []
        complete = [b"".join(self._parts), *others[:-1]]
        self._parts = [others[-1]]
        return complete

    def rest(self) -> bytes:
        """Return what came after the last line end, and forget it."""
        left = b"".join(self._parts)
        self._parts = []
        return left
