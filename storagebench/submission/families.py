"""Facts that only runs of one family have: rank files, checkpoints, queries."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from math import isclose
from statistics import median
from typing import Any

from storagebench.submission.facts import mapping, sequence
from storagebench.submission.run import COMMON, Run

MOST_RANKS = 64
"""Rank files that are read for a mean over ranks, evenly spread; some runs have thousands."""

_RANK_OUTPUT = re.compile(r"\d+_output\.json")
_CHECKPOINT = re.compile(r"(?P<kind>save|load)_ckpt(?P<number>\d+)")
_KV_RANK = re.compile(r"option_(?P<option>\w+)/trial_(?P<trial>\d+)/rank_(?P<rank>\d+)/kvcache_results_[^/]*\.json")
_KV_SUMMARY = re.compile(r"kvcache_run_summary_[^/]*\.json")


def sources_of(family: str) -> dict[str, Callable[[Run], Any]]:
    """Return the table of facts for a family; an unknown one has the common facts."""
    return SOURCES.get(family, COMMON)


# Training --------------------------------------------------------------------------------------------------------


def first_steps(run: Run) -> dict[str, list[float]] | None:
    """Seconds of the first step of every epoch, the mean over ranks, where ranks left their files."""
    ranks = sorted((name for name in run.names() if _RANK_OUTPUT.fullmatch(name)), key=lambda name: (len(name), name))
    if not ranks:
        return None
    chosen = ranks[:: -(-len(ranks) // MOST_RANKS)]
    columns = [list(_first_steps(run.document(name))) for name in chosen]
    columns = [column for column in columns if column]
    if not columns:
        return None
    return {"first_s": [sum(steps) / len(steps) for steps in zip(*columns, strict=False)]}


def _first_steps(output: Mapping[str, Any]) -> Iterator[float]:
    for epoch in sorted((name for name in output if name.isdecimal()), key=lambda name: (len(name), name)):
        blocks = mapping(mapping(output[epoch]).get("proc"))
        steps = sequence(next(iter(blocks.values()), None))
        if not steps or not isinstance(steps[0], int | float):
            return
        yield float(steps[0])


# Checkpointing ---------------------------------------------------------------------------------------------------


def checkpoints(run: Run) -> dict[str, dict[str, list[Any]]] | None:
    """Every save and every load that rank 0 wrote down, in order: durations, GiB/s and times."""
    epochs = run.document("0_per_epoch_stats.json")
    found: dict[str, list[tuple[int, int, Mapping[str, Any]]]] = {"save": [], "load": []}
    for epoch in epochs:
        for name, event in mapping(epochs[epoch]).items():
            if (match := _CHECKPOINT.fullmatch(name)) and len(match["number"]) < 10:
                place = int(epoch) if epoch.isdecimal() and len(epoch) < 10 else 0
                found[match["kind"]].append((place, int(match["number"]), mapping(event)))
    if not any(found.values()):
        return None
    written = {"duration_s": "duration", "gib_per_s": "throughput", "started_at": "start", "ended_at": "end"}
    return {
        kind: {
            name: [event.get(key) for _, _, event in sorted(events, key=lambda one: one[:2])]
            for name, key in written.items()
        }
        for kind, events in found.items()
        if events
    }


def moved(run: Run) -> dict[str, dict[str, list[Any]]] | None:
    """Bytes of every save and load beside those of the device, from our own record; None where no device was watched."""
    found: dict[str, dict[str, list[Any]]] = {}
    for one in map(mapping, sequence(run.own.get("checkpoints"))):
        if one.get("device_bytes") is not None:
            phase = found.setdefault(str(one.get("phase")), {"bytes": [], "device_bytes": []})
            for name, values in phase.items():
                values.append(one.get(name))
    return found or None


# Vector databases ------------------------------------------------------------------------------------------------


def _anywhere(run: Run, name: str) -> dict[str, Any] | None:
    """Return a document of the leaf, or of `vectordb/<run>/` below it, where several nodes left theirs."""
    if found := run.document(name):
        return found
    below = (path for path in run.names("vectordb/") if path.endswith(f"/{name}") and path.count("/") == 2)
    return next(filter(None, map(run.document, below)), None)


def statistics(run: Run) -> dict[str, Any] | None:
    """The figures of the queries, from one node or gathered from several."""
    return _anywhere(run, "statistics.json") or _anywhere(run, "vdb_multi_node_summary.json")


# KV cache --------------------------------------------------------------------------------------------------------


def cache_summary(run: Run) -> dict[str, Any] | None:
    """The summary, also under the name that older tools gave it."""
    if run.summary:
        return run.summary
    old = [name for name in run.names("kvcache_run_summary_") if _KV_SUMMARY.fullmatch(name)]
    return run.document(old[-1]) or None if old else None


def ranks(run: Run) -> list[dict[str, Any]] | None:
    """One mapping for every rank's result: where it is from, its summary, and how many requests outlasted its window."""
    return [_rank(run, match) for match in _rank_files(run)] or None


