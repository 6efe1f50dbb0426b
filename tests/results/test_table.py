"""The published table: its columns, its figures, its words on verdicts, and where it may be written."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.edition import edition_names, load_edition
from storagebench.errors import ConfigError, RecordError
from storagebench.examples import result
from storagebench.model import Group, Listing, Record, Submission, Verdict
from storagebench.results.table import publish, refuse_inside, rows, verdict_of, write

IMAGE = "0123456789abcdef0123456789abcdef"
SYSTEM = {
    "system_under_test": {
        "total_rack_units": 14,
        "solution": {
            "friendly_description": "three nodes",
            "architecture": {"storage_location": "remote", "product_API": "file"},
            "usable_capacity_tib": 10.48,
            "availability": "available",
        },
    }
}
PLACE = {
    "each.organisation": "acme",
    "each.system_name": "acme-one",
    "group.path": "closed/acme/results/acme-one/training/unet3d",
}


def submission(*groups: Group, listing: Listing | None = None, **documents: Any) -> Submission:
    return Submission("tree", listing or Listing({}), groups, documents.get("documents", {}))


def training(edition: str, **changes: Any) -> Group:
    rates = {
        f"run{number}.summary.metric.train_io_mean_MB_per_second": rate
        for number, rate in enumerate((20_000.0, 43_000.0, 43_500.0, 44_000.0, 43_500.0, 43_500.0), start=1)
    }
    return result("training", edition, {**PLACE, **rates, **changes})


def bare(family: str, facts: dict[str, Any], *more: dict[str, Any], **shared: Any) -> Group:
    records = tuple(Record(family, "closed", f"golden/{number}", one) for number, one in enumerate((facts, *more)))
    return Group(family, "closed", "golden", records, shared)


def cells(group: Group, edition: str = "3.0") -> dict[str, Any]:
    (row,) = rows(submission(group), load_edition(edition))
    return {column: value for column, value in row.cells.items() if value != ""}


def test_the_columns_are_those_of_the_published_table():
    columns = list(load_edition("3.0")["results.columns"])
    assert len(columns) == 54
    assert columns[:5] == ["Public ID", "Organization", "Division", "Benchmark Type", "Model"]
    assert columns[13] == "Training - Accelerator Type"
    assert columns[-1] == "KVCache llama3.1-70b Storage Only - P95 Read Latency (ms)"


def test_a_training_result_of_edition_3_0():
    leaf = "closed/acme/results/acme-one/training/unet3d/run/20260712_120720"
    tree = submission(
        training("3.0", **{"run1.path": leaf, "group.system": SYSTEM}),
        listing=Listing({f"code-images/code-{IMAGE[:8]}/setup.py": 1}),
        documents={f"{leaf}/.mlps-code-image": f"md5-tree-v2:{IMAGE}\n"},
    )
    (row,) = rows(tree, load_edition("3.0"))
    assert {column: value for column, value in row.cells.items() if value != ""} == {
        "Organization": "acme",
        "Division": "CLOSED",
        "Benchmark Type": "training",
        "Model": "Unet3D",
        "Name": "acme-one",
        "Description": "three nodes",
        "Type": "remote",
        "Access Protocol": "file",
        "Availability": "available",
        "RU's": 14,
        "Usable Capacity (TiB)": 10.48,
        "Training - Accelerator Type": "b200",
        "Training - # Client Nodes": 1,
        "Training - Code": f"code-images/code-{IMAGE[:8]}",
        "Training - Logs": "closed/acme/results/acme-one/training/unet3d",
        "Training - # Simulated Accelerators": 8,
        "Training - Read B/W (GiB/s)": pytest.approx(43_500 / 1024, rel=1e-12),
    }
    assert row.means["train_mean_of_au_percentage"] == pytest.approx(90.0)
    assert row.means["train_mean_of_throughput_samples_per_second"] == pytest.approx(312.0)


def test_a_training_result_of_edition_1_0_has_the_figures_of_its_report():
    assert cells(training("1.0"), "1.0") == {
        "Organization": "acme",
        "Division": "CLOSED",
        "System": "acme-one",
        "Model": "unet3d",
        "Accelerator Type": "a100",
        "# Client Nodes": 1,
        "# Simulated Accelerators": 8,
        "num_files_train": 28_000,
        "num_samples_per_file": 1,
        "num_benchmark_runs": 5,
        "train_au_mean_percentage": pytest.approx(90.0),
        "train_throughput_mean_samples_per_second": pytest.approx(312.0),
        "train_throughput_stdev_samples_per_second": pytest.approx(0.0, abs=1e-9),
        "train_throughput_mean_MB_per_second": pytest.approx(38_800.0),
        "train_throughput_stdev_MB_per_second": pytest.approx(9_405.317, abs=0.001),
    }


def test_a_training_result_of_edition_2_0_fills_the_columns_of_its_model():
    found = cells(training("2.0"), "2.0")
    assert found["3D-Unet - # Accel"] == 8
    assert found["3D-Unet - Read B/W (GiB/s)"] == pytest.approx(43_500 / 1024)
    assert not [column for column in found if column.startswith(("ResNet", "CosmoFlow", "8B"))]


def test_read_bandwidth_is_blank_where_a_measured_run_lacks_it_and_the_warm_up_may():
    column = "Training - Read B/W (GiB/s)"
    field = "summary.metric.train_io_mean_MB_per_second"
    assert column not in cells(training("3.0", **{f"run3.{field}": None}))
    assert column in cells(training("3.0", **{f"run1.{field}": None}))


def test_a_checkpoint_result_of_two_invocations():
    metric = {
        "write": {"save_checkpoint_io_mean_GB_per_second": 48.18, "save_checkpoint_duration_mean_seconds": 19.0},
        "read": {"load_checkpoint_io_mean_GB_per_second": 110.23, "load_checkpoint_duration_mean_seconds": 8.3},
    }
    write_only, read_only = (
        {
            "model": "llama3-70b",
            "accelerator": "b200",
            "summary": {"num_hosts": 16, "metric": metric[way]},
            "args": {f"num_checkpoints_{one}": 10 if one == way else 0 for one in ("write", "read")},
        }
        for way in ("write", "read")
    )
    found = cells(bare("checkpointing", write_only, read_only))
    assert found["Model"] == "70B"
    assert found["Checkpointing - DP Instances"] == 8
    assert found["Checkpointing - Checkpoint Mode"] == "Full"
    assert found["Checkpointing - Write B/W (GiB/s)"] == 48.18
    assert found["Checkpointing - Read Duration (secs)"] == 8.3
    partial = {**read_only, "summary": {"num_hosts": 16, "metric": {}}}
    assert "Checkpointing - Read B/W (GiB/s)" not in cells(bare("checkpointing", write_only, partial))
    again = cells(bare("checkpointing", write_only, read_only), "2.0")
    assert (again["70B - Write B/W (GiB/s)"], again["70B - Read B/W (GiB/s)"]) == (48.18, 110.23)


def test_a_result_of_vector_search_is_the_mean_over_its_runs():
    runs = [
        {
            "model": "milvus",
            "summary": {"throughput_qps": rate, "p99_latency_ms": 7.0, "recall": recall, "index_type": "DISKANN"},
            "config": {"vector_dim": 1536},
            "statistics": {"disk_io": {"host_count": 4, "total_bytes_read_per_sec": 2 * 1024**3}},
            "datagen": {"summary": {"num_vectors": 1_000_000}},
        }
        for rate, recall in ((140.0, 0.5), (144.0, {"mean_recall": 0.6}))
    ]
    found = cells(bare("vector_database", *runs))
    assert "Model" not in found
    assert {column: value for column, value in found.items() if column.startswith("VDB - ")} == {
        "VDB - # Client Nodes": 4,
        "VDB - Logs": "golden",
        "VDB - Vector Count": 1_000_000,
        "VDB - Vector Dimension": 1536,
        "VDB - Index Type": "DISKANN",
        "VDB - Queries per Sec": 142.0,
        "VDB - Query Latency (ms)": 7.0,
        "VDB - Recall Percentage": pytest.approx(55.0),
        "VDB - Read B/W (GiB/s)": 2.0,
    }


def test_a_result_of_vector_search_without_summaries_is_told_by_the_statistics():
    figures = {"throughput_qps": 140.0, "p99_latency_ms": 7.0, "recall": {"mean_recall": 0.5}}
    with_summary = {"summary": {**figures, "throughput_qps": 144.0}}
    without = {"statistics": figures, "config": {"index_type": "HNSW"}, "index_folder": "X"}
    found = cells(bare("vector_database", without, with_summary))
    assert found["VDB - Queries per Sec"] == 142.0
    assert found["VDB - Query Latency (ms)"] == 7.0
    assert found["VDB - Recall Percentage"] == 50.0
    assert found["VDB - Index Type"] == "HNSW"
    silent = cells(bare("vector_database", without, {"summary": {}, "statistics": {}}))
    assert "VDB - Queries per Sec" not in silent


def test_a_result_of_the_cache_takes_the_device_latency_from_the_ranks_where_all_are_there():
    option = {"aggregated_avg_throughput_tokens_per_sec": 871.0, "aggregated_p95_latency_ms": 20_884.0}
    stats = [{"cache_stats": {"storage_read_device_p95_ms": 10.0 + trial}} for trial in range(3)]
    ranks = [{"option": "1", "trial": trial, "rank": 0, "summary": summary} for trial, summary in enumerate(stats)]
    facts = {"model": "llama3.1-8b", "summary": {"host_count": 1, "options": {"1": option}}, "ranks": ranks}
    column = "KVCache llama3.1-8b Storage Only - P95 Read Latency (ms)"
    found = cells(bare("kv_cache", facts))
    assert found["KVCache llama3.1-8b Storage Only - Throughput (tok/s)"] == 871.0
    assert found[column] == 12.0
    assert column not in cells(bare("kv_cache", {**facts, "missing_ranks": ["option_1/trial_2/rank_1"]}))
    said = {**option, "aggregated_device_read_p95_ms": 9.0}
    assert cells(bare("kv_cache", {**facts, "summary": {"options": {"1": said}}}))[column] == 9.0


@pytest.mark.parametrize(
    ("division", "changes", "word"),
    [
        ("closed", {}, "CLOSED"),
        ("open", {}, "OPEN"),
        ("closed", {"run4.overrides.reader/data_loader": "dali"}, "OPEN"),
        ("closed", {"run1.summary.metric.train_au_mean_percentage": 10.0}, "INVALID"),
        ("open", {"runs": 5}, "INVALID"),
    ],
)
def test_division_is_the_worse_of_what_was_asked_for_and_what_the_rules_say(division, changes, word):
    made = training("3.0", **changes)
    group = Group(made.family, division, made.folder, made.records, made.facts)
    (row,) = rows(submission(group), load_edition("3.0"))
    assert row.cells["Division"] == word
    assert row.verdict is verdict_of(group, load_edition("3.0"))


def test_a_result_is_as_bad_as_its_worst_run():
    assert verdict_of(training("3.0"), load_edition("3.0")) is Verdict.CLOSED
    assert verdict_of(training("3.0", **{"run6.accelerator": "h200"}), load_edition("3.0")) is Verdict.INVALID


def test_the_files_in_full(tmp_path):
    tree = submission(training("1.0"), training("1.0", **{"each.organisation": "=cmd()", "each.system_name": "a,b\n☃"}))
    edition = load_edition("1.0")
    folder = tmp_path / "new" / "folder"
    write(rows(tree, edition), folder, edition)
    assert sorted(path.name for path in folder.iterdir()) == ["results.csv", "results.json"]
    golden = Path(__file__).parents[1] / "golden" / "results-1.0.csv"
    assert (folder / "results.csv").read_text(encoding="utf-8") == golden.read_text(encoding="utf-8")
    document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert [list(row)[:15] for row in document] == [list(edition["results.columns"])] * 2
    assert document[1]["System"] == "a,b\n☃"
    assert document[1]["train_mean_of_au_percentage"] == pytest.approx(90.0)


def test_an_empty_submission_has_a_table_without_rows(tmp_path):
    publish(submission(), load_edition("3.0"), tmp_path / "out", tmp_path / "tree")
    assert len((tmp_path / "out" / "results.csv").read_text().splitlines()) == 1
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == []


def test_a_folder_inside_the_judged_tree_is_refused(tmp_path):
    tree = tmp_path / "tree"
    (tree / "closed").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tree)
    for folder in (tree, tree / "closed" / "new", tmp_path / "link" / "x", tree / ".." / "tree"):
        with pytest.raises(ConfigError, match="lies inside the judged tree .*: name a folder outside of it"):
            publish(submission(), load_edition("3.0"), folder, tree)
    assert list(tree.rglob("results.*")) == []
    refuse_inside(tmp_path / "tree-results", tree)
    refuse_inside(tmp_path, tree)


def test_a_folder_that_cannot_be_written_is_one_sentence_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match=r"cannot write .*results\.csv: .*; choose another --results-out"):
        write([], tmp_path / "file", load_edition("3.0"))
    (tmp_path / "out" / "results.csv").mkdir(parents=True)
    with pytest.raises(RecordError):
        write([], tmp_path / "out", load_edition("3.0"))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["results.csv"]


JUNK = (
    st.none()
    | st.booleans()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["\ud800", 1e308, "1e400", [], {}, [1e308] * 9])
)
LEAVES = [
    "each.model", "each.summary", "each.summary.metric", "run2.summary.metric.train_io_mean_MB_per_second", "run2.path",
    "each.summary.metric.train_throughput_mean_samples_per_second", "each.summary.metric.train_au_percentage",
    "each.organisation", "each.summary.num_hosts", "group.system", "group.path",
]  # fmt: skip


@given(changes=st.dictionaries(st.sampled_from(LEAVES), JUNK, max_size=4), edition=st.sampled_from(edition_names()))
def test_any_junk_has_a_row_that_json_and_csv_can_hold(tmp_path_factory, changes, edition):
    (row,) = rows(submission(result("training", edition, changes)), load_edition(edition))
    for value in (*row.cells.values(), *row.means.values()):
        assert isinstance(value, (str, int)) or math.isfinite(value)
    write([row], tmp_path_factory.getbasetemp() / "junk", load_edition(edition))


@pytest.mark.parametrize("edition", edition_names())
@pytest.mark.parametrize("family", ["training", "checkpointing", "vector_database", "kv_cache", "unheard_of"])
def test_results_of_which_nothing_is_known_have_a_row_and_are_invalid(family, edition):
    for group in (bare(family, {}), Group(family, "open", "golden", (), {})):
        (row,) = rows(submission(group), load_edition(edition))
        assert list(row.cells) == list(load_edition(edition)["results.columns"])
        assert row.verdict is Verdict.INVALID


def test_the_table_can_be_read_back(tmp_path):
    edition = load_edition("3.0")
    write(rows(submission(training("3.0")), edition), tmp_path, edition)
    with (tmp_path / "results.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert float(row["Training - Read B/W (GiB/s)"]) == pytest.approx(43_500 / 1024)
    assert row["Public ID"] == ""
