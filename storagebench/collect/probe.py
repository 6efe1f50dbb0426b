"""What a host reads of itself: raw texts and numbers, which `storagebench.collect.host` understands.

This file is also a script of its own: it travels over ssh to ``python3 -`` and must run on any Python from 3.6 on, with
nothing but the standard library, leaving nothing behind. Hence its old-fashioned annotations.
"""

import hashlib
import json
import os
import platform
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

MARK = "@storagebench-facts "
"""Starts the one line of the answer, among whatever a login prints."""
MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
CPU_LIMITS = ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us")
"""Control groups of version 2 and 1; a container's own group is the root of what it sees."""
FILES = (
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/self/mountinfo",
    "/proc/diskstats",
    "/proc/vmstat",
    "/proc/net/dev",
    "/proc/loadavg",
    "/proc/uptime",
    "/etc/os-release",
    "/sys/fs/cgroup/cpu.max",
)
"""Texts that describe the machine."""
LISTING = (
    "import json, platform, importlib.metadata as m; print(json.dumps({'version': platform.python_version(), "
    "'distributions': {d.metadata['Name']: d.version for d in m.distributions()}}))"
)
"""What an interpreter is asked to tell of itself."""
PYTHON_S = 60
"""The time an interpreter on a slow shared filesystem gets for that."""


def answer(asked: Mapping[str, Any]) -> Dict[str, Any]:
    """Read this host.

    Args:
        asked: `paths` (folders to look at), `sentinel` (a file to read), `python` (an interpreter to ask), `checkout` (a
            folder of sources to digest), `scripts` (texts of programs with a function `facts()`, by name); each may be missing.
    """
    found = {
        "hostname": socket.gethostname(),
        "logical_cpus": os.cpu_count() or 1,
        "architecture": platform.machine(),
        "processor": platform.processor(),
        "kernel": platform.release(),
        "open_files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "files": {
            path: text
            for path, text in ((path, read(path)) for path in FILES + MEMORY_LIMITS + CPU_LIMITS)
            if text is not None
        },
        "paths": {path: look(path) for path in asked.get("paths", ())},
    }  # type: Dict[str, Any]
    if "sentinel" in asked:
        found["sentinel"] = read(asked["sentinel"])
    if "python" in asked:
        found["python"] = dict(interpreter(asked["python"]), path=asked["python"])
    if "checkout" in asked:
        found["checkout"] = {"path": asked["checkout"], "digest": digest(asked["checkout"])}
    if "scripts" in asked:
        found["extra"] = {name: told(text) for name, text in asked["scripts"].items()}
    found["files"]["/proc/cpuinfo"] = shortened(found["files"].get("/proc/cpuinfo", ""))
    found["time_s"] = time.time()
    return found


def read(path: str) -> Optional[str]:
    """Return a file's text, None where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def shortened(cpuinfo: str) -> str:
    """Leave of all processors but the last what tells cores apart: hundreds of them repeat kilobytes of flags."""
    *others, last = cpuinfo.strip().split("\n\n")
    kept = (
        "\n".join(line for line in block.splitlines() if line.startswith(("physical id", "core id")))
        for block in others
    )
    return "\n\n".join([block for block in kept if block] + [last])


def look(path: str) -> Dict[str, Any]:
    """Say whether a folder is there, and what its nearest existing parent is on."""
    real = Path(os.path.realpath(path))
    existing = next(folder for folder in [real] + list(real.parents) if folder.exists())  # noqa: RUF005 - one walk up
    number, state = existing.stat(), os.statvfs(str(existing))
    return {
        "is_directory": real.is_dir(),
        "existing": str(existing),
        "device": number.st_dev,
        "inode": number.st_ino,
        "free_bytes": state.f_bavail * state.f_frsize,
        "writable": os.access(str(existing), os.W_OK),
    }


def interpreter(python: str) -> Dict[str, Any]:
    """Ask an interpreter for its version and for what is installed there."""
    command = [python, "-I", "-c", LISTING]
    try:
        done = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        told = json.loads(done.communicate(timeout=PYTHON_S)[0].decode())  # type: Dict[str, Any]
    except subprocess.TimeoutExpired:
        done.kill()
        done.communicate()
        return {"error": f"gives no answer within {PYTHON_S} s"}
    except (OSError, ValueError) as error:
        return {"error": getattr(error, "strerror", None) or "does not run"}
    return told


def told(text: str) -> Dict[str, Any]:
    """Return the facts of a program that a plugin sent along, or what went wrong in it."""
    space = {"__name__": "storagebench_collector"}  # type: Dict[str, Any]
    try:
        exec(text, space)  # noqa: S102 - as trusted as this very script, which travels the same way
        return {"facts": json.loads(json.dumps(space["facts"]()))}
    except Exception as error:  # noqa: BLE001 - it becomes one sentence on the launch host
        return {"error": "%s: %s" % (type(error).__name__, error)}  # noqa: UP031 - Python 3.6


def digest(folder: str) -> Optional[str]:
    """Return one digest of all modules below a folder, None where there is none."""
    sources = []
    for above, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        sources += [Path(above, name) for name in names if name.endswith((".py", ".yaml"))]
    total = hashlib.sha256()
    for source in sorted(sources):
        total.update(str(source.relative_to(folder)).encode() + b"\0" + source.read_bytes() + b"\0")
    return total.hexdigest() if sources else None


def script(asked: Mapping[str, Any]) -> bytes:
    """Return this file as a program for ``python3 -`` that answers once; an import takes a name other than __main__."""
    return f"{Path(__file__).read_text(encoding='utf-8')}\n\nsay({json.dumps(asked)!r})\n".encode()


def say(asked: str) -> None:
    """Print the answer as one marked line."""
    sys.stdout.write("\n" + MARK + json.dumps(answer(json.loads(asked))) + "\n")
    sys.stdout.flush()
