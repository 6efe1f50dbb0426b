"""What must come before what: a read after the write of its object, a deletion after both, a write after its room is free.

The plan orders operations; threads do not. Edges keep what matters of the order: object by object, and deletions one
after the other, each before the writes that the plan has behind it. So never more is stored than the plan says,
whatever the number of threads.
"""

from dataclasses import dataclass, field

from storagebench.engines.kvcache.tiers import DELETE, GET
from storagebench.engines.kvcache.trace import Table


@dataclass(slots=True)
class _Last:
    """The latest writer of an object and those who read since."""

    writer: int = -1
    readers: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Graph:
    """For each operation: how many others it waits for, and which ones wait for it (None for nobody)."""

    waits: list[int]
    followers: list[list[int] | None]


def make_graph(operations: Table) -> Graph:
    """Tie operations together; rows are in the order of the plan."""
    count = len(operations)
    waits, followers = [0] * count, [None] * count
    graph = Graph(waits, followers)  # type: ignore[arg-type]
    last: dict[int, _Last] = {}
    deleted = -1
    kinds, objects = operations["kind"].tolist(), operations["object"].tolist()
    for row, (kind, name) in enumerate(zip(kinds, objects, strict=True)):
        seen = last.setdefault(name, _Last())
        before = {seen.writer} if kind == GET else {seen.writer, deleted, *seen.readers}
        for earlier in before - {-1}:
            _tie(graph, earlier, row)
        if kind == GET:
            seen.readers.append(row)
        else:
            seen.writer, seen.readers = row, []
            deleted = row if kind == DELETE else deleted
    return graph


def _tie(graph: Graph, earlier: int, later: int) -> None:
    graph.waits[later] += 1
    if (known := graph.followers[earlier]) is None:
        graph.followers[earlier] = [later]
    else:
        known.append(later)
