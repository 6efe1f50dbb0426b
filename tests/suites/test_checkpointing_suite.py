"""`pytest suites/checkpointing`, end to end and for real: from options to verdict, record and reports."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import jsonschema
import pytest

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.record import read_record
from storagebench.serial import to_json
from tests.suites.session import ROOT, session

SCHEMA = json.loads((ROOT / "storagebench" / "record" / "record.schema.json").read_text())
SMALL = (
    "-k=llama3-8b",
    "--division=whatif",
    "--model-scale=1/20000",
    "--param=checkpoint.time_between_checkpoints=0",
    "--param=checkpoint.num_checkpoints_write=2",
    "--param=checkpoint.num_checkpoints_read=2",
)
"""Checkpoints of 5 MiB by eight ranks; INVALID by rule, and so whatif."""


def run(folder, *arguments):
    (folder / "ckpt").mkdir(exist_ok=True)
    return session(folder, f"--checkpoint-dir={folder}/ckpt", *SMALL, *arguments, suite="suites/checkpointing")


def leaves(done) -> list[Path]:
    return sorted(path.parent for path in done.folder.glob("results/**/record.json"))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    return run(folder, f"--html={folder}/report.html")


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    """Two invocations with a command in between."""
    folder = tmp_path_factory.mktemp("split")
    return run(folder, f"--between-phases=ls {folder}/ckpt/llama3-8b > {folder}/seen")


def test_a_run_writes_and_reads_and_leaves_no_checkpoint(small):
    assert small.returncode == 0, small.output
    (record,) = small.records()
    assert [(one["phase"], one["number"]) for one in record["checkpoints"]] == [
        ("save", 1), ("save", 2), ("load", 1), ("load", 2),
    ]  # fmt: skip
    assert list((small.folder / "ckpt").iterdir()) == []


def test_the_record_keeps_to_its_schema(small):
    (record,) = small.records()
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    assert record["metrics"]["checkpoint_bytes"] == sum({one["bytes"] for one in record["checkpoints"]})
    assert record["evidence"]["cache_drop"]["resident_after_pages"] == 0


def test_the_folder_has_what_edition_3_0_asks_for(small):
    (leaf,) = leaves(small)
    assert leaf.parent.relative_to(small.folder).match("results/whatif/local/results/*/checkpointing/llama3-8b")
    names = {str(path.relative_to(leaf)) for path in leaf.rglob("*") if path.is_file()}
    ranks = {f"{rank}_{name}.json" for rank in range(8) for name in ("output", "per_epoch_stats")}
    assert names == ranks | {
        "summary.json", "record.json", "fs_separation.json", "dlio.log", f"checkpointing_{leaf.name}_metadata.json",
        "checkpointing_run.stdout.log", "checkpointing_run.stderr.log", "dlio_config/config.yaml", "dlio_config/hydra.yaml",
        "dlio_config/overrides.yaml", "timeseries/localhost.jsonl", "timeseries/benchmark.jsonl",
    }  # fmt: skip
    metadata = json.loads((leaf / f"checkpointing_{leaf.name}_metadata.json").read_text())
    assert (metadata["accelerator"], metadata["args"]["num_checkpoints_write"]) == ("b200", 2)


def test_the_summary_is_worked_out_of_the_series_as_upstream_does(small):
    (leaf,) = leaves(small)
    metric = json.loads((leaf / "summary.json").read_text())["metric"]
    events = json.loads((leaf / "0_per_epoch_stats.json").read_text())["1"]
    for phase in ("save", "load"):
        rates = [events[f"{phase}_ckpt{number}"]["throughput"] for number in (1, 2)]
        assert metric[f"{phase}_checkpoint_io_mean_GB_per_second"] == pytest.approx(sum(rates) / 2)
        durations = [events[f"{phase}_ckpt{number}"]["duration"] for number in (1, 2)]
        sizes = [rate * duration for rate, duration in zip(rates, durations, strict=True)]
        assert sizes == pytest.approx([metric["checkpoint_size_GB"]] * 2)


def test_a_saved_record_gets_the_verdict_of_the_live_run(small):
    (document,) = small.records()
    again = judge(read_record(leaves(small)[0]), load_edition(document["judged_as"]))
    assert again.verdict.name == document["verdict"] == "INVALID"
    assert to_json(again.findings) == document["findings"]


def test_the_suite_that_judges_submissions_gives_the_same_verdict(small, tmp_path):
    done = session(tmp_path, f"--submission={small.folder}/results", "--division=whatif", suite="suites/submission")
    (document,) = small.records()
    (leaf,) = leaves(small)
    case = next(case for case in done.testcases() if leaf.name in case.get("name"))
    properties = {item.get("name"): item.get("value") for item in case.iter("property")}
    assert properties["verdict"] == document["verdict"]


def test_junit_and_page_have_the_figures(small):
    (case,) = small.testcases()
    properties = {item.get("name"): item.get("value") for item in case.iter("property")}
    assert properties["verdict"] == "INVALID"
    assert float(properties["save_gib_per_s"]) > 0
    page = (small.folder / "report.html").read_text()
    assert "Rate of each save" in page
    assert "Figures of each checkpoint" in page


def test_a_scale_and_a_shared_filesystem_are_never_closed(small):
    (document,) = small.records()
    invalid = {
        (finding["rule_id"], finding["saw"]) for finding in document["findings"] if finding["lands"] == "INVALID"
    }
    assert ("4.6.3", "model.scale=1/20000") in invalid
    assert ("4.4.2", "checkpoints and results share a filesystem") in invalid


def test_two_invocations_are_two_items_with_the_command_in_between(split):
    assert split.returncode == 0, split.output
    write, read = split.records()
    assert (write["id"], read["id"]) == ("llama3-8b-x8-write", "llama3-8b-x8-read")
    assert {one["phase"] for one in write["checkpoints"]} == {"save"}
    assert {one["phase"] for one in read["checkpoints"]} == {"load"}
    assert (split.folder / "seen").read_text().split() == ["global_epoch1_step1", "global_epoch1_step2"]
    assert read["invocations"]["written_in"] == Path(write["folder"]).name
    assert 0 < read["metrics"]["remap_s"] < 300
    assert list((split.folder / "ckpt").iterdir()) == []


def test_checkpoints_that_were_kept_are_not_written_over(tmp_path):
    assert run(tmp_path, "--keep-checkpoints").returncode == 0
    kept = sorted(path.name for path in (tmp_path / "ckpt" / "llama3-8b").iterdir())
    assert kept == [".storagebench-checkpoints.json", "global_epoch1_step1", "global_epoch1_step2"]
    again = run(tmp_path)
    assert again.returncode == 1
    assert "holds the checkpoints of the run that began" in again.output
    (word,) = again.incomplete()
    assert word["status"] == "failed"


def test_memory_is_no_storage_and_the_run_says_so():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        done = run(Path(folder))
        assert done.returncode == 0, done.output
        assert "is on tmpfs, memory: figures will not be those of storage" in " ".join(done.output.split())
        (record,) = done.records()
        assert record["evidence"]["device"]["name"] is None
        assert "tmpfs" in record["evidence"]["device"]["reason"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_target_that_can_only_be_read_stops_before_anything_starts(tmp_path):
    (tmp_path / "ckpt").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", tmp_path / "ckpt"], check=True)
    try:
        done = run(tmp_path)
    finally:
        subprocess.run(["umount", tmp_path / "ckpt"], check=True)
    assert done.returncode == 1
    assert "cannot be written: Read-only file system" in " ".join(done.output.split())
    assert done.records() == []


def test_a_plan_that_the_rules_forbid_is_refused_with_their_number(tmp_path):
    done = run(tmp_path, "--division=closed", "--plan")
    assert done.returncode == 1
    assert "2 writes and 2 reads, where the rules have 10 and 10" in " ".join(done.output.split())


def test_quick_has_one_point(tmp_path):
    done = session(tmp_path, "--quick", "--collect-only", "-q", suite="suites/checkpointing")
    assert "test_run[llama3-8b-x8]" in done.output
