"""What a machine is, understood from what it read of itself."""

from collections.abc import Mapping
from typing import Any

from storagebench.collect import probe, proc
from storagebench.model import HostFacts

NO_LIMIT = 2**60
"""Control groups of version 1 say a number of this size where there is no limit."""


def facts_of(answer: Mapping[str, Any]) -> HostFacts:
    """Describe a machine by its answer; where a container limits memory, the limit is what is available."""
    files: Mapping[str, str] = answer["files"]
    cpuinfo, meminfo = files.get("/proc/cpuinfo", ""), proc.colon_pairs(files.get("/proc/meminfo", ""))
    processor, logical = proc.last_processor(cpuinfo), answer["logical_cpus"]
    limit = _memory_limit(files)
    available = proc.kib(meminfo.get("MemAvailable"))
    return HostFacts(
        hostname=answer["hostname"],
        memory_bytes=proc.kib(meminfo.get("MemTotal")),
        available_bytes=available if limit is None else min(available, limit),
        logical_cpus=logical,
        physical_cpus=proc.physical_cpus(cpuinfo) or logical,
        cpu_model=processor.get("model name", answer["processor"] or answer["architecture"]),
        architecture=answer["architecture"],
        kernel=answer["kernel"],
        system=proc.equal_pairs(files.get("/etc/os-release", "")).get("PRETTY_NAME", ""),
        open_files_limit=answer["open_files"],
        memory_limit_bytes=limit,
        cpu_limit=_cpu_limit(files),
        uptime_s=_first_number(files.get("/proc/uptime", "")),
        load_1min=_first_number(files.get("/proc/loadavg", "")),
        clock_offset_s=answer.get("clock_offset_s"),
        clock_uncertainty_s=answer.get("clock_uncertainty_s"),
        meminfo=meminfo,
        cpuinfo=processor,
        vmstat=proc.blank_pairs(files.get("/proc/vmstat", "")),
        disks=proc.disks(files.get("/proc/diskstats", "")),
        networks=proc.networks(files.get("/proc/net/dev", "")),
        extra={name: told["facts"] for name, told in answer.get("extra", {}).items()},
        mounts=tuple(mount._asdict() for mount in proc.mounts(files.get("/proc/self/mountinfo", ""))),
    )


def _memory_limit(files: Mapping[str, str]) -> int | None:
    texts = (files.get(name, "").strip() for name in probe.MEMORY_LIMITS)
    limits = [int(text) for text in texts if text.isdecimal() and int(text) < NO_LIMIT]
    return min(limits, default=None)


def _cpu_limit(files: Mapping[str, str]) -> float | None:
    """Return the processors that a control group allows, from "quota period"; version 1 has a file for each."""
    words = files.get("/sys/fs/cgroup/cpu.max", "").split()
    if len(words) != 2:
        words = [files.get(name, "").strip() for name in probe.CPU_LIMITS]
    quota, period = words
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() and int(period) else None


def _first_number(text: str) -> float:
    first = text.split(maxsplit=1)[:1]
    try:
        return float(first[0]) if first else 0.0
    except ValueError:
        return 0.0
