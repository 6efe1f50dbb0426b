"""A training run from plan to folder: the dataset with its two phases first, then the run, then the verdict."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storagebench.collect.cluster import collect
from storagebench.collect.filesystem import same_filesystem
from storagebench.engines.training import upstream
from storagebench.engines.training.dataset import ensure
from storagebench.engines.training.manifest import Manifest
from storagebench.engines.training.metrics import Metrics, measure
from storagebench.engines.training.native import NativeEngine
from storagebench.engines.training.outcome import Outcome
from storagebench.errors import RecordError, StorageBenchError
from storagebench.launch import Launching, Tell
from storagebench.model import Cluster, Judgement, Plan, Record
from storagebench.record import RECORD_FILE, RunFolder
from storagebench.record.folder import leaf_parent
from storagebench.record.metadata import invocation, summary, write_phase
from storagebench.runs.document import document
from storagebench.runs.phases import datagen_leaf, datasize_leaf, manifest_text
from storagebench.serial import to_json
from storagebench.units import bytes_text

COMMAND = "run"


def prepare(plan: Plan, cluster: Cluster, launching: Launching, tell: Tell) -> Manifest:
    """Make sure the plan's dataset is there, and that the results tree has the leaves of datasize and datagen.

    Raises:
        DatasetError: the dataset cannot be made, or is not the one that is there.
        RecordError: the results directory cannot be written.
    """
    datasize_leaf(plan, cluster)
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        launcher = launching(stdout, stderr)
        manifest = ensure(plan.dataset, plan.dataset_dir, launcher, plan.hosts, plan.accelerators, tell)
        datagen_leaf(plan, cluster, manifest, stdout, stderr)
    return manifest


def run(plan: Plan, manifest: Manifest, cluster: Cluster, launching: Launching, tell: Tell) -> Path:
    """Execute a plan and return the folder it left, complete but for the verdict.

    Raises:
        EngineError, ClusterError: the run failed; the folder says so and keeps the logs.
        RecordError: the results could not be written; the message has the headline figures, so that they are not lost.
    """
    folder = RunFolder.create(leaf_parent(plan, COMMAND))
    with _honest(folder):
        started = datetime.now(UTC)
        separation = same_filesystem(plan.data_dir, plan.results_dir)
        folder.write_json("fs_separation.json", separation)
        folder.write_text("datagen-manifest.json", manifest_text(manifest))
        outcome = _execute(plan, folder, launching, tell)
        ended = datetime.now(UTC)
        metrics = measure(outcome.ranks, plan)
        cluster_end = collect(plan.hosts, launching(None, None))
        with _figures_in_message(metrics):
            _write_upstream(folder, plan, cluster, outcome, metrics)
            write_phase(folder, plan, COMMAND, cluster, invocation(started, ended))
            phases = {"datasize": datasize_leaf(plan, cluster), "datagen": _stamp_of(manifest)}
            evidence = {"filesystem_separation": separation}
            record = document(plan, outcome, metrics, (cluster, cluster_end), manifest, evidence)
            span = {"started_at": started.isoformat(), "ended_at": ended.isoformat()}
            folder.complete(record | span | {"folder": str(folder.path), "phases": phases})
    return folder.path


def write_verdict(record: Record, judgement: Judgement) -> dict[str, Any]:
    """Add the word of the rules to a run's folder; return the whole of `record.json`."""
    folder = RunFolder(Path(record.folder), Path(record.folder).name)
    word = {"verdict": judgement.verdict.name, "judged_as": judgement.edition, "findings": to_json(judgement.findings)}
    document: dict[str, Any] = json.loads((folder.path / RECORD_FILE).read_text(encoding="utf-8")) | word
    metadata = next(folder.path.glob("*_metadata.json"))
    facts = json.loads(metadata.read_text(encoding="utf-8")) | {"verification": judgement.verdict.name}
    folder.write_json(metadata.name, facts)
    folder.write_json(RECORD_FILE, document)
    return document


def _execute(plan: Plan, folder: RunFolder, launching: Launching, tell: Tell) -> Outcome:
    """Run the engine with the ranks' output going straight to the run's logs, so that a killed run keeps them."""
    logs = [folder.path / f"training_run.{stream}.log" for stream in ("stdout", "stderr")]
    with logs[0].open("wb") as stdout, logs[1].open("wb") as stderr:
        return NativeEngine().run(plan, launching(stdout, stderr), tell)


def _write_upstream(folder: RunFolder, plan: Plan, cluster: Cluster, outcome: Outcome, metrics: Metrics) -> None:
    """Write the files that upstream's tools read: the summary, two files a rank, and the engine's log."""
    hosts = {host.hostname: host for host in cluster.hosts}
    times = {"start": outcome.started_at, "end": outcome.ended_at}
    folder.write_json("summary.json", summary(plan, cluster, times, upstream.summary_metric(metrics)))
    for rank in outcome.ranks:
        host = hosts.get(rank.hostname, cluster.hosts[0])
        folder.write_json(f"{rank.rank}_output.json", upstream.rank_output(rank, plan, host))
        folder.write_json(f"{rank.rank}_per_epoch_stats.json", upstream.per_epoch_stats(rank))
    lines = [f"{outcome.started_at} {outcome.engine} engine {outcome.engine_version}: {plan.id}, {plan.reading}"]
    lines += [
        f"{epoch.ended_at} epoch {epoch.epoch} rank {rank.rank} on {rank.hostname}: {len(epoch.load_s)} steps in "
        f"{epoch.block_s:.3f} s, {bytes_text(epoch.requested_bytes)} requested"
        for rank in outcome.ranks
        for epoch in rank.epochs
    ]
    folder.write_text("dlio.log", "\n".join(lines) + "\n")


def _stamp_of(manifest: Manifest) -> str:
    return datetime.fromisoformat(manifest.started_at).astimezone().strftime("%Y%m%d_%H%M%S")


@contextmanager
def _honest(folder: RunFolder) -> Iterator[None]:
    """Let the folder say how its run ended, whatever happens in between."""
    try:
        yield
    except StorageBenchError as error:
        _last_word(folder, "failed", str(error))
        raise type(error)(f"{error} (the folder of this run: {folder.path})") from error
    except (KeyboardInterrupt, SystemExit):
        _last_word(folder, "interrupted", "the session was stopped before the run was over")
        raise
    except BaseException as error:
        _last_word(folder, "failed", f"{type(error).__name__}: {error}")
        raise


def _last_word(folder: RunFolder, status: str, reason: str) -> None:
    try:
        folder.say(status, reason)
    except RecordError:
        # The disk that the reason speaks of may be the one this word should go to; "running" still stands there,
        # with a pid that is gone.
        return


@contextmanager
def _figures_in_message(metrics: Metrics) -> Iterator[None]:
    """Put the headline figures into the message when a finished run cannot be written down: they cost hours."""
    try:
        yield
    except RecordError as error:
        figures = [
            f"{name} {value:.2f}{unit}"
            for name, value, unit in (
                ("AU", metrics.au_mean_percent, " %"),
                ("throughput", metrics.samples_per_s_mean, " samples/s"),
            )
            if value is not None
        ]
        raise RecordError(f"{error}; the run itself was over with {' and '.join(figures)}") from error
