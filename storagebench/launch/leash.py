"""Processes that do not outlive the one that started them, not even when it is killed with SIGKILL.

Linux kills a process whose parent dies, if it asked for that (prctl(2), PR_SET_PDEATHSIG). The wish survives
execve, so a program that knows nothing of it can be put on the leash too::

    python -m storagebench.launch.leash <pid of the parent> mpirun -n 2 ...

Every rank holds the leash of what started it. It does not reach the children of a rank: an engine that starts
some lets each of them `hold(<pid of the rank>)` first.
"""

import ctypes
import functools
import os
import signal
import subprocess
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1


def hold(parent: int) -> None:
    """Die by SIGKILL when the process `parent` ends; at once if it is gone already.

    The kernel watches the *thread* that started us, so a launcher must wait in the thread that launches.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


@functools.cache
def leashed() -> tuple[str, ...]:
    """Return the words before a command that let it die with its parent, without this module; none where setpriv cannot.

    For commands that mpirun starts, here and on other hosts, and for those whose start must not wait for a Python.
    """
    words = ("setpriv", "--pdeathsig", "KILL")
    try:
        tried = subprocess.run([*words, "true"], capture_output=True, check=False)
    except OSError:
        return ()
    return words if tried.returncode == 0 else ()  # util-linux before 2.33 does not know the option


def main(arguments: list[str]) -> NoReturn:
    """Put ourselves on the leash of the pid in the first argument, then become the command in the others.

    The signal is SIGKILL even for mpirun: an mpirun that waits for a dead host does not heed SIGTERM, and its
    daemons on other hosts end their ranks when the connection to it breaks.
    """
    parent, *command = arguments
    hold(int(parent))
    os.execvp(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
