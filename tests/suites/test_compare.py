"""`--tag`, `--history`, `--compare` and `--fail-slower`, end to end with real runs."""

import subprocess
import sys

import pytest

from tests.suites.session import ROOT, TINY, environment, session

POINT = ("-k", "unet3d-b200-x1", "--accelerators=1", *TINY)


def answer(folder, *options):
    command = [sys.executable, "-m", "pytest", f"--results-dir={folder}/results", *options]
    return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A result of two runs, tagged."""
    done = session(tmp_path_factory.mktemp("saved"), *POINT, "--runs=2", "--tag=base")
    assert done.returncode == 0, done.output
    return done


def test_history_lists_what_was_saved_and_runs_nothing(saved):
    done = answer(saved.folder, "--history=tag=base")
    assert done.returncode == 0
    heading, first, second, total = done.stdout.splitlines()
    assert heading.split()[:2] == ["run", "started"]
    assert first.startswith("0001")
    assert "unet3d-b200-x1-run1  INVALID  AU" in first
    assert second.startswith("0002")
    assert second.endswith("base")
    assert total == f"2 runs in {saved.folder}/results"


def test_a_damaged_record_is_one_line(saved, tmp_path):
    broken = tmp_path / "results" / "x" / "record.json"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    assert "left out: x/record.json: Expecting" in answer(tmp_path, "--history").stdout


def test_runs_of_one_session_are_one_result(saved):
    assert len({record["plan"]["series"] for record in saved.records()}) == 1
    assert {record["plan"]["tag"] for record in saved.records()} == {"base"}


def test_the_last_run_of_a_result_is_held_against_the_earlier_one(saved):
    done = session(
        saved.folder, *POINT, "--runs=2", "--compare=base", "--fail-slower=99%", f"--html={saved.folder}/r.html"
    )
    assert done.returncode == 0, done.output
    assert done.output.count("compared with 0002 (tag base") == 1
    assert "2 runs and 2 runs" in done.line("compared with")
    assert "samples_per_s_change_percent" in {p.get("name") for p in done.testcases()[-1].iter("property")}
    assert "Compared with 0002 (tag base" in (saved.folder / "r.html").read_text()
    both = answer(saved.folder, "--compare=base..latest")
    assert both.returncode == 0, both.stdout
    assert "compared with 0002 (tag base" in both.stdout


def test_a_run_of_another_class_is_refused_before_it_starts(saved):
    other = [option.replace("batch_size=2", "batch_size=4") for option in POINT]
    done = session(saved.folder, *other, "--compare=0001")
    assert "is not comparable with unet3d-b200-x1: another comparability class" in done.output
    assert "(reader.batch_size is 2 there and 4 here)" in done.output
    assert "1 error" in done.output


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--compare=nightly"], "'nightly' names no saved run"),
        (["--fail-slower=5%"], "name an earlier run with --compare=REF"),
        (["--compare=0001", "--fail-slower=much"], "give per cent"),
        (["--compare=0001", "--fail-slower=5%", "--resume"], "would pass unseen"),
        (["--tag=a b"], "--tag=a b: such names take letters"),
        (["--history=modl=x"], "did you mean model"),
    ],
)
def test_a_wrong_option_is_one_sentence(saved, options, sentence):
    done = answer(saved.folder, "suites/training", *options)
    assert done.returncode == 4
    assert sentence in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_gate_without_an_earlier_run_of_the_item_does_not_pass(saved):
    other = [option.replace("-x1", "-x2").replace("accelerators=1", "accelerators=2") for option in POINT]
    done = session(saved.folder, *other, "--compare=base", "--fail-slower=5%")
    assert done.returncode == 1
    assert "there is no earlier run of" in done.output
