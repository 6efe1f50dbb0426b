"""One process per rank on this machine, all talking through the launcher: no MPI, started in milliseconds.

Each rank inherits one socket. What ranks say there (progress, barriers, results, errors) and what they print
(stdout, stderr) arrives in one selectors loop; a barrier costs one short message each way for every rank.
A rank whose launcher is gone reads the end of that socket, or is killed by its leash, whichever comes first.
"""

import contextlib
import os
import selectors
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

from storagebench.errors import ClusterError, EngineError
from storagebench.hosts import is_local
from storagebench.launch import Job, Tell
from storagebench.launch.communicator import CONNECTION
from storagebench.launch.failure import died_error, rank_error
from storagebench.launch.output import CHUNK_BYTES, Output
from storagebench.launch.processes import end, ending_text, has_ended, rank_environment
from storagebench.launch.wire import Lines, decode, encode

CHECK_S = 0.5
"""How often to look for ranks whose end no stream tells, because a child of theirs still holds it."""
ENDING_S = 0.002
"""The same after a stream has ended: a dying process closes its files a moment before it can be waited for."""


class LocalLauncher:
    """Runs jobs on this machine; one in another interpreter by MPI, as its ranks know nothing of our sockets.

    Args:
        stdout, stderr: open binary files that take what ranks print, each line after ``[rank] ``; None keeps
            only the last lines, for error messages.
    """

    name = "local"

    def __init__(self, *, stdout: BinaryIO | None = None, stderr: BinaryIO | None = None) -> None:
        self._stdout = stdout
        self._stderr = stderr

    def run(self, job: Job, tell: Tell) -> list[dict[str, Any]]:
        """Start all ranks, pass their events to `tell`, wait, and leave no process behind, whatever happens.

        Raises:
            ClusterError: a host of the job is not this machine.
            EngineError: a rank failed or died; an error of our own tree keeps its class.
        """
        if job.interpreter is not None:
            from storagebench.launch.mpi import MpiLauncher

            return MpiLauncher(stdout=self._stdout, stderr=self._stderr).run(job, tell)
        for host in job.hosts:
            if not is_local(host):
                raise ClusterError(
                    f"{host.name} is not this machine, and the local launcher starts ranks only here: "
                    "use --launcher=mpi, or leave --hosts out"
                )
        with self._started(job) as ranks:
            return _Conversation(ranks, tell).follow()

    @contextlib.contextmanager
    def _started(self, job: Job) -> Iterator[list["_Rank"]]:
        ranks: list[_Rank] = []
        try:
            for rank in range(job.ranks):
                ranks.append(_Rank(rank, job.module, self._stdout, self._stderr))  # noqa: PERF401 - each at once in the list
            for one in ranks:
                one.send("begin", {"rank": one.rank, "size": job.ranks, "payload": dict(job.payload)})
            yield ranks
        finally:
            try:
                end(one.process for one in ranks)
            finally:
                for one in ranks:
                    one.close()


class _Rank:
    """The launcher's end of one rank: its process, its socket, what it printed and what it waits for."""

    def __init__(self, rank: int, module: str, stdout: BinaryIO | None, stderr: BinaryIO | None) -> None:
        self.rank = rank
        self.result: dict[str, Any] | None = None
        self.waits_for: str | None = None
        self.item: Any = None
        self.lines = Lines()
        self.channel, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", module],
                bufsize=0,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                env=rank_environment({CONNECTION: f"local:{theirs.fileno()}:{os.getpid()}"}),
                start_new_session=True,
            )
        assert self.process.stdout
        assert self.process.stderr
        self.stderr = Output(stderr, b"[%d] " % rank)
        self.outputs = (
            (self.process.stdout.fileno(), Output(stdout, b"[%d] " % rank)),
            (self.process.stderr.fileno(), self.stderr),
        )

    def send(self, kind: str, body: Any = None) -> None:
        """Send a message; a rank that has died does not mind, its exit status says the rest."""
        with contextlib.suppress(OSError):
            self.channel.sendall(encode(kind, body))

    def drain(self) -> None:
        """Take what an ended rank left in its pipes."""
        for descriptor, output in self.outputs:
            output.drain(descriptor)

    def close(self) -> None:
        """Let go of an ended rank."""
        self.drain()
        self.channel.close()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


class _Conversation:
    """The course of a job once its ranks are started."""

    def __init__(self, ranks: list[_Rank], tell: Tell) -> None:
        self._ranks = ranks
        self._tell = tell
        self._waiting: list[_Rank] = []
        self._finished: list[_Rank] = []
        self._ending = False
        self._selector = selectors.DefaultSelector()

    def follow(self) -> list[dict[str, Any]]:
        """Listen until every rank has handed over its result and ended; return the results in order of rank."""
        with self._selector:
            for rank in self._ranks:
                self._listen(rank.channel.fileno(), partial(self._hear, rank))
                for descriptor, output in rank.outputs:
                    self._listen(descriptor, output.feed)
            running = list(self._ranks)
            while running:
                if self._read():
                    running = [rank for rank in running if not self._ended(rank)]
        return [rank.result or {} for rank in self._ranks]

    def _listen(self, descriptor: int, take: Callable[[bytes], None]) -> None:
        self._selector.register(descriptor, selectors.EVENT_READ, take)

    def _read(self) -> bool:
        """Take what has arrived; say whether it is time to look for ranks that ended."""
        events = self._selector.select(ENDING_S if self._ending else CHECK_S)
        look = not events
        for key, _ in events:
            if chunk := _arrived(key.fd):
                key.data(chunk)
            else:
                self._selector.unregister(key.fd)
                self._ending = look = True
        return look

    def _hear(self, rank: _Rank, chunk: bytes) -> None:
        for line in rank.lines.feed(chunk):
            kind, body = decode(line)
            if kind == "tell":
                self._tell(body)
            elif kind == "error":
                raise rank_error(body)
            elif kind == "result":
                rank.result = body
                self._finished.append(rank)
                self._check_meeting()
            else:
                rank.waits_for, rank.item = kind, body
                self._waiting.append(rank)
                self._check_meeting()

    def _check_meeting(self) -> None:
        """Let the ranks go on when all have come, and refuse to wait for what cannot happen any more."""
        if not self._waiting:
            return
        first = self._waiting[0]
        if self._finished:
            raise EngineError(f"rank {self._finished[0].rank} finished while rank {first.rank} waits for it")
        if len(self._waiting) < len(self._ranks):
            return
        for rank in self._ranks:
            if rank.waits_for != first.waits_for:
                raise EngineError(
                    f"rank {first.rank} waits at a {first.waits_for}, rank {rank.rank} at a {rank.waits_for}"
                )
        items = [rank.item for rank in self._ranks]
        kind = str(first.waits_for)
        self._waiting.clear()
        for rank in self._ranks:
            rank.send(kind, items if kind == "gather" and rank.rank == 0 else None)

    def _ended(self, rank: _Rank) -> bool:
        if not has_ended(rank.process):
            return False
        rank.channel.settimeout(0)
        with contextlib.suppress(OSError):
            while chunk := rank.channel.recv(CHUNK_BYTES):
                self._hear(rank, chunk)
        if rank.result is None:
            rank.drain()
            end([rank.process])
            ending = ending_text(rank.process.returncode)
            raise died_error(f"rank {rank.rank} on {socket.gethostname()}", ending, rank.stderr.last_words())
        return True


def _arrived(descriptor: int) -> bytes:
    """Read what is there; nothing at the end, which a rank that dies with a message unread brings about by a reset."""
    try:
        return os.read(descriptor, CHUNK_BYTES)
    except ConnectionResetError:
        return b""
