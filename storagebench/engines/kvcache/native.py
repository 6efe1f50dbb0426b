"""The KV-cache engine: one job of ranks for each trial, so that a trial that fails takes nothing else with it."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from storagebench import __version__
from storagebench.engines.kvcache.outcome import ClientResult, Trial, TrialResult
from storagebench.engines.kvcache.sweep import sweep
from storagebench.errors import EngineError
from storagebench.hosts import is_local
from storagebench.launch import Job, Launcher, Tell
from storagebench.model import Host, Stage
from storagebench.serial import from_json, to_json

NAME = "native"
VERSION = __version__


def run_trial(
    stage: Stage,
    *,
    trial: int,
    seed: int,
    cache_dir: str,
    ranks: int,
    hosts: tuple[Host, ...],
    launcher: Launcher,
    tell: Tell,
) -> TrialResult:
    """Run one trial of one Option on all ranks.

    Raises:
        ClusterError: the ranks cannot be started.
        EngineError: a rank failed or is missing; there are no figures of survivors.
    """
    told = Trial(number=trial, seed=seed, token=secrets.token_hex(8), cache_dir=cache_dir)
    payload = {"stage": to_json(stage), "trial": to_json(told)}
    started_at = _local_stamp()
    try:
        results = launcher.run(_job("client", payload, ranks, hosts), tell)
    except BaseException:
        sweep(told, range(ranks))
        if not all(is_local(host) for host in hosts):
            _sweep_there(payload, ranks, hosts, launcher)
        raise
    clients = tuple(from_json(ClientResult, result) for result in results)
    if [client.rank for client in clients] != list(range(ranks)):
        raise EngineError(
            f"{stage.name}: only {len(clients)} of {ranks} clients left a result; no figures are made of them"
        )
    return TrialResult(
        option=stage.option,
        number=trial,
        rate=stage.load.rate,
        started_at=started_at,
        ended_at=_local_stamp(),
        clients=clients,
    )


def _sweep_there(payload: Mapping[str, Any], ranks: int, hosts: tuple[Host, ...], launcher: Launcher) -> None:
    """Remove on the hosts what is not seen from here; one that is gone keeps it."""
    try:
        launcher.run(_job("sweep", payload, ranks, hosts), lambda _: None)
    except Exception:  # noqa: BLE001 - the failure before it is the one to tell
        return


def _job(module: str, payload: Mapping[str, Any], ranks: int, hosts: tuple[Host, ...]) -> Job:
    return Job(module=f"storagebench.engines.kvcache.{module}", payload=payload, ranks=ranks, hosts=hosts)


def _local_stamp() -> str:
    return datetime.now(UTC).astimezone().replace(tzinfo=None).isoformat()
