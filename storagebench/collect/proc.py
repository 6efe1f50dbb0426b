"""Parsers of /proc and /sys text: pure functions that take what they understand and leave the rest."""

import re
from typing import NamedTuple

SECTOR_BYTES = 512
"""Sectors of /sys/dev/block/*/stat, whatever the device's own (Documentation/block/stat.rst)."""
STAT_READS = 0
STAT_SECTORS_READ = 2
STAT_SECTORS_WRITTEN = 6


class Mount(NamedTuple):
    """One line of /proc/self/mountinfo; `device` is major:minor."""

    device: str
    mount_point: str
    type: str
    source: str


def colon_pairs(text: str) -> dict[str, str]:
    """Parse ``key: value`` lines such as those of /proc/meminfo; the first of equal keys wins."""
    pairs: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip():
            pairs.setdefault(key.strip(), value.strip())
    return pairs


def kib(value: str | None) -> int:
    """Turn a /proc/meminfo value ("97095748 kB") into bytes; 0 where there is none."""
    found = re.match(r"(\d+)\s*kB$", value or "", re.ASCII)
    return int(found[1]) * 1024 if found else 0


def last_processor(cpuinfo: str) -> dict[str, str]:
    """Return the pairs of the last processor in /proc/cpuinfo, which is the one that upstream records."""
    blocks = [block for block in re.split(r"\n\s*\n", cpuinfo) if block.strip()]
    return colon_pairs(blocks[-1]) if blocks else {}


def physical_cpus(cpuinfo: str) -> int:
    """Count cores by their package and core ids; 0 where the text has none (as on aarch64)."""
    blocks = [colon_pairs(block) for block in re.split(r"\n\s*\n", cpuinfo)]
    return len({(block.get("physical id"), block["core id"]) for block in blocks if "core id" in block})


def mounts(mountinfo: str) -> tuple[Mount, ...]:
    r"""Parse /proc/self/mountinfo (proc(5)); octal escapes such as ``\040`` are resolved."""
    found = []
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields, rest = before.split(), after.split()
        if separator and len(fields) > 4 and len(rest) > 1:
            found.append(Mount(fields[2], _unescaped(fields[4]), rest[0], _unescaped(rest[1])))
    return tuple(found)


def reads_completed(stat: str) -> int | None:
    """Return the reads a device has completed, from its stat line; None when the line is not one."""
    return _field(stat, STAT_READS)


def sectors_read(stat: str) -> int | None:
    """Return the sectors a device has read, from its stat line; None when the line is not one."""
    return _field(stat, STAT_SECTORS_READ)


def sectors_written(stat: str) -> int | None:
    """Return the sectors a device has written, from its stat line; None when the line is not one."""
    return _field(stat, STAT_SECTORS_WRITTEN)


def _field(stat: str, place: int) -> int | None:
    fields = stat.split()
    return int(fields[place]) if len(fields) > place and fields[place].isdecimal() else None


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-3][0-7]{2})", lambda found: chr(int(found[1], 8)), text)
