"""The figures that an edition publishes of one result, by name; `rules/tables/<edition>.yaml: results` puts them in columns.

A figure that one of the runs it is a mean of does not tell is left out: there is no mean over a part of the runs.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from rules.checkpoint_facts import reading, writing
from rules.vectordb_places import LATENCY_P99, THROUGHPUT, either, recall_of
from storagebench.model import Edition, Group, Missing, Record
from storagebench.model.aggregation import Series, measured, mib_per_s, read_gib_per_s, samples_per_s, series
from storagebench.units import GIB

Figures = dict[str, Any]
Question = Callable[[], Any]


def figures(group: Group, edition: Edition) -> Figures:
    """Return every figure that the result tells: of its family, of its hosts and of its system."""
    known = group.family in FAMILIES and group.family in edition.table and group.records
    found = FAMILIES[group.family](group, edition) if known else {}
    return {name: value for name, value in {**_system(group.shared), **found}.items() if _shows(value)}


def _training(group: Group, edition: Edition) -> Figures:
    """Means over the measured runs; of the settings, those of the first (rule 3.3.8)."""
    runs = measured(group.records, **edition["training.runs"])
    first = runs[0]
    return _told(
        runs=lambda: len(runs),
        accelerator=lambda: first.text("accelerator"),
        accelerators=lambda: first.count("summary.num_accelerators"),
        hosts=lambda: first.count("summary.num_hosts"),
        num_files=lambda: first.count("summary.num_files_train"),
        num_samples_per_file=lambda: first.count("summary.num_samples_per_file"),
        au_percent=lambda: series(runs, "summary.metric.train_au_mean_percentage").mean,
        samples_per_s=lambda: samples_per_s(runs).mean,
        samples_per_s_stdev=lambda: samples_per_s(runs).stdev,
        mib_per_s=lambda: mib_per_s(runs).mean,
        mib_per_s_stdev=lambda: mib_per_s(runs).stdev,
        read_gib_per_s=lambda: read_gib_per_s(runs),
    )


def _checkpointing(group: Group, edition: Edition) -> Figures:
    """Each direction is the mean over the invocations that were to make such checkpoints (rule 4.3.6)."""
    first, table = group.records[0], edition["checkpointing"]
    model = first.text("model") if first.has("model") else ""
    processes, rest = (table.get(name, {}).get(model) for name in ("closed_processes", "tensor_times_pipeline"))
    return _told(
        accelerator=lambda: first.text("accelerator"),
        accelerators=lambda: first.count("summary.num_accelerators"),
        hosts=lambda: first.count("summary.num_hosts"),
        mode=lambda: "Subset" if _first(first, "parameters.checkpoint.mode") == "subset" else "Full",
        data_parallel=lambda: processes // rest if processes and rest else None,
        write_gib_per_s=lambda: series(writing(group), "summary.metric.save_checkpoint_io_mean_GB_per_second").mean,
        write_s=lambda: series(writing(group), "summary.metric.save_checkpoint_duration_mean_seconds").mean,
        read_gib_per_s=lambda: series(reading(group), "summary.metric.load_checkpoint_io_mean_GB_per_second").mean,
        read_s=lambda: series(reading(group), "summary.metric.load_checkpoint_duration_mean_seconds").mean,
    )


def _vector_database(group: Group, edition: Edition) -> Figures:
    """Means over the runs, of statistics.json where a run has no summary (19 published ones had none).

    Upstream's report takes the first run it comes upon, which no rule asks for.
    """
    runs, first = group.records, group.records[0]
    return _told(
        hosts=lambda: _first(first, "statistics.disk_io.host_count", "statistics.mpi.num_hosts"),
        vectors=lambda: _first(first, *_either("num_vectors"), "result_verdict.flat_setup.total_vectors"),
        dimension=lambda: _first(first, *_either("dimension"), "config.vector_dim"),
        index=lambda: _first(first, "summary.index_type", "config.index_type", "index_folder"),
        queries_per_s=lambda: _mean_of(runs, THROUGHPUT),
        latency_p99_ms=lambda: _mean_of(runs, LATENCY_P99),
        recall_percent=lambda: 100 * Series(tuple(recall_of(run) for run in runs)).mean,
        read_gib_per_s=lambda: series(runs, "statistics.disk_io.total_bytes_read_per_sec").mean / GIB,
    )


def _kv_cache(group: Group, edition: Edition) -> Figures:
    """Of the one run, for each option: tokens/s and GiB/s as its summary adds them up, P95 of the device (rule 6.3.4)."""
    run = group.records[-1]
    found = _told(hosts=lambda: run.count("summary.host_count"))
    for option in edition["kv_cache.options"]:
        said = f"summary.options.{option}.aggregated"
        told = _told(
            tokens_per_s=partial(run.number, f"{said}_avg_throughput_tokens_per_sec"),
            read_gib_per_s=partial(run.number, f"{said}_read_bandwidth_gbps"),
            write_gib_per_s=partial(run.number, f"{said}_write_bandwidth_gbps"),
            read_p95_ms=partial(_read_p95_ms, run, option, said),
        )
        found |= {f"{option}.{name}": value for name, value in told.items()}
    return found


def _read_p95_ms(run: Record, option: str, said: str) -> float:
    """Return the largest P95 of all ranks and trials; where the summary is of an older tool, from the rank files.

    What older tools call aggregated_p95_latency_ms is the time of whole requests, and is not taken for it.
    """
    for name in ("device", "storage"):
        if run.has(f"{said}_{name}_read_p95_ms"):
            return run.number(f"{said}_{name}_read_p95_ms")
    lost = run.items("missing_ranks") if run.has("missing_ranks") else ()
    if any(str(path).startswith(f"option_{option}/") for path in lost):
        raise Missing("ranks", f"of option {option} are missing in part")
    ranks = (Record("", "", "", rank) for rank in run.items("ranks") if isinstance(rank, Mapping))
    chosen = [rank for rank in ranks if str(_first(rank, "option")) == option]
    return max(series(chosen, "summary.cache_stats.storage_read_device_p95_ms").values)


def _system(shared: Record) -> Figures:
    """What the description of the system says; its shape is that of edition 3.0."""
    solution = "system.system_under_test.solution"
    return {
        "description": _first(shared, f"{solution}.friendly_description"),
        "type": _first(shared, f"{solution}.architecture.storage_location"),
        "access": _first(shared, f"{solution}.architecture.product_API"),
        "availability": _first(shared, f"{solution}.availability"),
        "rack_units": _first(shared, "system.system_under_test.total_rack_units", f"{solution}.total_rack_units"),
        "client_storage_tib": _first(shared, f"{solution}.int_client_store_tib"),
        "usable_tib": _first(shared, f"{solution}.usable_capacity_tib"),
    }


FAMILIES: Mapping[str, Callable[[Group, Edition], Figures]] = {
    "training": _training,
    "checkpointing": _checkpointing,
    "vector_database": _vector_database,
    "kv_cache": _kv_cache,
}


def _told(**questions: Question) -> Figures:
    """Answer the questions that the records can answer."""
    found = {}
    for name, question in questions.items():
        try:
            found[name] = question()
        except Missing:
            continue
    return found


def _first(record: Record, *names: str) -> Any:
    return next((record.value(name) for name in names if record.has(name)), None)


def _either(name: str) -> tuple[str, ...]:
    return tuple(f"{where}.{name}" for where in ("summary", "datagen.summary", "args", "datagen.args", "parameters"))


def _mean_of(runs: Sequence[Record], names: tuple[str, ...]) -> float:
    return Series(tuple(run.number(either(run, names)) for run in runs)).mean


def _shows(value: Any) -> bool:
    """Say whether a cell can show it: a text or a finite number."""
    return isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))
