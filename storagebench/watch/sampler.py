"""The sampler: one small process on each host that writes down what the kernel counts, every few seconds.

It travels as text to any Python from 3.6 on (`transport.py`), so it imports the standard library alone and keeps to
old syntax; nothing is left on the host. Arguments: seconds between samples (0: none), the directory under test, and
the pid to die with (0: the end of stdin alone ends it). It writes JSON lines to stdout::

    {"kind": "hello", "host": ..., "device": "vda1", ...}      once
    {"kind": "sample", "n": 3, "wall": ..., "mono": ..., ...}  on a grid of the monotonic clock that does not drift
    {"kind": "pong" | "looked", "id": ..., ...}                in answer to a line on stdin

and reads ``ping ID``, ``look ID PID,PID``, ``dump ID PID,PID`` and ``stop`` from stdin. Counters are raw, as the kernel
has them: sectors of 512 bytes, processor time in ticks, memory in kB, pressure in µs. A slow host skips points of the
grid, which `n` shows; it never catches up.
"""

import ctypes
import json
import math
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
NICE = 19
MOST_THREADS = 64
"""Of a rank with more threads than this, the first are looked at."""
MEMORY = {"MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "Dirty", "Writeback", "SwapFree", "NFS_Unstable"}
VMSTAT = {"pgpgin", "pgpgout", "pswpin", "pswpout", "pgfault", "pgmajfault", "nr_dirtied", "nr_written", "oom_kill"}
PRESSURE = ("cpu", "io", "memory")


class Source:
    """A file of /proc that is opened once and read again and again; one that is not there reads as empty."""

    def __init__(self, path: str) -> None:
        try:
            self._file = os.open(path, os.O_RDONLY)
        except OSError:
            self._file = -1

    def read(self) -> str:
        """Return the file as it is now."""
        parts = []  # type: list[bytes]
        try:
            while self._file >= 0:
                part = os.pread(self._file, 65536, sum(map(len, parts)))
                if not part:
                    break
                parts.append(part)
        except OSError:  # a kernel without pressure accounting has the files but no words
            return ""
        return b"".join(parts).decode("ascii", "replace")


def disks(text: str, kept: "set[str]") -> "dict[str, list[int]]":
    """Parse /proc/diskstats for the devices kept (Documentation/admin-guide/iostats.rst)."""
    rows = (line.split() for line in text.splitlines())
    return {row[2]: [int(field) for field in row[3:]] for row in rows if len(row) > 13 and row[2] in kept}


def networks(text: str) -> "dict[str, list[int]]":
    """Parse /proc/net/dev; interfaces that never counted anything are left out."""
    found = {}
    for line in text.splitlines():
        name, colon, fields = line.partition(":")
        if colon and fields.strip("0 "):
            found[name.strip()] = [int(field) for field in fields.split()]
    return found


def processors(text: str) -> "list[int]":
    """Parse the first line of /proc/stat: ticks of user, nice, system, idle, iowait, irq, softirq, steal, guests."""
    fields = text.partition("\n")[0].split()
    return [int(field) for field in fields[1:]] if fields[:1] == ["cpu"] else []


def named(text: str, wanted: "set[str]") -> "dict[str, int]":
    """Parse lines of a name and a number (/proc/meminfo, /proc/vmstat)."""
    rows = (line.split() for line in text.splitlines())
    return {row[0].rstrip(":"): int(row[1]) for row in rows if len(row) > 1 and row[0].rstrip(":") in wanted}


def pressure(text: str) -> "dict[str, int]":
    """Parse a file of /proc/pressure: µs in which some, or all, tasks waited."""
    rows = (line.split() for line in text.splitlines())
    return {row[0]: int(row[-1].partition("=")[2]) for row in rows if row and row[-1].startswith("total=")}


def nfs(text: str) -> "dict[str, dict[str, list[int]]]":
    """Parse /proc/self/mountstats: for each NFS mount point its bytes, and what READ and WRITE cost (nfsiostat(8))."""
    found = {}  # type: dict[str, dict[str, list[int]]]
    rows = {}  # type: dict[str, list[int]]
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["device"]:
            rows = {}
            if "fstype" in words and words[words.index("fstype") + 1].startswith("nfs"):
                found[line.partition(" mounted on ")[2].partition(" with fstype")[0]] = rows
        elif words[:1] in (["bytes:"], ["READ:"], ["WRITE:"]):
            rows[words[0].rstrip(":").lower()] = [int(word) for word in words[1:]]
    return found


def device_below(path: Path) -> "str | None":
    """Name the block device that holds a path; None for NFS, tmpfs, overlay and their like."""
    number = path.stat().st_dev
    if os.major(number) == 0:
        return None
    return Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve().name


def existing(path: str) -> Path:
    """Return a path without links, or its nearest parent that exists."""
    real = Path(path).resolve()
    return next(parent for parent in (real, *real.parents) if parent.exists())


def mount_point(path: Path) -> str:
    """Name the mount point of a path without links."""
    return next(str(parent) for parent in (path, *path.parents) if os.path.ismount(str(parent)))


class Sampler:
    """The open files of one host."""

    def __init__(self, path: Path) -> None:
        self.device = device_below(path)
        # The loop and ram devices of a distribution are no storage; the one under test is kept whatever it is.
        whole = {entry.name for entry in Path("/sys/block").iterdir() if not entry.name.startswith(("loop", "ram"))}
        self.kept = whole | {self.device or ""}
        self._sources = {
            name: Source("/proc/" + name) for name in ("diskstats", "net/dev", "stat", "meminfo", "vmstat")
        }
        self._pressure = {name: Source("/proc/pressure/" + name) for name in PRESSURE}
        mounts = Source("/proc/self/mountstats")
        self._mounts = mounts if nfs(mounts.read()) else None

    def sample(self, number: int) -> "dict[str, object]":
        """Return all counters as they are now."""
        wall, mono = time.time(), time.monotonic()
        texts = {name: source.read() for name, source in self._sources.items()}
        known = {
            "disks": disks(texts["diskstats"], self.kept),
            "networks": networks(texts["net/dev"]),
            "cpu": processors(texts["stat"]),
            "memory": named(texts["meminfo"], MEMORY),
            "vmstat": named(texts["vmstat"], VMSTAT),
            "pressure": {name: pressure(source.read()) for name, source in self._pressure.items()},
        }
        if self._mounts is not None:
            known["nfs"] = nfs(self._mounts.read())
        return dict(known, kind="sample", n=number, wall=wall, mono=mono, took_s=round(time.monotonic() - mono, 6))

    def device_sectors(self) -> "int | None":
        """Return the sectors that the device under test has read and written."""
        row = disks(self._sources["diskstats"].read(), {self.device or ""}).get(self.device or "")
        return row[2] + row[6] if row else None


def text_of(path: str) -> str:
    """Return a small file's text, nothing where it cannot be read."""
    try:
        return Path(path).read_text()
    except (OSError, ValueError):
        return ""


def look(pid: int) -> "dict[str, object]":
    """Say how much a process has read and written, and where each of its threads is: its state and kernel function."""
    folder = f"/proc/{pid}"
    io = named(text_of(folder + "/io"), {"rchar", "wchar", "read_bytes", "write_bytes"})
    try:
        tasks = sorted(int(entry.name) for entry in Path(folder, "task").iterdir())[:MOST_THREADS]
    except OSError:
        return {"pid": pid, "gone": True}
    return {"pid": pid, "io": sum(io.values()) if io else None, "threads": [place(folder, task) for task in tasks]}


def place(folder: str, task: int) -> "list[str]":
    """Return a thread's state letter, and the kernel function that it sleeps in ("" where it runs or nobody tells)."""
    state = text_of(f"{folder}/task/{task}/stat").rpartition(")")[2].split()[:1]
    function = text_of(f"{folder}/task/{task}/wchan").strip()
    return [state[0] if state else "?", "" if function == "0" else function]


def dump(pid: int) -> bool:
    """Ask a rank for its Python stacks on its stderr; a process that does not wait for the signal is left alone."""
    caught = [line.split()[1] for line in text_of(f"/proc/{pid}/status").splitlines() if line.startswith("SigCgt:")]
    if not caught or not int(caught[0], 16) >> (signal.SIGUSR1 - 1) & 1:
        return False
    try:
        os.kill(pid, signal.SIGUSR1)
    except OSError:
        return False
    return True


def say(message: "dict[str, object]") -> None:
    """Write one line."""
    left = json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"
    while left:
        left = left[os.write(1, left) :]


def hello(sampler: Sampler, path: Path) -> "dict[str, object]":
    """Say who samples what."""
    return {
        "kind": "hello",
        "version": 1,
        "host": socket.gethostname(),
        "boot": text_of("/proc/sys/kernel/random/boot_id").strip(),
        "pid": os.getpid(),
        "ticks_per_s": os.sysconf("SC_CLK_TCK"),
        "cpus": os.cpu_count(),
        "device": sampler.device,
        "mount_point": mount_point(path),
        "python": sys.version.split()[0],
    }


def answer(sampler: Sampler, line: str) -> None:
    """Do what a line from the launch host asks."""
    what, number, *rest = [*line.split(), "", ""]
    pids = [int(pid) for pid in rest[0].split(",") if pid]
    if what == "ping":
        say({"kind": "pong", "id": number, "wall": time.time(), "mono": time.monotonic()})
    elif what == "look":
        ranks = [look(pid) for pid in pids]
        say({"kind": "looked", "id": number, "device_sectors": sampler.device_sectors(), "ranks": ranks})
    elif what == "dump":
        say({"kind": "dumped", "id": number, "pids": [pid for pid in pids if dump(pid)]})


def hold(parent: int) -> None:
    """Die with the parent, whatever kills it, and take nothing from anybody while alive."""
    if parent:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)
    os.nice(NICE)


