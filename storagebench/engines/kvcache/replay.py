"""Trace files that users bring: Mooncake's JSONL, BurstGPT's CSV, ShareGPT's JSON.

Read by the columns that their publishers document:

* Mooncake: one JSON object a line with ``timestamp`` (ms), ``input_length``, ``output_length``, ``hash_ids`` (a list of
  prefix-aware hashes, one for each 512 tokens).
* BurstGPT: a header with ``Timestamp`` (s), ``Request tokens``, ``Response tokens``; nothing is shared.
* ShareGPT: a list of conversations, each with ``conversations`` of ``{from, value}``; four characters are a token, and
  since it has no times, turns are spread evenly at the profile's rate.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from storagebench.engines.kvcache.draws import key, mix
from storagebench.engines.kvcache.nouns import Chunk, Request, Reuse
from storagebench.errors import ConfigError
from storagebench.model import Traffic

SECOND_NS = 1_000_000_000
MOONCAKE_TOKENS = 512
"""Tokens of one of Mooncake's blocks."""
CHARACTERS_PER_TOKEN = 4

Read = Callable[[Path, Traffic], Iterator[Request]]


def requests(traffic: Traffic, seed: int) -> Iterator[Request]:
    """Yield the requests of the file that the traffic names, in the order of their times; it ends with the file.

    Raises:
        ConfigError: the file is missing, of no known kind, empty, or has a line that is not what its kind says.
    """
    path = Path(traffic.trace)
    readers: dict[str, Read] = {".jsonl": _mooncake, ".csv": _burstgpt, ".json": _sharegpt}
    if path.suffix not in readers:
        raise ConfigError(
            f"{path}: not a trace file; give a *.jsonl of Mooncake, a *.csv of BurstGPT or a *.json of ShareGPT"
        )
    try:
        found = sorted(readers[path.suffix](path, traffic), key=lambda request: request.due_ns)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text") from None
    if not found:
        raise ConfigError(f"{path}: holds no request")
    return iter(found)


def _mooncake(path: Path, traffic: Traffic) -> Iterator[Request]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                row = _object(line, f"{path}:{number}")
                yield _mooncake_request(row, number, f"{path}:{number}", traffic)


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ConfigError(f"{where}: not JSON ({error})") from None
    if not isinstance(row, dict):
        raise ConfigError(f"{where}: not an object with timestamp, input_length, output_length and hash_ids")
    return row


def _mooncake_request(row: dict[str, Any], number: int, where: str, traffic: Traffic) -> Request:
    timestamp, length, output = (
        _count(row.get(name), name, where) for name in ("timestamp", "input_length", "output_length")
    )
    hashes = row.get("hash_ids")
    if not isinstance(hashes, list) or not all(isinstance(one, int) for one in hashes):
        raise ConfigError(f"{where}: hash_ids must be a list of whole numbers")
    size_bytes = traffic.object_bytes(MOONCAKE_TOKENS)
    full = length // MOONCAKE_TOKENS if traffic.partial_chunks == "full" else len(hashes)
    chunks = tuple(Chunk(mix(key("mooncake", one)), size_bytes, MOONCAKE_TOKENS) for one in hashes[:full])
    return Request(timestamp * 1_000_000, number, chunks, (), Reuse.PREFIX, 0, length, output)


def _burstgpt(path: Path, traffic: Traffic) -> Iterator[Request]:
    wanted = ("Timestamp", "Request tokens", "Response tokens")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        if missing := [name for name in wanted if name not in (rows.fieldnames or ())]:
            raise ConfigError(f"{path}:1: no column '{missing[0]}'; the header must have {', '.join(wanted)}")
        for row in rows:
            where = f"{path}:{rows.line_num}"
            due, length, output = (_number(row[name], name, where) for name in wanted)
            chunks = _alone(("burstgpt", rows.line_num), int(length) + int(output), traffic)
            yield Request(int(due * SECOND_NS), rows.line_num, (), chunks, Reuse.PREFIX, 0, int(length), int(output))


def _sharegpt(path: Path, traffic: Traffic) -> Iterator[Request]:
    try:
        conversations = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{error.lineno}: not JSON ({error.msg})") from None
    if not isinstance(conversations, list):
        raise ConfigError(f"{path}: must be a list of conversations")
    gap_ns = int(SECOND_NS / traffic.requests_per_s)
    due_ns = 0
    for number, conversation in enumerate(conversations):
        where = f"{path}: conversation {number}"
        said = conversation.get("conversations") if isinstance(conversation, dict) else None
        if not isinstance(said, list) or not all(
            isinstance(turn, dict) and isinstance(turn.get("value"), str) for turn in said
        ):
            raise ConfigError(f"{where}: needs 'conversations', a list of turns with 'from' and 'value'")
        lengths = [-(-len(turn["value"]) // CHARACTERS_PER_TOKEN) for turn in said]
        context = 0
        for question, answer in zip(lengths[::2], lengths[1::2], strict=False):
            before = _alone(("sharegpt", number), context, traffic)
            context = min(context + question + answer, traffic.most_context_tokens)
            fresh = _alone(("sharegpt", number), context, traffic)[len(before) :]
            yield Request(due_ns, number, before, fresh, Reuse.PREFIX, 0, context - answer, answer)
            due_ns += gap_ns


def _alone(name: Iterable[object], tokens: int, traffic: Traffic) -> tuple[Chunk, ...]:
    """Return the full chunks of a context that nobody shares."""
    size_bytes = traffic.object_bytes(traffic.chunk_tokens)
    count = min(tokens, traffic.most_context_tokens) // traffic.chunk_tokens
    return tuple(Chunk(mix(key(*name, place)), size_bytes, traffic.chunk_tokens) for place in range(count))


def _count(value: object, name: str, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigError(f"{where}: {name} must be a whole number, not {value!r:.40}")
    return value


def _number(value: str | None, name: str, where: str) -> float:
    try:
        number = float(value or "")
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e12:
        raise ConfigError(f"{where}: {name} must be a number of zero or more, not {value!r:.40}")
    return number
