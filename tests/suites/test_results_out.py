"""`--results-out`: the table of a judged submission, once a session, and never in the tree itself."""

import csv
import json

import pytest

from storagebench.examples import run
from tests.suites.session import session

SUITE = "suites/submission"


@pytest.fixture
def tree(tmp_path):
    """A submission of edition 1.0: the five runs of one result."""
    root = tmp_path / "tree"
    facts = run("training", "1.0", {}).facts
    for number in range(1, 6):
        leaf = root / "closed" / "acme" / "results" / "acme-one" / "unet3d" / f"run{number}"
        (leaf / "configs").mkdir(parents=True)
        times = {"start": f"2024-08-07T17:{number}0:00.5", "end": f"2024-08-07T17:{number}9:00.5"}
        (leaf / "summary.json").write_text(json.dumps({**facts["summary"], **times}))
        (leaf / "configs" / "config.yaml").write_text(json.dumps({"workload": facts["parameters"]}))
        (leaf / "configs" / "overrides.yaml").write_text("- workload=unet3d_a100\n")
    return root


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "n2"])
def test_the_table_is_written_where_the_option_says_and_nowhere_else(tmp_path, tree, workers):
    before = names(tree)
    out = tmp_path / "out"
    done = session(tmp_path, f"--submission={tree}", f"--results-out={out}", *workers, suite=SUITE)
    assert done.line("results in") == f"1 results in {out}/results.csv and results.json"
    assert names(out) == ["results.csv", "results.json"]
    assert names(tree) == before
    with (out / "results.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["Organization"], row["System"], row["num_benchmark_runs"]) == ("acme", "acme-one", "5")
    assert float(row["train_throughput_mean_samples_per_second"]) == pytest.approx(312)


def test_without_the_option_nothing_is_written(tmp_path, tree):
    before = names(tmp_path)
    session(tmp_path, f"--submission={tree}", suite=SUITE)
    assert set(names(tmp_path)) - set(before) <= {"data", "report.xml"}


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        (
            "tree/out",
            r"^ERROR: --results-out=.*/tree/out lies inside the judged tree .*/tree: name a folder outside of it$",
        ),
        ("file/out", r"^ERROR: cannot write .*/file/out/results.csv: .*; choose another --results-out$"),
    ],
)
def test_a_wrong_folder_is_one_sentence(tmp_path, tree, out, sentence):
    (tmp_path / "file").write_text("")
    before = names(tree)
    done = session(tmp_path, f"--submission={tree}", f"--results-out={tmp_path / out}", suite=SUITE)
    assert done.line(sentence)
    assert done.returncode != 0
    assert "Traceback" not in done.output
    assert names(tree) == before


def test_there_is_no_table_without_a_submission(tmp_path):
    done = session(tmp_path, "--results-out=out")
    assert done.returncode == 4
    assert done.line(r"^ERROR: --results-out=.*out: there is no table without --submission$")


def test_a_mere_listing_writes_nothing(tmp_path, tree):
    done = session(tmp_path, f"--submission={tree}", f"--results-out={tmp_path / 'out'}", "--collect-only", suite=SUITE)
    assert done.returncode == 0
    assert not (tmp_path / "out").exists()
