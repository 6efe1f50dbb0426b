"""Parsers of /proc and /sys text: pure functions that take what they understand and leave the rest."""

import re
from pathlib import PurePath
from typing import Any, NamedTuple

SECTOR_BYTES = 512
"""Sectors of /sys/dev/block/*/stat, whatever the device's own (Documentation/block/stat.rst)."""
STAT_READS = 0
STAT_SECTORS_READ = 2
STAT_SECTORS_WRITTEN = 6
_CREDENTIALS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^/\s@]*@")
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)


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
            found.append(Mount(fields[2], _unescaped(fields[4]), rest[0], without_credentials(_unescaped(rest[1]))))
    return tuple(found)


def mount_of(found: tuple[Mount, ...], real: PurePath) -> Mount | None:
    """Return the mount that a real path is on: the innermost, and of several on one point the last, which hides others."""
    above = [mount for mount in found if real.is_relative_to(mount.mount_point)]
    return max(enumerate(above), key=lambda item: (len(item[1].mount_point), item[0]))[1] if above else None


def equal_pairs(text: str) -> dict[str, str]:
    """Parse ``KEY="value"`` lines such as those of /etc/os-release."""
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip(): value.strip().strip("\"'") for key, equals, value in pairs if equals}


def blank_pairs(text: str) -> dict[str, int]:
    """Parse ``name 123`` lines such as those of /proc/vmstat."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and _NUMBER.fullmatch(pair[1])}


def disks(diskstats: str) -> tuple[dict[str, Any], ...]:
    """Parse /proc/diskstats (Documentation/admin-guide/iostats.rst): what each device has moved since boot."""
    rows = (line.split() for line in diskstats.splitlines())
    return tuple(
        {
            "name": row[2],
            "reads": int(row[3]),
            "read_bytes": int(row[5]) * SECTOR_BYTES,
            "writes": int(row[7]),
            "written_bytes": int(row[9]) * SECTOR_BYTES,
        }
        for row in rows
        if len(row) > 9 and all(map(_NUMBER.fullmatch, row[3:10])) and row[3] + row[7] != "00"
    )


def networks(dev: str) -> tuple[dict[str, Any], ...]:
    """Parse /proc/net/dev: what each interface but the loopback has moved since boot."""
    found = []
    for line in dev.splitlines():
        name, colon, numbers = line.partition(":")
        row = numbers.split()
        if colon and len(row) > 8 and all(map(_NUMBER.fullmatch, row[:9])) and name.strip() != "lo":
            found.append({"name": name.strip(), "received_bytes": int(row[0]), "sent_bytes": int(row[8])})
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


def without_credentials(text: str) -> str:
    """Leave out who logs in, and with which password, where a text holds URLs: ``https://u:p@host`` is ``https://host``."""
    return _CREDENTIALS.sub(r"\1", text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-3][0-7]{2})", lambda found: chr(int(found[1], 8)), text)