def _rank(run: Run, match: re.Match[str]) -> dict[str, Any]:
    said = run.document(match[0])
    place = {"option": match["option"], "trial": int(match["trial"]), "rank": int(match["rank"]), "path": match[0]}
    late = _end_to_end(said)
    return {**place, "summary": said.get("summary"), "seed": said.get("seed")} | ({"end_to_end": late} if late else {})


def _end_to_end(said: Mapping[str, Any]) -> dict[str, Any] | None:
    """Count the requests that took longer than the window; None where they are not told one by one.

    Nothing says the unit of the list, so it must agree with the summary's median, which has one.
    """
    told, summary = sequence(said.get("end_to_end_latencies")), mapping(said.get("summary"))
    known: list[Any] = [summary.get("elapsed_time"), mapping(summary.get("end_to_end_latency_ms")).get("p50")]
    if not told or not all(type(each) in (int, float) for each in (*known, *told)):
        return None
    window_s, median_ms = known
    if not isclose(1000 * median(told), median_ms, rel_tol=0.01):
        return None
    late = sum(latency_s > window_s for latency_s in told)
    return {"requests": len(told), "after_window": late, "longest_s": max(told)}


def _rank_files(run: Run) -> Iterator[re.Match[str]]:
    return (match for name in run.names("option_") if (match := _KV_RANK.fullmatch(name)))


def missing_ranks(run: Run) -> list[str] | None:
    """Folders of ranks that the summary counts and that hold no result; None where the summary does not count."""
    summary = mapping(cache_summary(run))
    options = mapping(summary.get("options"))
    trials, size = summary.get("trials_per_option"), summary.get("total_ranks")
    if not isinstance(trials, int) or not isinstance(size, int) or not 0 < trials * size * len(options) < 1_000_000:
        return None
    there = {(match["option"], int(match["trial"]), int(match["rank"])) for match in _rank_files(run)}
    wanted = product(options, range(trials), range(size))
    return [
        f"option_{option}/trial_{trial}/rank_{rank}"
        for option, trial, rank in wanted
        if (option, trial, rank) not in there
    ]


SOURCES: dict[str, dict[str, Callable[[Run], Any]]] = {
    "training": {**COMMON, "steps": first_steps},
    "checkpointing": {**COMMON, "checkpoints": checkpoints, "moved": moved},
    "vector_database": {
        **COMMON,
        "statistics": statistics,
        "recall_stats": lambda run: _anywhere(run, "recall_stats.json"),
        "result_verdict": lambda run: _anywhere(run, "result_verdict.json"),
        "config": lambda run: _anywhere(run, "config.json"),
        "engine_folder": lambda run: run.leaf.names[0],
        "index_folder": lambda run: run.leaf.names[-1],
    },
    "kv_cache": {**COMMON, "summary": cache_summary, "ranks": ranks, "missing_ranks": missing_ranks},
}
