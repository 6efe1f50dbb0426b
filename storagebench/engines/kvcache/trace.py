"""The plan of one rank as columns: every GET, PUT and DELETE with its request, and every request with its due time.

A pure function of stage, seed, rank and number of ranks; nothing of it is decided while it runs. Its SHA-256 is that of
the bytes of both tables, little-endian, in order.
"""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from storagebench.engines.kvcache.nouns import Chunk, Request, Reuse
from storagebench.engines.kvcache.requests import requests_of
from storagebench.engines.kvcache.tiers import DELETE, GET, MISS, PUT, STORAGE, LogicalCache, Step
from storagebench.errors import PlanError
from storagebench.model import Stage
from storagebench.units import bytes_text

SECOND_NS = 1_000_000_000
BLOCK_ROWS = 65_536
MOST_ROWS = 8_000_000
"""Operations, and requests: gigabytes of plan and its graph; a longer one is refused with advice."""
IDLE_REQUESTS = 10_000
"""After so many requests in a row without a byte moved, none will come."""

OPERATION = np.dtype(
    [
        ("object", "<u8"),
        ("size_bytes", "<u8"),
        ("request", "<u4"),
        ("version", "<u4"),
        ("tokens", "<u4"),
        ("kind", "u1"),
        ("part", "u1"),
    ]
)
"""`version` counts the PUTs of an object; `part` is when in its request: restore, store, reread."""
RESTORE, STORE, REREAD = 0, 1, 2

REQUEST = np.dtype(
    [
        ("due_ns", "<i8"),
        ("session", "<u4"),
        ("first", "<u4"),
        ("operations", "<u4"),
        ("input_tokens", "<u4"),
        ("output_tokens", "<u4"),
        ("missed", "<u4"),
        ("in_hbm", "<u4"),
        ("in_dram", "<u4"),
        ("in_storage", "<u4"),
    ]
)
"""`first` and `operations` say which rows; the last four count the chunks of its context by where they were found."""

Table = NDArray[np.void]


@dataclass(frozen=True)
class Trace:
    """The tables of what is timed and, in `fill`, of the writes before it; the peak is that of both."""

    operations: Table
    requests: Table
    fill: Table
    peak_bytes: int
    stored_objects: int

    @cached_property
    def sha256(self) -> str:
        """The identity of the plan."""
        digest = hashlib.sha256()
        for table in (self.fill, self.requests, self.operations):
            digest.update(np.ascontiguousarray(table).tobytes())
        return digest.hexdigest()

    @property
    def hit_ratio(self) -> float | None:
        """Chunks of all contexts found in any tier; None when there was none to look for."""
        looked_up = sum(int(self.requests[name].sum()) for name in ("missed", "in_hbm", "in_dram", "in_storage"))
        return 1 - int(self.requests["missed"].sum()) / looked_up if looked_up else None

    def moved_bytes(self, kind: int) -> int:
        """Bytes of all timed operations of a kind."""
        return int(self.operations["size_bytes"][self.operations["kind"] == kind].sum())


class _Columns:
    """Rows under way to a table, a block at a time."""

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self._dtype = dtype
        self._blocks: list[Table] = []
        self._rows: list[tuple[int, ...]] = []
        self.count = 0

    def add(self, *row: int) -> None:
        self._rows.append(row)
        self.count += 1
        if len(self._rows) == BLOCK_ROWS:
            self._seal()

    def table(self) -> Table:
        self._seal()
        return np.concatenate(self._blocks) if self._blocks else np.empty(0, self._dtype)

    def _seal(self) -> None:
        if self._rows:
            self._blocks.append(np.array(self._rows, self._dtype))
            self._rows = []


def make_trace(stage: Stage, seed: int, ranks: int = 1) -> Trace:
    """Plan a stage for one rank of its own (`ranks` 1), or for several that share their keys.

    Raises:
        ConfigError: the profile or its trace file cannot be used.
        PlanError: the plan would be too long, or evicts although its keys are shared.
    """
    return _Planning(stage, seed, ranks).trace()