def follow(sampler: Sampler, interval_s: float) -> None:
    """Sample on the grid and answer, until stdin ends or says stop, which takes a last sample."""
    begin, number, begun = time.monotonic(), 0, b""
    stdin = select.poll()
    stdin.register(0, select.POLLIN)
    while True:
        timeout_ms = None  # type: int | None
        if interval_s > 0:
            if time.monotonic() >= begin + number * interval_s:
                say(sampler.sample(number))
                number = int((time.monotonic() - begin) // interval_s) + 1
            timeout_ms = max(0, math.ceil(1000 * (begin + number * interval_s - time.monotonic())))
        if stdin.poll(timeout_ms):
            chunk = os.read(0, 65536)
            lines = (begun + chunk).split(b"\n")
            begun = lines.pop()
            for line in lines:
                if line == b"stop":
                    if interval_s > 0:
                        say(dict(sampler.sample(number), last=True, cpu_s=round(time.process_time(), 4)))
                    return
                answer(sampler, line.decode("ascii", "replace"))
            if not chunk:
                return


def main(interval_s: float, path: str, parent: int) -> None:
    """Be a sampler; a launch host that is gone needs no explanation."""
    hold(parent)
    real = existing(path)
    sampler = Sampler(real)
    try:
        say(hello(sampler, real))
        follow(sampler, interval_s)
    except BrokenPipeError:
        os._exit(1)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
