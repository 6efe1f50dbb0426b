"""What the files of a tree say arrives under the names that rules know, and what is damaged is named."""

import gc
import json

import pytest

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.model import Verdict
from storagebench.record import read_record
from storagebench.submission import CHAPTERS, Source
from storagebench.submission.run import Run
from tests.submission.trees import GIB, RESULT, first_edition, metadata, third_edition, write

RUN = f"{RESULT}/run/20260801_100000"
OLD = "Closed/Acme/results/sys/unet3d-h100"


def record_of(root, files):
    source = Source(write(root, files))
    return source.record(source.runs[-1])


def test_a_run_of_edition_3_0_tells_its_facts(tmp_path):
    record = record_of(tmp_path, third_edition())
    assert record.text("model") == "unet3d"
    assert record.text("accelerator") == "b200"
    assert record.number("parameters.reader.read_threads") == 4
    assert record.table("overrides") == {"reader.read_threads": "4"}
    assert record.numbers("cluster.memory_bytes") == (256 * GIB,)
    assert record.text("args.data_dir") == "/mnt/fs"
    assert record.text("datagen.data_dir") == "/mnt/fs"
    assert record.text("datagen.stamp") == "20260801_090000"
    assert record.count("datasize.dataset.num_files_train") == 28_000
    assert record.value("fs_separation.same_filesystem") is False
    assert record.text("invocation.started_at") == "2026-08-01T10:00:00"
    assert record.text("system.system_under_test.solution.submission_name") == "sys"
    assert record.numbers("steps.first_s") == (40.0, 35.0)
    assert (record.text("organisation"), record.text("system_name"), record.text("stamp")) == (
        "acme",
        "sys",
        "20260801_100000",
    )
    assert record.text("path") == RUN
    assert (
        record.count("files.0_output") if record.has("files.0_output") else record.table("files")["0_output.json"] > 0
    )
    assert not record.has("epochs")
    assert judge(record, load_edition("3.0")).verdict is Verdict.CLOSED


def test_a_run_of_edition_1_0_is_respelt(tmp_path):
    record = record_of(tmp_path, first_edition(f"{OLD}/run1"))
    assert record.number("parameters.dataset.record_length_bytes") == 146_600_628
    assert record.table("overrides") == {
        "workflow.train": "True",
        "profiling.profiler": "none",
        "dataset.num_files_train": "28000",
    }
    assert record.text("parameters.model.name") == "unet3d"
    assert record.table("args") == {"data_dir": "/mnt/fs"}
    for edition in ("1.0", "2.0"):
        assert judge(record, load_edition(edition)).verdict is Verdict.CLOSED


def test_the_engines_own_copy_stands_in_for_lost_metadata(tmp_path):
    files = {name: content for name, content in third_edition().items() if not name.endswith("_metadata.json")}
    files[f"{RUN}/dlio_config/config.yaml"] = {
        "workload": {"dataset": {"record_length": 7}, "reader": {"batch_size": 7}}
    }
    files[f"{RUN}/dlio_config/overrides.yaml"] = ["workload=unet3d_b200", "++workload.reader.read_threads=8"]
    record = record_of(tmp_path, files)
    assert record.number("parameters.dataset.record_length_bytes") == 7
    assert record.table("overrides") == {"reader.read_threads": "8"}
    assert (record.text("model"), record.text("accelerator")) == ("unet3d", "b200")


def test_the_phase_with_the_runs_data_directory_is_the_runs_phase(tmp_path):
    files = third_edition()
    other = metadata("datagen", args={"data_dir": "/elsewhere"})
    files[f"{RESULT}/datagen/20260801_095959/training_20260801_095959_metadata.json"] = other
    assert record_of(tmp_path, files).text("datagen.stamp") == "20260801_090000"


def test_pruned_logs_are_present_and_named(tmp_path):
    record = record_of(
        tmp_path, {**third_edition(), f"{RUN}/dlio.log": "PRUNED BY STAFF\n", f"{RUN}/other.log": "0123456789abcde\n"}
    )
    assert record.items("pruned") == ["dlio.log"]
    assert record.table("files")["dlio.log"] == 16
    assert not record.has("unreadable.dlio") or not record.table("unreadable")


def test_a_pruned_summary_is_absent_and_not_damaged(tmp_path):
    record = record_of(tmp_path, {**third_edition(), f"{RUN}/summary.json": "PRUNED BY STAFF\n"})
    assert not record.has("summary")
    assert record.table("unreadable") == {}


def test_checkpoints_come_in_the_order_of_their_numbers(tmp_path):
    leaf = "closed/a/results/s/checkpointing/llama3-8b/20260801_100000"
    event = {"start": "s", "end": "e", "duration": 2.0, "throughput": 50.0}
    stats = {
        "1": {f"save_ckpt{i}": {**event, "duration": float(i)} for i in (10, 2, 1)}
        | {"load_ckpt1": event, "start": "x"}
    }
    record = record_of(tmp_path, {f"{leaf}/0_per_epoch_stats.json": stats, f"{leaf}/summary.json": {}})
    assert record.numbers("checkpoints.save.duration_s") == (1.0, 2.0, 10.0)
    assert record.value("checkpoints.load") == {
        "duration_s": [2.0],
        "gib_per_s": [50.0],
        "started_at": ["s"],
        "ended_at": ["e"],
    }


