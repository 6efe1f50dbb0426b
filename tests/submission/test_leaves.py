"""Run folders are found wherever the editions, and the submitters of the first one, put them."""

import pytest

from storagebench.submission import Source
from storagebench.submission.first_edition import natural, unfinished
from storagebench.submission.leaves import leaf_at
from tests.submission.trees import RESULT, SHARED, first_edition, summary, third_edition, write

SYSTEM = "Closed/Acme/results/sys-4-nodes"

LAYOUTS = {
    "hosts below runs/runN (DDN)": ("{}/unet3d-h100/runs/run{}/c00{}", "unet3d_h100"),
    "run-N (HPE)": ("{}/unet3d_h100/run-{}", "unet3d_h100"),
    "runN below the system (Hammerspace, Nutanix)": ("{}-unet3d-h100/run{}", "unet3d_h100"),
    "runN/host (Huawei)": ("{}/unet3d_h100/run{}/host1", "unet3d_h100"),
    "hosts@accelerators (IEI)": ("{}/unet3d/3hosts@36GPUs/runs/run{}", "unet3d_h100"),
    "the result in the run's name (Lightbits)": ("{}/unet3d/unet3d_h100_run_{}", "unet3d_h100"),
    "model/accelerator/run_N (Micron)": ("{}/unet3d/h100/run_{}", "unet3d_h100"),
    "model/accelerator/runs/runN (Micron)": ("{}/unet3d/h100/runs/run{}", "unet3d_h100"),
    "model_Nacc (YanRongTech)": ("{}/unet3d-h100/unet3d_12acc/run{}", "unet3d_h100"),
    "a benchmark for a system (simplyblock)": ("Closed/Acme/results/resnet-h100/run{1}", "resnet50_h100"),
    "a benchmark for a system, gathered (simplyblock)": (
        "Closed/Acme/results/resnet-h100/runs/run{1}",
        "resnet50_h100",
    ),
    "model/runs/runN (MangoBoost)": ("{}/cosmoflow_a100/runs/run{}", "cosmoflow_a100"),
    "model-Nacc/runN (Juicedata)": ("{}/cosmoflow-10acc/run{}", "cosmoflow_h100"),
    "short names (WEKA)": ("{}/resnet-a100/run{}", "resnet50_a100"),
}


def five(pattern: str, workload: str) -> dict[str, object]:
    return {k: v for i in range(1, 6) for k, v in first_edition(pattern.format(SYSTEM, i, i), workload).items()}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_five_runs_of_edition_1_0_are_one_result_wherever_they_lie(tmp_path, layout):
    pattern, workload = LAYOUTS[layout]
    source = Source(write(tmp_path, five(pattern, workload)))
    assert len(source.runs) == 5
    ((name, runs),) = source.results.items()
    assert len(runs) == 5
    group = source.group(name)
    assert len(group.facts["folders"]["run"]) == 5
    record = group.records[0]
    assert (record.facts["model"], record.facts["accelerator"]) == tuple(workload.split("_"))
    assert record.division == "closed"
    assert source.edition == "1.0"


@pytest.mark.parametrize("layout", [name for name, (_, workload) in LAYOUTS.items() if "12acc" not in name])
def test_folders_tell_the_workload_where_the_configuration_is_lost(tmp_path, layout):
    pattern, workload = LAYOUTS[layout]
    folder = pattern.format(SYSTEM, 1, 1)
    source = Source(write(tmp_path, {f"{folder}/summary.json": summary()}))
    model = source.record(source.runs[0]).facts["model"]
    assert model == workload.split("_")[0]


def test_two_results_that_share_a_folder_are_told_apart_by_the_names_of_their_runs(tmp_path):
    files = {}
    for accelerator in ("a100", "h100"):
        files |= five("{}/unet3d/unet3d_" + accelerator + "_run_{}", f"unet3d_{accelerator}")
    source = Source(write(tmp_path, files))
    assert {name.rpartition("/")[2]: len(runs) for name, runs in source.results.items()} == {
        "unet3d_a100*": 5,
        "unet3d_h100*": 5,
    }
    assert {len(source.group(name).facts["folders"]["run"]) for name in source.results} == {5}


def test_a_run_without_a_summary_is_named_and_not_counted(tmp_path):
    files = five("{}/unet3d-h100/run{}", "unet3d_h100")
    files[f"{SYSTEM}/unet3d-h100/run6/configs/config.yaml"] = "workload: {}"
    files[f"{SYSTEM}/cosmoflow-h100/run1/configs/config.yaml"] = "workload: {}"
    files[f"{SYSTEM}/cosmoflow-h100/datagen/configs/config.yaml"] = "workload: {}"
    source = Source(write(tmp_path, files))
    assert len(source.runs) == 5
    assert sorted(unfinished(source.tree.listing, source.runs)) == [
        f"{SYSTEM}/cosmoflow-h100/run1",
        f"{SYSTEM}/unet3d-h100/run6",
    ]
    assert len(source.group(f"{SYSTEM}/unet3d-h100").facts["folders"]["run"]) == 6


