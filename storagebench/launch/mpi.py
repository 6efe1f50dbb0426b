"""One MPI rank per rank, on this machine or on many: mpirun starts them, rank 0 speaks for all.

mpirun is on a leash: it dies with us, and its ranks and its daemons on other hosts die with it.
"""

import contextlib
import math
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from storagebench.errors import ClusterError, StorageBenchError
from storagebench.hosts import is_local, unknown_hosts
from storagebench.launch import Job, Tell
from storagebench.launch.communicator import CONNECTION
from storagebench.launch.diagnosis import announces_failure, diagnose
from storagebench.launch.failure import rank_error
from storagebench.launch.login import refusals, uses_agent
from storagebench.launch.mpi_communicator import COMPLETE, MARK, payload_variables
from storagebench.launch.mpirun import command, find_mpirun, settings
from storagebench.launch.output import CHUNK_BYTES, Output
from storagebench.launch.processes import end, has_children, has_ended, rank_environment
from storagebench.launch.wire import decode

CHECK_S = 0.5
ENDING_S = 0.005
"""How often to look whether mpirun has ended: while its streams are open, and after both have closed."""
GRACE_S = 6.0
"""mpirun needs up to 3 s to end its daemons in good order."""
START_S = 120.0
"""All ranks must have met by then; a host that does not answer would otherwise keep us waiting for ever."""
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a folder of a random name is made in it


class MpiLauncher:
    """Runs jobs through mpirun.

    Args:
        mpi_bin: mpirun or its folder, or srun; None takes that of the job's interpreter, or finds one (`find_mpirun`).
        extra: options for mpirun, after our own.
        ssh_config: the configuration that mpirun's ssh goes by; None leaves it the user's.
        stdout, stderr: open binary files that take what ranks and mpirun print; None keeps only the last lines,
            for error messages.
    """

    name = "mpi"

    def __init__(
        self,
        mpi_bin: str | None = None,
        extra: tuple[str, ...] = (),
        *,
        ssh_config: str | None = None,
        stdout: BinaryIO | None = None,
        stderr: BinaryIO | None = None,
    ) -> None:
        self._mpi_bin = mpi_bin
        self._extra = extra
        self._ssh_config = ssh_config
        self._stdout = stdout
        self._stderr = stderr

    def run(self, job: Job, tell: Tell) -> list[dict[str, Any]]:
        """Start all ranks, pass rank 0's events to `tell`, wait, and leave no process behind, whatever happens.

        Raises:
            ClusterError: no mpirun, an unknown or unreachable host, too few slots, or a world of the wrong size.
            EngineError: a rank failed or died; an error of our own tree keeps its class.
        """
        mpirun = find_mpirun(self._mpi_bin or (job.interpreter.mpi_bin if job.interpreter else None))
        if unknown := unknown_hosts(host for host in job.hosts if not is_local(host)):
            raise ClusterError(
                f"--hosts: no address is known for {', '.join(unknown)}: check the names or the resolver"
            )
        environment = rank_environment({CONNECTION: f"mpi:{job.ranks}"} | payload_variables(job.payload))
        with tempfile.TemporaryDirectory(dir=_memory(), prefix="storagebench-", ignore_cleanup_errors=True) as scratch:
            environment |= settings(mpirun, job, scratch, self._ssh_config)
            with _started(command(mpirun, job, self._extra), environment) as process:
                conversation = _Conversation(process, job, tell)
                try:
                    return conversation.follow(self._stdout, self._stderr)
                except StorageBenchError as error:
                    if conversation.is_explained or not (lost := self._lost(job, str(error))):
                        raise
                    raise type(error)(f"{', '.join(lost)} cannot be reached any more: {error}") from error

    def _lost(self, job: Job, said: str) -> list[str]:
        """Return the hosts that do not answer after a job whose end no rank has explained: mpirun seldom names them."""
        away = [host.name for host in job.hosts if not is_local(host) and host.name not in said]
        return list(refusals(away, self._ssh_config)) if len(job.hosts) > 1 and not uses_agent() else []


def _memory() -> str | None:
    """Return a folder that is no storage, so that MPI's own files are not measured; None where there is none."""
    return SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None


