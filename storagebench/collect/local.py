"""This machine, asked directly."""

from collections.abc import Mapping
from typing import Any

from storagebench.collect import probe
from storagebench.errors import ClusterError
from storagebench.hosts import is_local
from storagebench.model import Host


class LocalCollector:
    """Asks the machine it runs on."""

    name = "local"

    def ask(self, hosts: tuple[Host, ...], asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return this machine's answer.

        Raises:
            ClusterError: a host is another machine.
        """
        for host in hosts:
            if not is_local(host):
                raise ClusterError(f"{host.name} is not this machine: use --collector=ssh or --collector=mpi")
        return [probe.answer(asked)]
