"""The texts of three mpiruns become one sentence with the rank, the host and the rank's last words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.errors import ClusterError, EngineError, StorageBenchError
from storagebench.launch.diagnosis import announces_failure, diagnose

RULE = "-" * 74
KILLED = [
    "[vm:22000] plm:ssh: Warning: setpgid(22003,22003) failed in parent with errno=Permission denied(13)",
    "about to go",
    RULE,
    "prterun noticed that process rank 1 with PID 13037 on node h2 exited on",
    "signal 9 (Killed).",
    RULE,
]
EXITED = [
    "ImportError: no such thing",
    RULE,
    "prterun detected that one or more processes exited with non-zero status,",
    "thus causing the job to be terminated. The first process to do so was:",
    "Process name: [prterun-vm-13045@1,3]",
    "Exit code:    2",
    RULE,
]
CUT_SHORT = [
    "Traceback (most recent call last):",
    "run()",
    "ImportError: no such thing",
    "Traceback (most recent call last):",
    'File "/v/lib/mpi4py/run.py", line 320, in main',
    "run_command_line(args)",
    'File "<frozen ru',
    *EXITED[1:],
]
CRASHED = [
    "Fatal Python error: Segmentation fault",
    "",
    "Current thread 0x00007f (most recent call first):",
    'File "/a.py", line 3 in work',
    *EXITED[1:],
]
SLURM = ["about to go", "srun: error: h2: task 2: Killed", "srun: Terminating StepId=7.0"]
EXITED_IN_4 = [RULE, "Process name: [[12345,1],3]", "Exit code:    2", RULE]
DISCONNECTED = [
    RULE,
    "An MPI communication peer process has unexpectedly disconnected.  This",
    "Local host: h1",
    "Local PID:  31168",
    "Peer host:  h2",
    RULE,
    "[h1:00000] *** MPI_ERRORS_ARE_FATAL (processes in this communicator will now abort,",
]
HYDRA = [
    "about to go",
    "=" * 83,
    "=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES",
    "=   PID 4711 RUNNING AT h2",
    "=   EXIT CODE: 9",
    "=" * 83,
    "YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)",
]
UNREACHED = [
    "ssh: connect to host h2 port 22: Connection refused",
    RULE,
    "A daemon failed to report back after being spawned. This could",
    "Local host:    h1",
    "Remote host:   h2",
    "Daemon exit status: 255",
]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (KILLED, "rank 1 on h2 was killed by SIGKILL (out of memory?), last words: about to go"),
        (EXITED, "rank 3 ended with exit code 2, last words: ImportError: no such thing"),
        (
            CUT_SHORT,
            "rank 3 ended with exit code 2, last words: Traceback (most recent call last): | run() | ImportError: no such thing",
        ),
        (CRASHED, "rank 3 ended with exit code 2, last words: Fatal Python error: Segmentation fault"),
        (SLURM, "rank 2 on h2 was killed by SIGKILL (out of memory?), last words: about to go"),
        (["srun: error: h1: tasks 0-1: Exited with exit code 3"], "rank 0 on h1 ended with exit code 3 without a word"),
        (EXITED_IN_4, "rank 3 ended with exit code 2 without a word"),
        (DISCONNECTED, "a rank died and mpirun ended with exit code 5 without a word"),
        (HYDRA, "a rank on h2 was killed by SIGKILL (out of memory?), last words: about to go"),
        (["something else"], "a rank died and mpirun ended with exit code 5, last words: something else"),
        ([], "a rank died and mpirun ended with exit code 5 without a word"),
    ],
)
def test_a_rank_that_died_is_named_as_far_as_mpirun_knows(said, sentence):
    with pytest.raises(EngineError, match=f"^{re.escape(sentence)}$"):
        raise diagnose(said, 5, begun=True)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            UNREACHED,
            "mpirun cannot start anything on h2 (ssh: connect to host h2 port 22: Connection refused): check that `ssh -o BatchMode=yes h2 true` works",
        ),
        (["no slots"], "mpirun ended with exit code 5 before the ranks had met: no slots"),
        (["[h1:77] no slots"], "mpirun ended with exit code 5 before the ranks had met: [h1:77] no slots"),
        ([], "mpirun ended with exit code 5 before the ranks had met: it says nothing"),
    ],
)
def test_a_launch_that_failed_is_no_fault_of_the_engine(said, sentence):
    with pytest.raises(ClusterError, match=f"^{re.escape(sentence)}$"):
        raise diagnose(said, 5, begun=False)


@pytest.mark.parametrize("said", [KILLED, EXITED, DISCONNECTED, HYDRA, SLURM])
def test_a_job_that_is_lost_is_announced(said):
    assert any(announces_failure(line.encode()) for line in said)


@given(st.lists(st.text()), st.integers(-64, 255), st.booleans())
def test_any_text_makes_one_error(said, returncode, begun):
    assert isinstance(diagnose(said, returncode, begun=begun), StorageBenchError)


@given(st.binary())
def test_what_ranks_print_is_no_announcement(line):
    assert not announces_failure(line)
