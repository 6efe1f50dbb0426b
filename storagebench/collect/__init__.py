"""What machines say of themselves: hosts, filesystems, devices, versions; read from /proc and /sys, nothing installed."""

from collections.abc import Mapping
from typing import Any, BinaryIO, Protocol

from storagebench.launch import Job, Launcher, Launching, Tell
from storagebench.model import Host


class Collector(Protocol):
    """A way to ask hosts what `storagebench.collect.probe` reads of them."""

    name: str

    def ask(self, hosts: tuple[Host, ...], asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the answer of every host in the order of hosts, each with the bounds of its clock's offset.

        Raises:
            ClusterError: with the name of every host that does not answer, and why.
        """
        ...


class Describing:
    """A launcher whose hosts are described by a collector of their own rather than by a rank on each."""

    def __init__(self, launcher: Launcher, collector: Collector) -> None:
        self.name = launcher.name
        self.collector = collector
        self._launcher = launcher

    def run(self, job: Job, tell: Tell) -> list[dict[str, Any]]:
        """Run a job as the launcher does."""
        return self._launcher.run(job, tell)


def describing(launching: Launching, collector: Collector) -> Launching:
    """Make launchers as `launching` does, whose hosts `collector` describes."""

    def launcher(stdout: BinaryIO | None, stderr: BinaryIO | None) -> Launcher:
        return Describing(launching(stdout, stderr), collector)

    return launcher
