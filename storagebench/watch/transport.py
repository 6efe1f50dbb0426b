"""How a sampler gets to its host: as text over stdin, to a Python started here or through ssh. Nothing is installed.

The first bytes on stdin are the program, by its length; what follows are the launch host's questions. Ssh is the
command, as mpirun uses it too: one configuration, one agent, one known_hosts for both. It never asks (BatchMode), and
a host whose key is unknown or has changed is refused.
"""

import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from storagebench.hosts import is_local
from storagebench.launch.leash import leashed
from storagebench.model import Host
from storagebench.watch import sampler

Start = Callable[[Host, float, str], "subprocess.Popen[bytes]"]
"""Starts the sampler of one host: host, seconds between samples, directory under test.

Raises OSError where not even the program for it can be started; what goes wrong later shows in the process."""

SSH = (
    "ssh", "-T", "-x", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10",
    "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4",
)  # fmt: skip
PROGRAM = Path(sampler.__file__).read_bytes()
BOOT = f"import io;exec(compile(io.BufferedReader(io.FileIO(0,'r',False),1).read({len(PROGRAM)}),'sampler','exec'))"
"""Reads the program and not a byte more: a question may follow on its heels."""
PYTHON = ("-I", "-S", "-c", BOOT)
"""Isolated and without site-packages: started in milliseconds, and nothing of an environment can get in its way."""


def start(host: Host, interval_s: float, storage_dir: str, ssh_config: str | None = None) -> "subprocess.Popen[bytes]":
    """Start a host's sampler: here where the host is this machine, through ssh where it is not."""
    if is_local(host):
        return start_here(host, interval_s, storage_dir)
    return start_by_ssh(host, interval_s, storage_dir, ssh_config)


def start_here(host: Host, interval_s: float, storage_dir: str) -> "subprocess.Popen[bytes]":
    """Start a sampler on this machine, which dies with the thread that starts it."""
    return _fed([sys.executable, *PYTHON, str(interval_s), storage_dir, str(os.getpid())])


def start_by_ssh(
    host: Host, interval_s: float, storage_dir: str, ssh_config: str | None = None
) -> "subprocess.Popen[bytes]":
    """Start a sampler through ssh, which dies when the connection does: its stdin ends.

    Ssh itself dies with the thread that starts it, for a host that stands still would keep it waiting. `ssh_config` is
    the file that it goes by; None leaves it the user's.
    """
    remote = shlex.join(["python3", *PYTHON, str(interval_s), storage_dir, "0"])
    chosen = ["-F", ssh_config] if ssh_config else []
    return _fed([*leashed(), *SSH, *chosen, "--", host.name, remote])


def _fed(command: list[str]) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        command,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin
    with contextlib.suppress(BrokenPipeError):  # it has ended already, and its stderr says why
        process.stdin.write(PROGRAM)
    return process
