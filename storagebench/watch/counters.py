"""What kernel counters say between two samples: counters wrap, hosts reboot, samples go missing. Pure.

A sampled line becomes a `Sample` with the counters of each channel, still raw and each under its source, because a wrap
can only be told where it happens. Two samples make a `Span`: what was counted in it, by channel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

SECTOR_BYTES = 512
CHANNELS = {
    "read": SECTOR_BYTES,
    "written": SECTOR_BYTES,
    "received": 1,
    "sent": 1,
    "cpu_busy": 1,
    "cpu_waiting": 1,
    "cpu_all": 1,
}
"""What is followed, and its unit: bytes, and ticks of processor time (busy is neither idle nor waiting for I/O)."""

Counters = Mapping[str, Mapping[str, int]]

_IDLE, _WAITING, _GUEST = 3, 4, 8
"""Places in the cpu line of /proc/stat; guests are counted in user and nice already."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The counters of one host at one moment of its monotonic clock, by channel and source."""

    mono_s: float
    counters: Counters


@dataclass(frozen=True, slots=True)
class Span:
    """What was counted between two moments; a channel whose counter was reset in between is absent."""

    begin_s: float
    end_s: float
    amounts: Mapping[str, float]


def sample_of(line: Mapping[str, Any], device: str | None, mount_point: str | None) -> Sample:
    """Make a sample of a sampler's line.

    Storage is the device below the directory under test; where there is none, the NFS mount; where there is neither,
    all devices that do not stand on others.
    """
    read, written = _storage(line, device, mount_point)
    networks = {name: row for name, row in line["networks"].items() if name != "lo"}
    cpu = line["cpu"][:_GUEST]
    waiting, every = (cpu[_WAITING], sum(cpu)) if len(cpu) > _WAITING else (0, 0)
    counters = {
        "read": read,
        "written": written,
        "received": {name: row[0] for name, row in networks.items()},
        "sent": {name: row[8] for name, row in networks.items()},
    }
    if every:
        busy = every - cpu[_IDLE] - waiting
        counters |= {"cpu_busy": {"cpu": busy}, "cpu_waiting": {"cpu": waiting}, "cpu_all": {"cpu": every}}
    return Sample(float(line["mono"]), counters)


def span(before: Sample, after: Sample) -> Span | None:
    """Return what was counted between two samples of a host; None where its clock began anew (a reboot)."""
    if after.mono_s <= before.mono_s:
        return None
    amounts = {}
    for channel, unit in CHANNELS.items():
        first, second = before.counters.get(channel, {}), after.counters.get(channel, {})
        steps = [advance(first[source], second[source]) for source in first.keys() & second.keys()]
        known = [step for step in steps if step is not None]
        if known and len(known) == len(steps):
            amounts[channel] = float(unit * sum(known))
    return Span(before.mono_s, after.mono_s, amounts)


def spans(samples: Sequence[Sample]) -> list[Span]:
    """Return the spans between samples in the order they were taken."""
    found = (span(before, after) for before, after in pairwise(samples))
    return [one for one in found if one is not None]


def advance(before: int, after: int) -> int | None:
    """Return by how much a counter went up; None where it was reset.

    A counter that fell has wrapped at 32 or 64 bits if it stood in the last quarter before and in the first after;
    otherwise it was reset, and what it counted before is unknown.
    """
    if after >= before:
        return after - before
    for size in (1 << 32, 1 << 64):
        if size // 4 * 3 <= before < size and after < size // 4:
            return after + size - before
    return None


def _storage(
    line: Mapping[str, Any], device: str | None, mount_point: str | None
) -> tuple[dict[str, int], dict[str, int]]:
    disks = line["disks"]
    if device is None and (mount := line.get("nfs", {}).get(mount_point)):
        # Bytes that went over the wire (serverreadbytes, serverwritebytes), in whole sectors as the rest.
        direct = mount.get("bytes", [0] * 6)
        return ({"nfs": direct[4] // SECTOR_BYTES}, {"nfs": direct[5] // SECTOR_BYTES})
    standing = ("dm-", "md", "zram")
    names = (
        [device]
        if device is not None and device in disks
        else [name for name in disks if not name.startswith(standing)]
    )
    return {name: disks[name][2] for name in names}, {name: disks[name][6] for name in names}