@contextlib.contextmanager
def _started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    leashed = [sys.executable, "-P", "-m", "storagebench.launch.leash", str(os.getpid()), *command]
    process = subprocess.Popen(
        leashed,
        bufsize=0,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            end([process], GRACE_S)


class _MarkedOutput(Output):
    """A stream of mpirun: messages of ranks go to `hear`, everything else past `notice` to the log."""

    def __init__(self, log: BinaryIO | None, hear: Callable[[str, Any], None], notice: Callable[[bytes], None]) -> None:
        super().__init__(log)
        self._hear = hear
        self._notice = notice
        self._pieces: list[bytes] = []

    def write(self, line: bytes) -> None:
        """Take one whole line."""
        if not line.startswith(MARK):
            self._notice(line)
            super().write(line)
            return
        piece = line[len(MARK) :]
        self._pieces.append(piece[1:])
        if piece.startswith(COMPLETE):
            message, self._pieces = b"".join(self._pieces), []
            self._hear(*decode(message))


class _Conversation:
    """The course of a job once mpirun is started."""

    def __init__(self, process: subprocess.Popen[bytes], job: Job, tell: Tell) -> None:
        self._process = process
        self._ranks = job.ranks
        self._tell = tell
        self._results: list[dict[str, Any]] = []
        self._error: StorageBenchError | None = None
        self._begun = False
        self._ending = False
        self._deadline = time.monotonic() + START_S

    def follow(self, stdout: BinaryIO | None, stderr: BinaryIO | None) -> list[dict[str, Any]]:
        """Listen until mpirun has ended and return the results in order of rank."""
        process = self._process
        assert process.stdout
        assert process.stderr
        printed = _MarkedOutput(stdout, self._hear, self._notice)
        said = _MarkedOutput(stderr, self._hear, self._notice)
        streams: dict[int, Output] = {process.stdout.fileno(): printed, process.stderr.fileno(): said}
        self._listen(streams)
        end([process], GRACE_S)
        for descriptor, output in streams.items():
            output.drain(descriptor)
        if self._error:
            raise self._error
        if len(self._results) < self._ranks:
            raise diagnose([*said.tail(), *printed.tail()], process.returncode, begun=self._begun)
        return self._results

    @property
    def is_explained(self) -> bool:
        """Whether a rank itself has said what went wrong."""
        return self._error is not None

    def _listen(self, streams: Mapping[int, Output]) -> None:
        with selectors.DefaultSelector() as selector:
            for descriptor in streams:
                selector.register(descriptor, selectors.EVENT_READ)
            while not self._is_over(idle=not (events := selector.select(CHECK_S if selector.get_map() else ENDING_S))):
                for key, _ in events:
                    if chunk := os.read(key.fd, CHUNK_BYTES):
                        streams[key.fd].feed(chunk)
                    else:
                        selector.unregister(key.fd)
                        self._expect_end()

    def _is_over(self, *, idle: bool) -> bool:
        """Say whether there is nothing more to wait for.

        A child of a rank that was killed can hold our pipes, and mpirun's: then mpirun is there without children
        and says nothing. An mpirun that does not end soon after the job has, well or badly, is not waited for.
        """
        if time.monotonic() > self._deadline:
            if not self._ending:
                raise ClusterError(
                    f"the ranks have not met within {START_S:.0f} s: check that `ssh -o BatchMode=yes HOST true` "
                    "works for each host and that the hosts reach each other over TCP"
                )
            return True
        return idle and (has_ended(self._process) or (self._begun and not has_children(self._process.pid)))

    def _hear(self, kind: str, body: Any) -> None:
        if kind == "begin":
            self._begun = True
            self._deadline = math.inf
        elif kind == "tell":
            self._tell(body)
        elif kind == "result":
            self._results.append(body)
            if len(self._results) == self._ranks:
                self._expect_end()
        elif kind == "error":
            self._error = self._error or rank_error(body)
            self._expect_end()

    def _notice(self, line: bytes) -> None:
        if announces_failure(line):
            self._expect_end()

    def _expect_end(self) -> None:
        """Give mpirun a last grace, once."""
        if not self._ending:
            self._ending = True
            self._deadline = time.monotonic() + GRACE_S