class _Planning:
    """What is carried from request to request."""

    def __init__(self, stage: Stage, seed: int, ranks: int) -> None:
        self._stage = stage
        self._requests = requests_of(stage.traffic, seed)
        self._cache = LogicalCache(stage.tiers)
        self._operations, self._rows, self._fill = _Columns(OPERATION), _Columns(REQUEST), _Columns(OPERATION)
        self._versions: dict[int, int] = {}
        self._ranks = ranks
        self._moved_bytes = 0
        self._last_move = 0
        self._stored: list[Request] = []

    def trace(self) -> Trace:
        first = self._filled()
        if first is not None:
            self._timed(first)
        return Trace(
            self._operations.table(),
            self._rows.table(),
            self._fill.table(),
            self._cache.peak_bytes,
            self._cache.stored_objects,
        )

    def _filled(self) -> Request | None:
        """Take in requests until the fill is stored, or the tier is as full as it gets; return the next one."""
        target = min(self._stage.load.fill_bytes, self._stage.tiers.storage_bytes)
        written, idle, evicted = 0, 0, False
        for request in self._requests:
            if evicted or written >= target:
                return request
            self._refuse_idling(idle)
            self._stored.append(request)
            idle += 1
            for chunk in (*request.known, *request.fresh):
                if self._cache.find(chunk) != MISS:
                    continue
                for step in self._cache.write(chunk):
                    self._row(self._fill, step, 0, STORE)
                    written += step.chunk.size_bytes if step.kind == PUT else 0
                    evicted, idle = evicted or step.kind == DELETE, 0
        return None

    def _timed(self, first: Request) -> None:
        for request in self._again(first) if self._stage.traffic.mode == "decode" else self._with(first):
            due_ns = request.due_ns - first.due_ns
            if self._is_enough(due_ns):
                return
            self._request(request, due_ns)
            if max(self._operations.count, self._rows.count) > MOST_ROWS:
                raise PlanError(
                    f"{self._stage.name}: the plan has more than {MOST_ROWS:,} operations or requests; "
                    "lower load.most_gib_per_s or the window, or take larger chunks"
                )
            self._refuse_idling(self._rows.count - self._last_move)
        if self._stage.load.kind != "closed":
            raise PlanError(
                f"{self._stage.traffic.trace} ends before the window does: lower load.rate or load.window_s"
            )

    def _refuse_idling(self, requests: int) -> None:
        """Refuse a load that never reaches the storage: its plan would have no end."""
        if requests > IDLE_REQUESTS:
            raise PlanError(
                f"{self._stage.name}: {IDLE_REQUESTS:,} requests in a row ask nothing of the storage, since memory "
                "holds all that they read, or the storage tier no object: change the sizes of tiers"
            )

    def _with(self, first: Request) -> Iterator[Request]:
        yield first
        yield from self._requests

    def _again(self, first: Request) -> Iterator[Request]:
        """Ask for whole contexts that the fill stored, over and over: that is all there is to read."""
        if not self._stored:
            raise PlanError(
                f"{self._stage.name}: mode decode reads what was stored before: set load.fill_gib above zero"
            )
        begin_ns = self._stored[0].due_ns
        length_ns = first.due_ns - begin_ns
        for turn in itertools.count():
            shift_ns = first.due_ns - begin_ns + turn * length_ns
            for request in self._stored:
                context = (*request.known, *request.fresh)
                yield request._replace(due_ns=request.due_ns + shift_ns, known=context, fresh=())

    def _is_enough(self, due_ns: int) -> bool:
        load = self._stage.load
        if load.kind == "closed":
            return self._moved_bytes >= self._stage.most_bytes * self._ranks
        return due_ns > load.rate * (load.warmup_s + load.window_s) * SECOND_NS

    def _request(self, request: Request, due_ns: int) -> None:
        number, first = self._rows.count, self._operations.count
        found = self._look_up(request, number)
        missing = found[MISS] if request.reuse is not Reuse.TURNS else []
        reads, writes = self._stage.traffic.mode != "prefill", self._stage.traffic.mode != "decode"
        for chunk in (*missing, *request.fresh) if writes else ():
            for step in self._cache.write(chunk):
                self._row(self._operations, step, number, STORE)
        for chunk in request.fresh if reads and writes else ():
            for _ in range(request.rereads):
                if self._cache.find(chunk) == STORAGE:
                    self._row(self._operations, Step(GET, chunk), number, REREAD)
        operations = self._operations.count - first
        lengths = (request.input_tokens, request.output_tokens)
        missed, *hits = (len(found[level]) for level in sorted(found))
        missed += len(request.fresh) if request.reuse is not Reuse.TURNS else 0
        self._rows.add(due_ns, request.session, first, operations, *lengths, missed, *hits)

    def _look_up(self, request: Request, number: int) -> dict[int, list[Chunk]]:
        """Find what the request would like to have; a hole in a prefix makes the rest useless."""
        found: dict[int, list[Chunk]] = {level: [] for level in range(MISS, STORAGE + 1)}
        if self._stage.traffic.mode == "prefill":  # it reads nothing, so that all is new to it
            found[MISS] = list(request.known)
            return found
        steps: list[Step] = []
        for chunk in request.known:
            level = MISS if request.reuse is Reuse.PREFIX and found[MISS] else self._cache.find(chunk)
            found[level].append(chunk)
            if level == STORAGE:
                steps += self._cache.read(chunk)
        for step in sorted(steps, key=lambda step: step.kind != GET):
            self._row(self._operations, step, number, RESTORE if step.kind == GET else STORE)
        return found

    def _row(self, table: _Columns, step: Step, request: int, part: int) -> None:
        kind, chunk = step
        version = self._versions.get(chunk.object, 0)
        if kind == PUT:
            version = self._versions[chunk.object] = version + 1
        elif kind == DELETE and self._stage.storing.keys == "shared":
            raise PlanError(
                f"{self._stage.name}: {bytes_text(self._stage.tiers.storage_bytes)} do not hold what ranks share, and "
                "an object that one of them evicts may be read by another: raise tiers.storage_gib or lower the window"
            )
        if kind != DELETE and table is self._operations:
            self._moved_bytes += chunk.size_bytes
            self._last_move = request
        table.add(chunk.object, chunk.size_bytes, request, version, chunk.tokens, kind, part)
