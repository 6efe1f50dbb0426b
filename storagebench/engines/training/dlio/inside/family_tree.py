"""What a rank and the processes of its torch loader have used together; they live on from epoch to epoch."""

import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_CPU_FIELDS = slice(11, 15)
"""utime, stime, cutime and cstime in /proc/<pid>/stat, counted behind the name of the program."""


class Usage(NamedTuple):
    """Sums over the processes: bytes that the kernel fetched from storage for them, seconds of processor, bytes of memory.

    Those that have ended count in their parent's numbers. Memory that several share counts once (PSS).
    """

    process_read_bytes: int
    cpu_s: float
    memory_bytes: int


def usage() -> Usage:
    """Add up what this process and its descendants have used until now; those alive tell their time in ticks of 10 ms."""
    own, *others = _family(os.getpid())
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    own_cpu_s = time.process_time() + ended.ru_utime + ended.ru_stime
    used = [_usage_of(own)._replace(cpu_s=own_cpu_s), *map(_usage_of, others)]
    return Usage(*(sum(column) for column in zip(*used, strict=True)))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in (PROC / str(pid) / "task").iterdir():
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _family(int(child))


def _usage_of(pid: int) -> Usage:
    """Return one process's; one that has just ended is in its parent's sums already."""
    try:
        read = _number((PROC / str(pid) / "io").read_text(), "read_bytes:")
        ticks = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[_CPU_FIELDS]
        memory_kib = _number((PROC / str(pid) / "smaps_rollup").read_text(), "Pss:")
    except OSError:
        return Usage(0, 0.0, 0)
    return Usage(read, sum(map(int, ticks)) * _TICK_S, memory_kib * 1024)


def _number(text: str, name: str) -> int:
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(name)), 0)
