"""The machines of a run, as asked for and as found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Host:
    """A machine as the user named it, with the number of ranks it may take (None: spread evenly)."""

    name: str
    slots: int | None = None


LOCALHOST = Host("localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What one machine says of itself; memory in bytes."""

    hostname: str
    memory_bytes: int
    available_bytes: int
    logical_cpus: int
    physical_cpus: int
    cpu_model: str
    architecture: str
    kernel: str
    meminfo: Mapping[str, str] = field(default_factory=dict)
    cpuinfo: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Every host of a run at one moment; `collected_at` is ISO 8601 in UTC, `method` is local or mpi."""

    hosts: tuple[HostFacts, ...]
    method: str
    collected_at: str

    @property
    def memory_bytes(self) -> int:
        """Memory of all hosts together."""
        return sum(host.memory_bytes for host in self.hosts)
