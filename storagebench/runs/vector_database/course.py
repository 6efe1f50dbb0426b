"""A vector-database run from a prepared collection to its folder."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

from storagebench.collect.cluster import collect
from storagebench.collect.filesystem import same_filesystem
from storagebench.engines.vectordb import native
from storagebench.engines.vectordb.difficulty import Difficulty, difficulty
from storagebench.engines.vectordb.load import truth_path
from storagebench.engines.vectordb.measure import Metrics, measure
from storagebench.engines.vectordb.source import source_of
from storagebench.engines.vectordb.truth import Truth
from storagebench.launch import Launching, Tell
from storagebench.model import Cluster, VectorDatabasePlan
from storagebench.record.folder import leaf_parent
from storagebench.record.metadata import invocation
from storagebench.runs import document as common
from storagebench.runs.folder import keeping, logged, opened
from storagebench.runs.vector_database.document import document
from storagebench.runs.vector_database.leaf import write_phase, write_results
from storagebench.runs.vector_database.preparation import Prepared

COMMAND = "run"


def run(plan: VectorDatabasePlan, prepared: Prepared, cluster: Cluster, launching: Launching, tell: Tell) -> Path:
    """Execute a plan and return the folder it left, complete but for the verdict.

    Raises:
        ClusterError, DatasetError, EngineError: the run failed; the folder says so and keeps the logs.
        RecordError: the results could not be written; the message has the headline figures, so that they are not lost.
    """
    plan = with_effort(plan, prepared)
    with opened(leaf_parent(plan, plan.index.database, plan.index.type, COMMAND)) as folder:
        started = datetime.now(UTC)
        separation = same_filesystem(plan.data_dir, plan.results_dir)
        folder.write_json("fs_separation.json", separation)
        with logged(folder, "vdb_run", launching) as launcher:
            outcome = native.search(plan, launcher, tell)
        ended = datetime.now(UTC)
        metrics = measure(plan, outcome.ranks, outcome.evidence)
        cluster_end = collect(plan.hosts, launching(None, None))
        with keeping(_figures(metrics)):
            write_results(folder, plan, prepared.loaded, metrics, outcome.evidence)
            write_phase(folder, plan, COMMAND, cluster, invocation(started, ended))
            found = document(plan, prepared, outcome, metrics, _difficulty(plan), separation)
            phases = {"datasize": prepared.datasize, "datagen": prepared.datagen}
            clusters = (cluster, cluster_end)
            folder.complete(common.document(plan, folder, (started, ended), clusters, found | {"phases": phases}))
    return folder.path


def with_effort(plan: VectorDatabasePlan, prepared: Prepared) -> VectorDatabasePlan:
    """Return the plan as it is executed: with the effort that tuning found, as a setting of ours."""
    if prepared.tuned is None:
        return plan
    effort = prepared.tuned.effort
    settings = dict(plan.settings) | {"search.search_ef": effort}
    return dataclasses.replace(plan, search=dataclasses.replace(plan.search, effort=effort), settings=settings)


def _difficulty(plan: VectorDatabasePlan) -> Difficulty | None:
    source, truth = source_of(plan.vectors), Truth.load(truth_path(plan))
    return difficulty(truth, source.queries(plan.search.pool), source.block(0), plan.vectors.metric)


def _figures(metrics: Metrics) -> str:
    return f"{metrics.queries_per_s:.1f} queries/s at recall {metrics.recall.mean:.4f}"