def test_ranks_of_a_cache_run_are_gathered_and_missing_ones_named(tmp_path):
    leaf = "closed/a/results/s/kv_cache/llama3.1-8b/run/20260801_100000"
    summary = {"options": {"1": {}, "2": {}}, "total_ranks": 2, "trials_per_option": 1}
    files = {f"{leaf}/kvcache_run_summary_20260801_100000.json": summary}
    for place in ("option_1/trial_0/rank_0", "option_1/trial_0/rank_1", "option_2/trial_0/rank_1"):
        files[f"{leaf}/{place}/kvcache_results_1.json"] = {"seed": 42, "end_to_end_latencies": [1], "summary": {"x": 1}}
    commands = [{"command": "mpirun a"}, {"command": None}, 7]
    files[f"{leaf}/kv_cache_1_metadata.json"] = {"command_output_files": commands, "executed_command": "mpirun b"}
    record = record_of(tmp_path, files)
    assert record.count("summary.total_ranks") == 2
    assert record.items("missing_ranks") == ["option_2/trial_0/rank_0"]
    assert record.items("ranks")[0] == {
        "option": "1",
        "trial": 0,
        "rank": 0,
        "path": "option_1/trial_0/rank_0/kvcache_results_1.json",
        "summary": {"x": 1},
        "seed": 42,
    }
    assert record.items("commands") == ["mpirun a"]


@pytest.mark.parametrize(
    ("latencies", "median_ms", "counted"),
    [
        ([100.0, 250.0, 301.0, 299.0, 492.5], 299_000, {"requests": 5, "after_window": 2, "longest_s": 492.5}),
        ([100_000.0, 250_000.0, 301_000.0], 250_000, None),  # milliseconds, it seems: not what the median says
        ([], 250_000, None),
        ([1.0, "x", 3.0], 1_000, None),
        ([1.0], None, None),
    ],
)
def test_requests_that_outlasted_the_window_are_counted_where_their_unit_is_sure(
    tmp_path, latencies, median_ms, counted
):
    leaf = "closed/a/results/s/kv_cache/llama3.1-8b/run/20260801_100000"
    said = {
        "end_to_end_latencies": latencies,
        "summary": {"elapsed_time": 300.0, "end_to_end_latency_ms": {"p50": median_ms}},
    }
    record = record_of(
        tmp_path, {f"{leaf}/summary.json": {"x": 1}, f"{leaf}/option_1/trial_0/rank_0/kvcache_results_1.json": said}
    )
    assert record.items("ranks")[0].get("end_to_end") == counted


def test_figures_of_several_database_nodes_lie_deeper(tmp_path):
    leaf = "closed/a/results/s/vector_database/milvus/DISKANN/run/20260801_100000"
    record = record_of(
        tmp_path, {f"{leaf}/vectordb/simple/statistics.json": {"total_queries": 7}, f"{leaf}/config.json": {"x": 1}}
    )
    assert record.count("statistics.total_queries") == 7
    assert record.count("config.x") == 1
    assert not record.has("summary")


def test_a_result_has_its_runs_oldest_first_and_its_own_facts(tmp_path):
    files = {}
    for i, start in ((1, "03"), (2, "02"), (3, "01")):
        files |= first_edition(f"{OLD}/run{i}", start=f"2024-08-{start}T00:00:00")
    files[f"{OLD}/mlperf_storage_report.json"] = {"overall": {"model": "unet3d"}}
    files["Closed/Acme/systems/SYS.JSON"] = {"nodes": []}
    group = Source(write(tmp_path, files)).group(OLD)
    assert [record.text("stamp") for record in group.records] == ["run3", "run2", "run1"]
    assert group.shared.text("report.overall.model") == "unet3d"
    assert group.shared.has("system")
    assert group.shared.table("folders") == {"run": ["run1", "run2", "run3"]}


def test_a_result_of_edition_3_0_knows_its_phases_and_files(tmp_path):
    files = {
        **third_edition(runs=2),
        f"{RESULT}/run/results.json": "[]",
        f"{RUN}/provenance.json": {"rules_edition": "3.0"},
    }
    shared = Source(write(tmp_path, files)).group(RESULT).shared
    assert shared.table("folders") == {
        "datasize": ["20260801_080000"],
        "datagen": ["20260801_090000"],
        "run": ["20260801_100000", "20260801_110000"],
    }
    assert shared.value("results_json") is True
    assert shared.table("files") == {"run/results.json": 2}
    assert shared.table("edition_stamps") == {"20260801_100000": "3.0"}


