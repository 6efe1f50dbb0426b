"""A rank started by `MpiLauncher`: barriers and gathers go over MPI, words to the launcher through rank 0.

The payload comes in environment variables. Rank 0 writes messages to stdout, each after `MARK`. In every rank, file
descriptor 1 then leads to stderr, so that no print of a library can get between them.
"""

import base64
import itertools
import json
import os
import socket
import sys
import time
import zlib
from collections.abc import Mapping
from typing import Any, NoReturn

from storagebench.errors import ClusterError
from storagebench.launch.wire import encode

MARK = b"@storagebench "
"""Starts each line that is meant for the launcher, among whatever mpirun and libraries print."""
GOES_ON = b"+"
"""Follows the mark when the next marked line continues this one; `COMPLETE` when it does not."""
COMPLETE = b"="
RANK_VARIABLES = ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID")
"""Where a rank finds its number before MPI is there to tell it."""
FORWARDING_S = 0.1
"""What mpirun gets to pass on a rank's last words: MPICH drops what it has not read when a job aborts."""
PAYLOAD = "STORAGEBENCH_PAYLOAD"
VARIABLE_BYTES = 100_000
"""Characters of a payload in one environment variable."""
PIECE_BYTES = 32_768
"""Longer messages are cut into lines of this size: Open MPI 5 takes a time quadratic in the length of a line."""


class MpiCommunicator:
    """A link over mpi4py; MPI calls stay in the thread that made it."""

    def __init__(self, ranks: int) -> None:
        from mpi4py import MPI

        self._comm = MPI.COMM_WORLD
        self._finalize = MPI.Finalize
        self.rank: int = self._comm.Get_rank()
        self.size: int = self._comm.Get_size()
        if self.size != ranks:
            raise ClusterError(
                f"MPI made a world of {self.size} where {ranks} ranks were asked for: mpirun and the library that "
                "mpi4py loads belong to different MPIs, so name the mpirun of this environment with --mpi-bin"
            )
        self.local_rank: int = self._comm.Split_type(MPI.COMM_TYPE_SHARED).Get_rank()
        self._channel = os.dup(1)
        os.dup2(2, 1)
        self._payload: dict[str, Any] = payload_of(os.environ)
        self._say(self._channel, "begin")

    def payload(self) -> dict[str, Any]:
        """Return the job's payload."""
        return self._payload

    def barrier(self) -> None:
        """Wait for every rank; mpirun ends us when one of them is gone."""
        self._comm.Barrier()

    def gather(self, item: Any) -> list[Any] | None:
        """Bring an item of each rank to rank 0."""
        return self._comm.gather(item)

    def tell(self, event: Mapping[str, Any]) -> None:
        """Send an event to the launcher; only rank 0's arrive."""
        self._say(self._channel, "tell", {**event, "rank": self.rank, "host": socket.gethostname()})

    def finish(self, result: dict[str, Any]) -> NoReturn:
        """Bring all results to rank 0, which hands them over one by one in order of rank, and end."""
        results = self._comm.gather(json.dumps(result))
        for one in results or []:
            self._say(self._channel, "result", json.loads(one))
        self._finalize()
        sys.stdout.flush()
        os._exit(0)

    def fail(self, error: Mapping[str, Any]) -> NoReturn:
        """Report the error on stderr and end the whole job: a rank that only left would leave the others waiting."""
        report_failure(error)
        self._comm.Abort(1)
        os._exit(1)

    def _say(self, descriptor: int, kind: str, body: Any = None) -> None:
        if self.rank == 0:
            _write(descriptor, encode(kind, body))


def payload_variables(payload: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment variables that carry a payload to every rank: Open MPI 5 loses longer input to stdin of
    a rank on another host after 4 KiB, and one variable may hold 128 KiB.
    """
    text = base64.b64encode(zlib.compress(json.dumps(payload).encode())).decode()
    pieces = [text[start : start + VARIABLE_BYTES] for start in range(0, len(text), VARIABLE_BYTES)]
    return {f"{PAYLOAD}_{number}": piece for number, piece in enumerate(pieces)}


def payload_of(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the payload that `payload_variables` put into an environment."""
    pieces = itertools.takewhile(bool, (environment.get(f"{PAYLOAD}_{number}") for number in itertools.count()))
    payload: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode("".join(filter(None, pieces)))))
    return payload


def report_failure(error: Mapping[str, Any], working: str = "") -> None:
    """Write an error where the launcher finds it, after its `working` for the log, and let mpirun pass both on.

    The whole goes out in one piece from the start of a line: mpirun mixes the pieces of several ranks.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    rank = next((os.environ[name] for name in RANK_VARIABLES if name in os.environ), "?")
    message = encode("error", {"rank": rank, "host": socket.gethostname()} | dict(error))
    _write(2, message, f"{working.rstrip()}\n".encode())
    time.sleep(FORWARDING_S)


def _write(descriptor: int, message: bytes, before: bytes = b"") -> None:
    body = message.rstrip(b"\n")
    for start in range(0, len(body), PIECE_BYTES):
        piece = body[start : start + PIECE_BYTES]
        sign = COMPLETE if start + PIECE_BYTES >= len(body) else GOES_ON
        left, before = memoryview(before + MARK + sign + piece + b"\n"), b""
        while left:
            left = left[os.write(descriptor, left) :]
