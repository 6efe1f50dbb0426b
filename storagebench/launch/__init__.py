"""Starting the ranks of a job: one protocol, local processes or MPI."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from storagebench.model import Host

Tell = Callable[[Mapping[str, Any]], None]
"""Receives the progress events of ranks: plain JSON mappings with at least a `kind`."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Another Python than ours for ranks that speak MPI among themselves, and the mpirun of its MPI (None: any)."""

    python: str
    mpi_bin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A module to run once per rank with one JSON payload for all: ``python -m <module>``, in our Python or another."""

    module: str
    payload: Mapping[str, Any]
    ranks: int
    hosts: tuple[Host, ...]
    interpreter: Interpreter | None = None


class Launcher(Protocol):
    """Runs a job to its end and returns what every rank reported as its result, in the order of ranks."""

    name: str

    def run(self, job: Job, tell: Tell) -> list[dict[str, Any]]:
        """Start all ranks, pass their events to `tell`, wait, and leave no process behind, whatever happens.

        Raises:
            ClusterError: the launcher itself cannot work (no mpirun, unknown host, wrong world size).
            EngineError: a rank failed or died; the message names it and quotes its last words.
        """
        ...


Launching = Callable[[BinaryIO | None, BinaryIO | None], Launcher]
"""Makes a launcher that keeps what ranks print to stdout and stderr in two open files (None: nowhere)."""
