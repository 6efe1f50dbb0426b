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
    """What one machine says of itself; memory in bytes.

    Of a control group: the memory and the processors it allows, None where there is no limit. The clock is ahead of the
    launch host's by `clock_offset_s`, give or take the uncertainty, None where it is the same. Counters of `vmstat`,
    `disks` and `networks` count from boot. `extra` is what collectors of plugins found, by their names.
    """

    hostname: str
    memory_bytes: int
    available_bytes: int
    logical_cpus: int
    physical_cpus: int
    cpu_model: str
    architecture: str
    kernel: str
    system: str = ""
    open_files_limit: int = -1
    memory_limit_bytes: int | None = None
    cpu_limit: float | None = None
    uptime_s: float = 0.0
    load_1min: float = 0.0
    clock_offset_s: float | None = None
    clock_uncertainty_s: float | None = None
    meminfo: Mapping[str, str] = field(default_factory=dict)
    cpuinfo: Mapping[str, str] = field(default_factory=dict)
    vmstat: Mapping[str, int] = field(default_factory=dict)
    disks: tuple[Mapping[str, Any], ...] = ()
    networks: tuple[Mapping[str, Any], ...] = ()
    mounts: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Every host of a run at one moment; `collected_at` is ISO 8601 in UTC, `method` is local, ssh or mpi."""

    hosts: tuple[HostFacts, ...]
    method: str
    collected_at: str

    @property
    def memory_bytes(self) -> int:
        """Memory of all hosts together."""
        return sum(host.memory_bytes for host in self.hosts)
