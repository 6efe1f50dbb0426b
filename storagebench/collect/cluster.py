"""Every host of a run, described at one moment."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from storagebench.collect import Collector, Describing
from storagebench.collect.host import facts_of
from storagebench.collect.local import LocalCollector
from storagebench.collect.mpi import MpiCollector
from storagebench.errors import ClusterError
from storagebench.launch import Launcher
from storagebench.model import Cluster, Host

SCRIPTS: dict[str, tuple[str, str]] = {}
"""Collectors that plugins add: by name, the plugin and the text that hosts execute."""


def collect(hosts: tuple[Host, ...], launcher: Launcher) -> Cluster:
    """Describe all hosts; a host that does not answer is an error with its name, never a gap.

    Raises:
        ClusterError: a host cannot be reached, two names lead to one machine, or a plugin's collector failed.
    """
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    collector = collector_of(launcher)
    asked = {"scripts": {name: text for name, (_, text) in SCRIPTS.items()}} if SCRIPTS else {}
    answers = ask(hosts, asked, collector)
    for answer in answers:
        _refuse_failed(answer)
    return Cluster(tuple(map(facts_of, answers)), collector.name, moment)


def _refuse_failed(answer: Mapping[str, Any]) -> None:
    for name, told in answer.get("extra", {}).items():
        if "error" in told:
            raise ClusterError(
                f"plugin {SCRIPTS[name][0]}: its collector {name} failed on {answer['hostname']}: {told['error']}"
            )


def collector_of(launcher: Launcher) -> Collector:
    """Return what describes the hosts of a launcher's jobs: its own collector, this process, or a rank on each."""
    if isinstance(launcher, Describing):
        return launcher.collector
    return LocalCollector() if launcher.name == "local" else MpiCollector(launcher)


def ask(hosts: tuple[Host, ...], asked: Mapping[str, Any], collector: Collector) -> list[dict[str, Any]]:
    """Ask every host, each machine once.

    Raises:
        ClusterError: a host cannot be reached, or two names lead to one machine.
    """
    answers = collector.ask(hosts, asked)
    names = [answer["hostname"] for answer in answers]
    if len(set(names)) < len(names):
        listed = ", ".join(host.name for host in hosts)
        raise ClusterError(
            f"--hosts={listed}: two of these lead to one machine ({', '.join(names)}); name each machine once"
        )
    return answers
