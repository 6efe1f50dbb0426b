"""A checkpointing invocation from plan to folder: saves, loads, and everything that proves them."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from storagebench.collect.cluster import collect
from storagebench.collect.filesystem import same_filesystem
from storagebench.engines.checkpointing import series, upstream
from storagebench.engines.checkpointing.metrics import Metrics, measure
from storagebench.engines.checkpointing.native import NativeEngine, recovery_sources
from storagebench.engines.checkpointing.outcome import Outcome
from storagebench.engines.checkpointing.series import Series
from storagebench.engines.checkpointing.task import Task
from storagebench.engines.checkpointing.transfer import transfer_of
from storagebench.launch import Launching, Tell
from storagebench.launch.mpirun import spread_ranks
from storagebench.model import CheckpointingPlan, Cluster
from storagebench.record import RunFolder
from storagebench.record.folder import leaf_parent
from storagebench.record.metadata import invocation
from storagebench.record.summary import summary
from storagebench.runs import document as common
from storagebench.runs.checkpointing.document import document
from storagebench.runs.checkpointing.invocations import Readiness
from storagebench.runs.checkpointing.leaf import write_phase
from storagebench.runs.folder import keeping, logged, opened
from storagebench.units import bytes_text


def run(plan: CheckpointingPlan, ready: Readiness, cluster: Cluster, launching: Launching, tell: Tell) -> Path:
    """Execute a plan and return the folder it left, complete but for the verdict.

    Raises:
        EngineError, ClusterError: the run failed; the folder says so and keeps the logs.
        RecordError: the results could not be written; the message has the headline figures, so that they are not lost.
    """
    with opened(leaf_parent(plan, plan.workload.model)) as folder:
        started = ready.started or datetime.now(UTC)
        mine = ready.found or _begin(plan)
        separation = same_filesystem(plan.checkpoint_dir, plan.results_dir)
        folder.write_json("fs_separation.json", separation)
        with logged(folder, "checkpointing_run", launching) as launcher:
            outcome = NativeEngine().run(task_of(plan, mine), plan.hosts, launcher, tell)
        ended = datetime.now(UTC)
        metrics = measure(outcome.ranks)
        if plan.reads and not plan.keep_checkpoints:
            series.remove(plan.folder, mine.token)
        cluster_end = collect(plan.hosts, launching(None, None))
        with keeping(_figures(metrics)):
            _write_upstream(folder, plan, cluster, outcome, metrics)
            write_phase(folder, plan, cluster, invocation(started, ended))
            found = document(plan, outcome, metrics, ready, {"filesystem_separation": separation, "series": mine.token})
            folder.complete(common.document(plan, folder, (started, ended), (cluster, cluster_end), found))
    return folder.path


def task_of(plan: CheckpointingPlan, mine: Series) -> Task:
    """Turn a plan into what its ranks are told."""
    checkpoint = plan.parameters["checkpoint"]
    per_host = [count for _, count in spread_ranks(plan.hosts, plan.accelerators)]
    first = plan.writes - plan.kept + 1
    return Task(
        model=plan.model,
        ranks=plan.accelerators,
        scale=plan.scale,
        folder=plan.folder,
        token=mine.token,
        writes=plan.writes,
        reads=plan.reads,
        readable=mine.whole or tuple(range(first, plan.writes + 1)),
        sources=recovery_sources(per_host, shift=bool(checkpoint.get("recovery_rank_shift", False))),
        pause_s=float(checkpoint["time_between_checkpoints"]),
        rank_sync=bool(checkpoint.get("rank_sync", False)),
        keep_last=int(checkpoint.get("keep_last", 0)),
        transfer=transfer_of(checkpoint),
    )


def _begin(plan: CheckpointingPlan) -> Series:
    """Take the folder for a series of our own."""
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    mine = Series(token=secrets.randbits(63), shape=plan.shape, started_at=moment, whole=(), finished=False)
    series.begin(plan.folder, mine)
    return mine


def _write_upstream(
    folder: RunFolder, plan: CheckpointingPlan, cluster: Cluster, outcome: Outcome, metrics: Metrics
) -> None:
    """Write the files that upstream's tools read: the summary, two files a rank, and the engine's log."""
    hosts = {host.hostname: host for host in cluster.hosts}
    start, end = outcome.started_at, outcome.ended_at
    whole = summary(
        cluster.hosts,
        accelerators=plan.accelerators,
        nominal_bytes=plan.layout.total_bytes,
        times={"start": start, "end": end},
        metric=upstream.summary_metric(metrics),
    )
    folder.write_json("summary.json", whole)
    for rank in outcome.ranks:
        host = hosts.get(rank.hostname, cluster.hosts[0])
        folder.write_json(f"{rank.rank}_output.json", upstream.rank_output(host, rank.hostname, start, end))
        folder.write_json(f"{rank.rank}_per_epoch_stats.json", upstream.per_epoch_stats(rank, metrics, start, end))
    folder.write_text("dlio.log", "\n".join(_log(plan, outcome, metrics)) + "\n")


def _log(plan: CheckpointingPlan, outcome: Outcome, metrics: Metrics) -> Sequence[str]:
    lines = [f"{outcome.started_at} {outcome.engine} engine {outcome.engine_version}: {plan.id}, {plan.shape}"]
    lines += [
        f"{one.ended_at} {one.phase} {one.number}: {bytes_text(one.bytes)} in {one.duration_s:.6f} s, "
        f"{one.gib_per_s:.3f} GiB/s"
        for one in metrics.checkpoints
    ]
    return lines


def _figures(metrics: Metrics) -> str:
    known = (("saves", metrics.save), ("loads", metrics.load))
    return " and ".join(f"{name} at {one.gib_per_s:.2f} GiB/s" for name, one in known if one is not None)
