"""Starting, ending and describing the processes of a job; each leads a session and a process group of its own."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import storagebench
from storagebench import extensions

GRACE_S = 3.0
"""What a process gets between SIGTERM and SIGKILL."""


def rank_environment(connection: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a rank: ours, the checkout and plugins on PYTHONPATH, and how to reach the launcher.

    The checkout comes by PYTHONPATH and ranks start with ``-P``, so that no file of the working directory can
    take a module's place. A crash in native code leaves the Python stack on stderr (PYTHONFAULTHANDLER).
    """
    checkout = str(Path(storagebench.__file__).parents[1])
    paths = [checkout, *extensions.roots(), *filter(None, [os.environ.get("PYTHONPATH")])]
    settings = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}
    return {**os.environ, **settings, **connection}


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Say whether a process has ended, without reaping it: its pid, and so its group, cannot be taken yet."""
    if process.returncode is not None:
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def has_children(pid: int) -> bool:
    """Say whether a process has children; True when the kernel does not tell (CONFIG_PROC_CHILDREN)."""
    try:
        return any(task.joinpath("children").read_text() for task in Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return True


def end(processes: Iterable[subprocess.Popen[bytes]], grace_s: float = GRACE_S) -> None:
    """End the processes with all that is left of their sessions, and reap them: SIGTERM, grace, SIGKILL.

    The processes must lead their sessions. A second Ctrl-C cuts the grace short; the SIGKILL always comes.
    """
    alive = [process for process in processes if process.returncode is None]
    try:
        for process in alive:
            if not has_ended(process):
                os.killpg(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while time.monotonic() < deadline and not all(has_ended(process) for process in alive):
            time.sleep(0.005)
    finally:
        _kill_sessions({process.pid for process in alive})
        for process in alive:
            process.wait()


def ending_text(returncode: int) -> str:
    """Say how a process ended: ``ending_text(-9) == "was killed by SIGKILL (out of memory?)"``."""
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-returncode).name
        return f"was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
    return f"was killed by signal {-returncode}"


def _kill_sessions(sessions: set[int]) -> None:
    """Kill whatever belongs to the sessions, again until a look finds nothing new (a fork can outrun one look).

    Their leaders are not reaped yet, so that no other session can have taken their numbers.
    """
    killed: set[int] = set()
    while found := {pid for pid in _pids() if _session(pid) in sessions} - killed:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed |= found


def _pids() -> Iterable[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None
