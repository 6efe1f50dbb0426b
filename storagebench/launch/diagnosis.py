"""What mpirun says when a job goes wrong, put into one sentence: texts of Open MPI 4 and 5, MPICH and srun."""

import itertools
import re
import signal
from collections.abc import Sequence

from storagebench.errors import ClusterError, StorageBenchError
from storagebench.launch.failure import died_error
from storagebench.launch.processes import ending_text

LAST_WORDS = 3
"""Lines that an error quotes of what a rank printed."""
_RULES = ("-----", "=====")
"""mpirun sets its own words below a line of dashes (hydra: of equals signs), after what ranks printed."""
_OWN_WORDS = (*_RULES, "srun: error: ")
_OWN_LINE = re.compile(r"\[[^\]\s]+:\d+\] ")
"""MPI libraries and daemons put their host and process before what they print beside that."""
_FAILING = re.compile(
    rb"noticed that process rank|exited with non-zero|unexpectedly disconnected|MPI_ERRORS_ARE_FATAL"
    rb"|MPI_ABORT was invoked|lost communication|BAD TERMINATION|srun: error: \S+: tasks? \d"
)
_RAISED = re.compile(
    r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|Exit|Interrupt|Group)(?:: |$)|Fatal Python error: "
)
_FRAME = re.compile(r"Traceback \(most recent call last\)|File \".*\", line \d+")
_UNREACHED = re.compile(r"daemon failed to report back.*Remote host: +(\S+)")
_KILLED = re.compile(r"process rank (\d+) with PID \d+ on node (\S+) exited on signal (\d+)")
_KILLED_BY_HYDRA = re.compile(r"RUNNING AT (\S+) .*\(signal (\d+)\)")
_EXITED = re.compile(r"Process name: +\[.*?(\d+)\] +Exit code: +(\d+)")
_ENDED_IN_SLURM = re.compile(
    r"srun: error: (\S+): tasks? (\d+)\S*: (?:Exited with exit code (\d+)|Killed|Out Of Memory)"
)


def announces_failure(line: bytes) -> bool:
    """Say whether a line of mpirun means that the job is lost, although mpirun may still be there."""
    return _FAILING.search(line) is not None


def diagnose(said: Sequence[str], returncode: int, *, begun: bool) -> StorageBenchError:
    """Make the error for a job whose end no rank has explained.

    Args:
        said: the last lines that came through mpirun, the ranks' own first.
        returncode: how mpirun itself ended, as `subprocess` has it.
        begun: whether the ranks had met; before that, the launch is to blame and not the engine.

    Ranks that lose their connection to a dead one name a peer, but that may have died of the same: no host is
    better than a wrong one.
    """
    lines = [line for line in said if not _OWN_LINE.match(line)]
    text = " ".join(line for line in lines if not line.startswith(_RULES))
    words = _last_words(list(itertools.takewhile(lambda line: not line.startswith(_OWN_WORDS), lines)))
    if found := _UNREACHED.search(text):
        return ClusterError(
            f"mpirun cannot start anything on {found[1]} ({words or 'it does not say why'}): "
            f"check that `ssh -o BatchMode=yes {found[1]} true` works"
        )
    if ended := _ended(text):
        who, how = ended
        return died_error(who, ending_text(how), words)
    if not begun:
        saying = text or " ".join(said) or "it says nothing"
        return ClusterError(f"mpirun {ending_text(returncode)} before the ranks had met: {saying}")
    return died_error("a rank died and mpirun", ending_text(returncode), words)


def _ended(text: str) -> tuple[str, int] | None:
    """Return which rank ended first and how (a signal as a negative number), as far as mpirun says so."""
    if found := _KILLED.search(text):
        return f"rank {found[1]} on {found[2]}", -int(found[3])
    if found := _KILLED_BY_HYDRA.search(text):
        return f"a rank on {found[1]}", -int(found[2])
    if found := _EXITED.search(text):
        return f"rank {found[1]}", int(found[2])
    if found := _ENDED_IN_SLURM.search(text):
        return f"rank {found[2]} on {found[1]}", int(found[3]) if found[3] else -signal.SIGKILL
    return None


def _last_words(lines: Sequence[str]) -> str:
    """Join the last lines, up to the last exception where frames follow it: those are of a rank that was cut short."""
    raised = max((number for number, line in enumerate(lines, 1) if _RAISED.match(line)), default=0)
    end = raised if raised and any(_FRAME.match(line) for line in lines[raised:]) else len(lines)
    return " | ".join(lines[max(0, end - LAST_WORDS) : end])