def test_the_whole_has_documents_problems_and_junk(tmp_path):
    files = {
        **third_edition(),
        "closed/acme/systems/other.yaml": "a: [1,",
        "closed/acme/systems/.DS_Store": "x",
        f"{RUN}/.mlps-code-image": "md5-tree-v2:" + 32 * "a" + "\n",
    }
    submission = Source(write(tmp_path, files)).submission()
    assert submission.documents[f"{RUN}/.mlps-code-image"] == "md5-tree-v2:" + 32 * "a"
    assert "closed/acme/systems/sys.yaml" in submission.documents
    assert list(submission.problems) == ["closed/acme/systems/other.yaml"]
    assert "closed/acme/systems/.DS_Store" in submission.junk
    assert [group.family for group in submission.groups] == ["training"]


@pytest.mark.parametrize(
    "name", ["summary.json", "training_20260801_100000_metadata.json", "fs_separation.json", "0_per_epoch_stats.json"]
)
def test_one_bad_file_makes_one_finding(tmp_path, name):
    record = record_of(tmp_path, {**third_edition(), f"{RUN}/{name}": '{"a": [1'})
    judgement = judge(record, load_edition("3.0"))
    about = [finding for finding in judgement.findings if name in finding.saw]
    assert len(about) == 1, [str(finding) for finding in judgement.findings]
    assert "is not JSON: it ends on line 1 before it is complete" in about[0].saw
    assert [
        finding for finding in judgement.findings if "cannot be judged" in finding.saw and finding not in about
    ] == []
    assert (judgement.verdict is Verdict.CLOSED) == (name == "0_per_epoch_stats.json")


def test_a_bad_phase_is_said_once_in_every_run_of_it(tmp_path):
    bad = f"{RESULT}/datagen/20260801_090000/training_20260801_090000_metadata.json"
    record = record_of(tmp_path, {**third_edition(), bad: b"\xff"})
    (saw,) = [finding.saw for finding in judge(record, load_edition("3.0")).findings if "datagen" in finding.saw]
    name = "datagen/20260801_090000/training_20260801_090000_metadata.json"
    assert saw == f"cannot be judged: {name} is not UTF-8 text: byte 0xff on line 1"


def test_the_rest_speaks_when_one_run_is_damaged(tmp_path):
    source = Source(write(tmp_path, {**third_edition(runs=3), f"{RUN}/summary.json": "{"}))
    verdicts = [judge(source.record(leaf), load_edition("3.0")).verdict.name for leaf in source.runs]
    assert verdicts == ["INVALID", "CLOSED", "CLOSED"]
    for chapter in CHAPTERS:
        judge(source.submission(), load_edition("3.0"), chapter)
    judge(source.group(RESULT), load_edition("3.0"))


def test_the_same_run_reads_the_same_alone_and_in_its_tree(tmp_path):
    source = Source(write(tmp_path, third_edition()))
    alone, within = read_record(tmp_path / RUN), source.record(source.runs[0])
    assert json.dumps(dict(alone.facts)) == json.dumps(dict(within.facts))
    assert (alone.folder, alone.division, alone.family) == (within.folder, within.division, within.family)


def test_a_link_to_a_file_of_the_tree_is_read_and_one_that_was_turned_away_later_is_not(tmp_path):
    root = write(tmp_path / "tree", third_edition())
    write(tmp_path, {"secret.json": {"model": "stolen"}})
    target = root / RUN / "summary.json"
    kept = target.rename(target.with_name("kept.json"))
    target.symlink_to(kept.name)
    source = Source(root)
    assert source.record(source.runs[0]).has("summary")
    source = Source(root)
    target.unlink()
    target.symlink_to(tmp_path / "secret.json")
    record = source.record(source.runs[0])
    assert not record.has("summary")
    assert record.table("unreadable")["summary.json"].startswith("cannot be opened")


def test_a_name_in_a_file_never_becomes_a_path(tmp_path):
    root = write(tmp_path / "tree", third_edition())
    write(tmp_path / "outside", {"training_1_metadata.json": metadata("datagen", model="stolen")})
    own = {"phases": {"datagen": "../../../../../../../../outside"}, "plan": {"edition": "../3.0"}}
    write(root, {f"{RUN}/record.json": own})
    source = Source(root)
    record = source.record(source.runs[0])
    assert record.text("datagen.stamp") == "20260801_090000"
    assert source.edition_of(record) == "3.0"


def test_a_result_that_was_gone_through_is_let_go(tmp_path):
    source = Source(write(tmp_path, third_edition(runs=2) | first_edition("Closed/a/results/s/unet3d/run1")))
    groups = source.submission().groups

    def held() -> int:
        gc.collect()
        return sum(isinstance(found, Run) for found in gc.get_objects())

    before = held()
    assert [held() - before for group in groups if group.records[0].has("summary.start")] == [1, 2]
    assert held() == before
    assert len(list(groups)) == len(list(groups)) == 2
