"""A training run from plan to folder: the dataset with its two phases first, then the run."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from storagebench.collect.cluster import collect
from storagebench.collect.filesystem import same_filesystem
from storagebench.engines.training import upstream
from storagebench.engines.training.dataset import ensure
from storagebench.engines.training.engine import engine_of
from storagebench.engines.training.manifest import Manifest
from storagebench.engines.training.metrics import Metrics, measure
from storagebench.engines.training.outcome import Outcome
from storagebench.launch import Launching, Tell
from storagebench.model import Cluster, TrainingPlan
from storagebench.record import RunFolder
from storagebench.record.folder import leaf_parent
from storagebench.record.metadata import invocation
from storagebench.record.summary import summary
from storagebench.runs import document as common
from storagebench.runs.folder import keeping, logged, opened
from storagebench.runs.training.document import document
from storagebench.runs.training.leaf import write_phase
from storagebench.runs.training.phases import datagen_leaf, datasize_leaf, manifest_text
from storagebench.units import bytes_text

COMMAND = "run"


def prepare(plan: TrainingPlan, cluster: Cluster, launching: Launching, tell: Tell) -> Manifest:
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


def run(plan: TrainingPlan, manifest: Manifest, cluster: Cluster, launching: Launching, tell: Tell) -> Path:
    """Execute a plan and return the folder it left, complete but for the verdict.

    Raises:
        EngineError, ClusterError: the run failed; the folder says so and keeps the logs.
        RecordError: the results could not be written; the message has the headline figures, so that they are not lost.
    """
    with opened(leaf_parent(plan, plan.workload.model, COMMAND)) as folder:
        started = datetime.now(UTC)
        separation = same_filesystem(plan.data_dir, plan.results_dir)
        folder.write_json("fs_separation.json", separation)
        folder.write_text("datagen-manifest.json", manifest_text(manifest))
        with logged(folder, "training_run", launching) as launcher:
            outcome = engine_of(plan.engine).run(plan, launcher, tell)
        ended = datetime.now(UTC)
        metrics = measure(outcome.ranks, plan)
        cluster_end = collect(plan.hosts, launching(None, None))
        with keeping(_figures(metrics)):
            _write_upstream(folder, plan, cluster, outcome, metrics)
            write_phase(folder, plan, COMMAND, cluster, invocation(started, ended))
            phases = {"datasize": datasize_leaf(plan, cluster), "datagen": _stamp_of(manifest)}
            found = document(plan, outcome, metrics, manifest, {"filesystem_separation": separation})
            clusters = (cluster, cluster_end)
            folder.complete(common.document(plan, folder, (started, ended), clusters, found | {"phases": phases}))
    return folder.path


def _write_upstream(
    folder: RunFolder, plan: TrainingPlan, cluster: Cluster, outcome: Outcome, metrics: Metrics
) -> None:
    """Write the files that upstream's tools read: the summary, two files a rank, and the engine's log."""
    hosts = {host.hostname: host for host in cluster.hosts}
    times = {"start": outcome.started_at, "end": outcome.ended_at}
    whole = summary(
        cluster.hosts,
        accelerators=plan.accelerators,
        nominal_bytes=plan.dataset.nominal_bytes,
        times=times,
        metric=upstream.summary_metric(metrics),
        num_files=plan.dataset.num_files,
        num_samples_per_file=plan.dataset.num_samples_per_file,
        epochs=plan.parameter("train.epochs"),
    )
    folder.write_json("summary.json", whole)
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
    for name, text in ({"dlio.log": "\n".join(lines) + "\n"} | dict(outcome.files)).items():
        folder.write_text(name, text)


def _stamp_of(manifest: Manifest) -> str:
    return datetime.fromisoformat(manifest.started_at).astimezone().strftime("%Y%m%d_%H%M%S")


def _figures(metrics: Metrics) -> str:
    figures = (
        ("AU", metrics.au_mean_percent, " %"),
        ("throughput", metrics.samples_per_s_mean, " samples/s"),
    )
    return " and ".join(f"{name} {value:.2f}{unit}" for name, value, unit in figures if value is not None)
