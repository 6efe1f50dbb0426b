"""What a rank sees of the job it belongs to, and the entry point of every rank module.

A rank module is a function of a `Communicator` and one last line::

    def work(communicator: Communicator) -> dict[str, Any]:
        communicator.barrier()
        return {"seen": communicator.payload()["n"]}

    if __name__ == "__main__":
        run_rank(work)

The launcher says through one environment variable how its ranks talk to each other: over a socket and counters that
they inherit (`local:<pid>:<socket>:<counter>:<counter>:<counter>`) or over MPI (`mpi:<ranks>`).
"""

import contextlib
import faulthandler
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, Protocol

from storagebench.errors import ClusterError, StorageBenchError
from storagebench.launch.event_barrier import EventBarrier
from storagebench.launch.leash import hold
from storagebench.launch.mpi_communicator import MpiCommunicator, report_failure
from storagebench.launch.wire import Lines, decode, encode

CONNECTION = "STORAGEBENCH_CONNECTION"
"""Environment variable: how a rank reaches its launcher and the other ranks."""


class Communicator(Protocol):
    """A rank's link to its job; `local_rank` counts the ranks of one host from 0."""

    rank: int
    size: int
    local_rank: int

    def payload(self) -> dict[str, Any]:
        """Return the job's payload, the same on every rank."""
        ...

    def barrier(self) -> None:
        """Wait until every rank is here; the process ends when the launcher or another rank is gone."""
        ...

    def gather(self, item: Any) -> list[Any] | None:
        """Bring one small JSON-able item of each rank to rank 0, in order of rank; the others get None."""
        ...

    def tell(self, event: Mapping[str, Any]) -> None:
        """Report progress; any thread may. Rank and host are added. Under MPI only rank 0 is heard."""
        ...


class Connection(Communicator, Protocol):
    """A communicator with the two messages that end a rank; `run_rank` alone sends them."""

    def finish(self, result: dict[str, Any]) -> NoReturn:
        """Hand over the result and end the process with exit code 0."""
        ...

    def fail(self, error: Mapping[str, Any]) -> NoReturn:
        """Report what went wrong, end the process with exit code 1 and, under MPI, the whole job."""
        ...


class LocalCommunicator:
    """A rank started by `LocalLauncher`; all but barriers goes through the launcher over one inherited socket.

    Meetings, barriers and gathers alike, are numbered from 1, so that the launcher can tell who waits for whom.
    """

    def __init__(self, channel: socket.socket, counters: Sequence[int]) -> None:
        self._channel = channel
        self._lines = Lines()
        self._received: list[bytes] = []
        self._sending = threading.Lock()
        begin = self._receive("begin")
        self.rank: int = begin["rank"]
        self.size: int = begin["size"]
        self.local_rank: int = begin["rank"]
        self._payload: dict[str, Any] = begin["payload"]
        self._barrier = EventBarrier(counters, self.rank, self.size)
        self._meetings = 0

    def payload(self) -> dict[str, Any]:
        """Return the job's payload."""
        return self._payload

    def barrier(self) -> None:
        """Wait for every rank; the launcher hears of it when that takes long."""
        self._meetings += 1
        self._barrier.wait(lambda: self._send("barrier", [self._meetings, None]))

    def gather(self, item: Any) -> list[Any] | None:
        """Bring an item of each rank to rank 0."""
        self._meetings += 1
        self._send("gather", [self._meetings, item])
        gathered: list[Any] | None = self._receive("gather")
        return gathered

    def tell(self, event: Mapping[str, Any]) -> None:
        """Send an event to the launcher."""
        self._send("tell", {**event, "rank": self.rank, "host": socket.gethostname()})

    def finish(self, result: dict[str, Any]) -> NoReturn:
        """Send the result and end."""
        self._send("result", [self._meetings, result])
        _exit(0)

    def fail(self, error: Mapping[str, Any]) -> NoReturn:
        """Send the error and end."""
        self._send("error", error)
        _exit(1)

    def _send(self, kind: str, body: Any = None) -> None:
        message = encode(kind, body)
        try:
            with self._sending:
                self._channel.sendall(message)
        except OSError:
            _exit(1)  # the launcher is gone, and with it everybody who could read a complaint

    def _receive(self, expected: str) -> Any:
        while not self._received:
            chunk = self._channel.recv(1 << 20)
            if not chunk:
                _exit(1)
            self._received = self._lines.feed(chunk)
        kind, body = decode(self._received.pop(0))
        if kind != expected:
            raise RuntimeError(f"the launcher answered {kind!r} where {expected!r} was due")
        return body


def connect() -> Connection:
    """Reach the launcher that started this process, and promise not to outlive it.

    Raises:
        ClusterError: no launcher started it, or the MPI world is not the one the launcher asked for.
    """
    way, _, rest = os.environ.get(CONNECTION, "").partition(":")
    if way == "local":
        parent, channel, *counters = (int(part) for part in rest.split(":"))
        hold(parent)
        return LocalCommunicator(socket.socket(fileno=channel), counters)
    if way == "mpi":
        hold(os.getppid())
        return MpiCommunicator(int(rest))
    raise ClusterError(f"{CONNECTION} is not set: this is a module for ranks, which only a launcher can start")


def run_rank(work: Callable[[Communicator], Mapping[str, Any]]) -> NoReturn:
    """Be a rank: connect, do the work, report its result or its error, and end the process.

    A StorageBenchError or an OSError is reported as its sentence; anything else also leaves its traceback on
    stderr, which the launcher keeps in the run's log. Threads that the work left behind end with the process.
    """
    try:
        connection = connect()
    except ClusterError as error:
        report_failure({"class": "ClusterError", "text": str(error)})
        sys.exit(1)
    try:
        _introduce(connection)
        connection.finish(dict(work(connection)))
    except StorageBenchError as error:
        failure = {"class": type(error).__name__, "text": str(error)}
    except OSError as error:
        failure = {"class": "OSError", "text": _os_error_text(error)}
    except BaseException as error:  # noqa: BLE001 - whatever it is, the launcher must hear of it
        sys.stderr.write(traceback.format_exc())  # at once: lines of several ranks would mix
        failure = {"class": type(error).__name__, "text": f"{type(error).__name__}: {error}"}
    connection.fail(failure | {"rank": connection.rank, "host": socket.gethostname()})


def _introduce(connection: Communicator) -> None:
    """Tell where every rank lives, so that a watchdog can look at it, and be ready to say where it is (SIGUSR1)."""
    faulthandler.register(signal.SIGUSR1)
    ranks = connection.gather({"rank": connection.rank, "host": socket.gethostname(), "pid": os.getpid()})
    if ranks is not None:
        connection.tell({"kind": "ranks", "ranks": ranks})


def _os_error_text(error: OSError) -> str:
    if error.strerror is None:
        return str(error) or type(error).__name__
    return f"{error.strerror}: {error.filename}" if error.filename else error.strerror


def _exit(code: int) -> NoReturn:
    """End now: no waiting for threads that a reader left running, no teardown of heavy modules."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
