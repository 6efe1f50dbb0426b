"""This machine, described in one go from /proc."""

import os
import platform
import socket
from pathlib import Path

from storagebench.collect import proc
from storagebench.model import HostFacts


def local_host() -> HostFacts:
    """Describe the machine this runs on; where a container limits memory, the limit is what is available."""
    cpuinfo, meminfo = _text("/proc/cpuinfo"), proc.colon_pairs(_text("/proc/meminfo"))
    processor, logical = proc.last_processor(cpuinfo), os.cpu_count() or 1
    return HostFacts(
        hostname=socket.gethostname(),
        memory_bytes=proc.kib(meminfo.get("MemTotal")),
        available_bytes=min(proc.kib(meminfo.get("MemAvailable")), *_limits()),
        logical_cpus=logical,
        physical_cpus=proc.physical_cpus(cpuinfo) or logical,
        cpu_model=processor.get("model name", platform.processor() or platform.machine()),
        architecture=platform.machine(),
        kernel=platform.release(),
        meminfo=meminfo,
        cpuinfo=processor,
        mounts=tuple(mount._asdict() for mount in proc.mounts(_text("/proc/self/mountinfo"))),
    )


def _limits() -> list[int]:
    """Return the memory limits of this process's control group, versions 2 and 1; a huge one stands for none."""
    files = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
    texts = [_text(file).strip() for file in files]
    return [int(text) for text in texts if text.isdecimal()] or [2**63]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
