"""One process per rank on this machine, all talking through the launcher: no MPI, started in milliseconds.

Each rank inherits one socket. What ranks say there (progress, gathers, results, errors) and what they print
(stdout, stderr) arrives in one selectors loop. Barriers pass it by, see `event_barrier`: only who waits long says so.
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
from storagebench.launch.event_barrier import make_counters
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
        counters = make_counters()
        try:
            for rank in range(job.ranks):
                ranks.append(_Rank(rank, job.module, counters, self._stdout, self._stderr))  # noqa: PERF401 - each at once in the list
            for one in ranks:
                one.send("begin", {"rank": one.rank, "size": job.ranks, "payload": dict(job.payload)})
            yield ranks
        finally:
            try:
                end(one.process for one in ranks)
            finally:
                for one in ranks:
                    one.close()
                for counter in counters:
                    os.close(counter)


class _Rank:
    """The launcher's end of one rank: its process, its socket, what it printed and where it waits.

    `waits_for` is the kind of the meeting with the number `meeting`, None when it has finished after that one. A barrier may
    be over already, as nobody says so.
    """

    def __init__(
        self, rank: int, module: str, counters: tuple[int, ...], stdout: BinaryIO | None, stderr: BinaryIO | None
    ) -> None:
        self.rank = rank
        self.result: dict[str, Any] | None = None
        self.meeting = 0
        self.waits_for: str | None = None
        self.item: Any = None
        self.lines = Lines()
        self.channel, theirs = socket.socketpair()
        with theirs:
            inherited = (theirs.fileno(), *counters)
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", module],
                bufsize=0,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=inherited,
                env=rank_environment({CONNECTION: ":".join(("local", *map(str, (os.getpid(), *inherited))))}),
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
            else:
                rank.meeting, said = body
                if kind == "result":
                    rank.waits_for, rank.result = None, said
                else:
                    rank.waits_for, rank.item = kind, said
                self._check_meetings()

    def _check_meetings(self) -> None:
        """Let ranks that gather go on when all have come, and refuse to wait for what cannot happen any more."""
        waiting = [rank for rank in self._ranks if rank.waits_for is not None]
        if not waiting:
            return
        last = max(waiting, key=lambda rank: rank.meeting)
        for rank in self._ranks:
            if rank.result is not None and rank.meeting < last.meeting:
                raise EngineError(f"rank {rank.rank} finished while rank {last.rank} waits for it")
        there = [rank for rank in waiting if rank.meeting == last.meeting]
        for rank in there:
            if rank.waits_for != last.waits_for:
                raise EngineError(
                    f"rank {last.rank} waits at a {last.waits_for}, rank {rank.rank} at a {rank.waits_for}"
                )
        if last.waits_for == "gather" and len(there) == len(self._ranks):
            items = [rank.item for rank in there]
            for rank in there:
                rank.waits_for = rank.item = None
                rank.send("gather", items if rank.rank == 0 else None)

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