def test_hosts_other_than_rank_0_leave_no_summary_and_make_no_run(tmp_path):
    files = five("{}/unet3d-h100/run{}/host1", "unet3d_h100")
    files |= {f"{SYSTEM}/unet3d-h100/run{i}/host2/configs/config.yaml": "workload: {}" for i in range(1, 6)}
    source = Source(write(tmp_path, files))
    assert len(source.runs) == 5
    assert list(unfinished(source.tree.listing, source.runs)) == []


def test_summaries_in_code_and_in_junk_are_no_runs(tmp_path):
    files = five("{}/unet3d-h100/run{}", "unet3d_h100")
    files["Closed/Acme/code/dlio_benchmark/tests/test_data/summary.json"] = summary()
    files[f"{SYSTEM}/code/dlio/test_data/summary.json"] = summary()
    files[f"{SYSTEM}/unet3d-h100/run1/._summary.json"] = b"\x00\x05\x16\x07"
    files["Closed/Acme/generation_logs/run1/summary.json"] = summary()
    assert len(Source(write(tmp_path, files)).runs) == 5


def test_runs_of_edition_3_0_lie_where_its_tool_puts_them(tmp_path):
    files = third_edition(runs=6)
    base = "OPEN/Acme/results/sys"
    files |= {
        f"{base}/checkpointing/llama3-8b/20260801_100000/summary.json": {},
        f"{base}/kv_cache/llama3.1-8b/run/20260801_100000/summary.json": {},
        f"{base}/vector_database/milvus/DISKANN/run/20260801_100000/statistics.json": {},
        f"{base}/vector_database/milvus/DISKANN/datagen/20260801_090000/summary.json": {},
        f"{base}/kv_cache/llama3.1-8b/run/.hidden/summary.json": {},
    }
    source = Source(write(tmp_path, files))
    assert [(leaf.family, leaf.division) for leaf in source.runs if leaf.family != "training"] == [
        ("checkpointing", "open"),
        ("kv_cache", "open"),
        ("vector_database", "open"),
    ]
    assert len(source.results[RESULT]) == 6
    assert source.division == "closed"
    assert source.edition == "3.0"
    vectors = source.record(source.runs[[leaf.family for leaf in source.runs].index("vector_database")])
    assert (vectors.facts["engine_folder"], vectors.facts["index_folder"]) == ("milvus", "DISKANN")


def test_a_run_folder_with_nothing_in_it_is_a_run_that_cannot_be_judged(tmp_path):
    write(tmp_path, third_edition())
    (tmp_path / RESULT / "run" / "20260801_200000").mkdir()
    assert len(Source(tmp_path).runs) == 2


@pytest.mark.parametrize(
    ("files", "edition"),
    [
        ({"closed/a/results/s/training/resnet50/run/20250801_100000/summary.json": {}}, "2.0"),
        ({"Closed/a/results/s/training/unet3d/run/20250801_100000/summary.json": {}, "Closed/a/code/x/y": ""}, "2.0"),
        ({"closed/a/results/s/training/unet3d/run/20250801_100000/summary.json": {}}, "2.0"),
        ({"closed/a/results/s/training/unet3d/run/20260801_100000/summary.json": {}}, "3.0"),
        ({"closed/a/results/s/training/retinanet/run/20250801_100000/summary.json": {}}, "3.0"),
        ({"closed/a/results/s/kv_cache/llama3.1-8b/run/20250801_100000/summary.json": {}}, "3.0"),
        ({"closed/a/results/s/training/unet3d/run/20250801_100000/.mlps-code-image": "", "closed/a/code/x/y": ""}, "3.0"),
        ({"Closed/a/results/s/unet3d/run1/summary.json": {}}, "1.0"),
    ],
)  # fmt: skip
def test_the_layout_tells_the_edition(tmp_path, files, edition):
    assert Source(write(tmp_path, files)).edition == edition


def test_a_path_tells_its_leaf():
    leaf = leaf_at(("/", "mnt", "whatif", "local", "results", "h1", "training", "unet3d", "run", "20260801_100000"))
    assert leaf.path == "whatif/local/results/h1/training/unet3d/run/20260801_100000"
    assert (leaf.group, leaf.submitter) == ("whatif/local/results/h1/training/unet3d", "whatif/local")
    assert leaf_at(("closed", "o", "results", "s", "checkpointing", "llama3-8b", "20260801_100000")).command == "run"
    assert leaf_at(("closed", "o", "results", "s")) is None


def test_run10_comes_after_run9():
    assert sorted(["run10", "run9", "run1"], key=natural) == ["run1", "run9", "run10"]


@pytest.mark.parametrize("edition", [path.name for path in sorted(SHARED.glob("v*"))])
def test_discovery_is_the_same_every_time(edition):
    first, second = Source(SHARED / edition), Source(SHARED / edition)
    assert first.runs == second.runs
    assert list(first.results) == list(second.results)
