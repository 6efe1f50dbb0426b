"""A KV-cache run from plan to folder: Options in their order, trials in theirs, rest between Options."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from storagebench.collect.cluster import collect
from storagebench.collect.filesystem import same_filesystem
from storagebench.engines.kvcache import native, search
from storagebench.engines.kvcache.metrics import option_figures, trial_figures
from storagebench.engines.kvcache.outcome import TrialResult
from storagebench.errors import EngineError
from storagebench.launch import Launcher, Launching, Tell
from storagebench.model import Cluster, KvCachePlan, Stage
from storagebench.record import RunFolder
from storagebench.record.folder import leaf_parent
from storagebench.record.metadata import invocation
from storagebench.runs import document as common
from storagebench.runs.folder import keeping, logged, opened
from storagebench.runs.kv_cache.document import document
from storagebench.runs.kv_cache.leaf import write_leaf

COMMAND = "run"


class Tried(NamedTuple):
    """An Option's trials, their figures, and the probes of a search for the highest rate."""

    stage: Stage
    results: tuple[TrialResult, ...]
    figures: tuple[dict[str, Any], ...]
    probes: tuple[dict[str, Any], ...]


def run(plan: KvCachePlan, cluster: Cluster, launching: Launching, tell: Tell) -> Path:
    """Execute a plan and return the folder it left, complete but for the verdict.

    Raises:
        EngineError, ClusterError: a trial failed; the folder says so and keeps the logs.
        RecordError: the results could not be written; the message has the headline figures.
    """
    with opened(leaf_parent(plan, plan.stages[0].traffic.model, COMMAND)) as folder:
        started = datetime.now(UTC)
        separation = same_filesystem(plan.cache_dir, plan.results_dir)
        folder.write_json("fs_separation.json", separation)
        tried = []
        for place, stage in enumerate(plan.stages):
            if place:
                time.sleep(plan.inter_option_delay_s)
            tried.append(_option(plan, stage, folder, launching, tell))
        ended = datetime.now(UTC)
        cluster_end = collect(plan.hosts, launching(None, None))
        headline = {one.stage.option: option_figures(one.results, one.figures) for one in tried}
        with keeping(_words(headline)):
            write_leaf(folder, plan, cluster, invocation(started, ended), {t.stage.option: t.results for t in tried})
            found = document(plan, tried, headline, {"filesystem_separation": separation})
            folder.complete(common.document(plan, folder, (started, ended), (cluster, cluster_end), found))
    return folder.path


def remove_if_empty(folder: Path) -> None:
    """Remove a folder that this run made; what others put there in the meantime keeps it."""
    try:
        folder.rmdir()
    except OSError:
        return


def _option(plan: KvCachePlan, stage: Stage, folder: RunFolder, launching: Launching, tell: Tell) -> Tried:
    results, figures, probes = [], [], []
    for number in range(plan.trials):
        with logged(folder, f"kvcache_opt{stage.option}_trial{number}_{folder.stamp}", launching) as launcher:
            attempt = _attempt(plan, number, launcher, tell)
            if stage.load.kind == "find":
                result, tries = _find(stage, attempt)
                probes += tries
            else:
                result = attempt(stage)
        results.append(result)
        figures.append(trial_figures(result, stage.load.slo_s))
    return Tried(stage, tuple(results), tuple(figures), tuple(probes))


def _attempt(plan: KvCachePlan, number: int, launcher: Launcher, tell: Tell) -> Callable[[Stage], TrialResult]:
    def attempt(stage: Stage) -> TrialResult:
        return native.run_trial(
            stage,
            trial=number,
            seed=plan.seed,
            cache_dir=plan.cache_dir,
            ranks=plan.accelerators,
            hosts=plan.hosts,
            launcher=launcher,
            tell=tell,
        )

    return attempt


def _find(stage: Stage, attempt: Callable[[Stage], TrialResult]) -> tuple[TrialResult, list[dict[str, Any]]]:
    """Look for the highest rate whose 99th percentile of restores meets the objective; return its run.

    Raises:
        EngineError: no rate that was tried meets it.
    """
    probes: list[search.Probe] = []
    tries: list[dict[str, Any]] = []
    results: list[TrialResult] = []
    for _ in range(stage.load.probes):
        rate = search.next_rate(probes, stage.load.rate)
        result = attempt(replace(stage, load=replace(stage.load, rate=rate)))
        figures = trial_figures(result, stage.load.slo_s)
        p99_ms = figures["latency_ms"]["restore_response"]["p99"]
        met = p99_ms is not None and p99_ms <= 1000 * stage.load.slo_s
        probes.append(search.Probe(rate, met))
        results.append(result)
        tries.append({"option": stage.option, "rate": rate, "restore_p99_ms": p99_ms, "met": met})
    place = search.best(probes)
    if place is None:
        lowest = min(probe.rate for probe in probes)
        raise EngineError(
            f"{stage.name}: even at {lowest:g} of the rate the 99th percentile of restores passes "
            f"{1000 * stage.load.slo_s:g} ms; raise load.slo_ms or lower load.rate"
        )
    return results[place], tries


def _words(headline: dict[int, dict[str, float | None]]) -> str:
    return "; ".join(
        f"option {option}: {figures['read_gib_per_s']:.2f} GiB/s read, {figures['write_gib_per_s']:.2f} GiB/s written"
        for option, figures in headline.items()
    )
