"""`pytest suites/submission`, end to end: items, verdicts, reports, several workers, wrong options."""

import shutil

import pytest

from tests.submission.trees import RESULT, first_edition, summary, third_edition, write
from tests.suites.session import ROOT, TINY, session

RUN = f"{RESULT}/run/20260801_1{{}}0000"


def judged(folder, tree, *arguments):
    return session(folder, f"--submission={tree}", *arguments, suite="suites/submission")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A result of six runs, one of them too small and one damaged; and a run of the OPEN division that may be OPEN."""
    files = third_edition(runs=6)
    files[f"{RUN.format(2)}/summary.json"] = summary(num_files_train=100)
    files[f"{RUN.format(3)}/summary.json"] = '{"start": '
    opened = {name.replace("closed/", "OPEN/", 1): content for name, content in third_edition().items()}
    changed = RUN.format(0).replace("closed/", "OPEN/") + "/training_20260801_100000_metadata.json"
    opened[changed] |= {"override_parameters": {"reader.data_loader": "other"}}
    return write(tmp_path_factory.mktemp("tree"), {**files, **opened})


def words(done) -> dict[str, str]:
    return {
        case.get("name").split("[")[1].rstrip("]"): next(
            item.get("value") for item in case.iter("property") if item.get("name") == "verdict"
        )
        for case in done.testcases()
    }


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_every_run_result_and_chapter_is_an_item(tmp_path, tree, workers):
    done = judged(tmp_path, tree, *workers)
    found = words(done)
    runs = {
        name.rpartition("/")[2]: word for name, word in found.items() if name.startswith("closed") and "/run/" in name
    }
    assert list(runs.values()).count("CLOSED") == 4
    assert (runs["20260801_120000"], runs["20260801_130000"]) == ("INVALID", "INVALID")
    assert found[RUN.format(0).replace("closed/", "OPEN/")] == "OPEN"
    assert {"layout", "provenance", "system", RESULT} <= set(found)
    assert len(found) == 7 + 2 + 3
    assert "Traceback" not in done.output
    assert done.returncode == 1
    assert "ends on line 1 before it is complete" in done.output
    if workers:
        assert "gw0" in done.output
        assert "gw1" in done.output


def test_an_open_run_passes_where_the_tree_claims_open(tmp_path, tree):
    done = judged(tmp_path, tree, "-k", "OPEN and run and test_run")
    assert done.returncode == 0, done.output
    assert "1 open" in done.output


def test_the_page_shows_what_was_found(tmp_path, tree):
    done = judged(tmp_path, tree, f"--html={tmp_path}/report.html", "-k", "test_run")
    page = (tmp_path / "report.html").read_text()
    assert "trainingRecalculateDatasetSize" in page
    assert "record.json" not in done.output
    assert str(RUN.format(2)) in page


def test_the_header_says_what_is_judged(tmp_path, tree):
    done = judged(tmp_path, tree, "--collect-only")
    assert "edition 3.0 by its layout; 7 runs, 2 results, 0 junk files left out" in done.output
    assert (
        "edition 2.0, as in the round"
        in judged(tmp_path, tree, "--collect-only", "--edition=2.0", "--as-of=round").output
    )


def test_an_edition_may_be_forced(tmp_path):
    write(tmp_path / "old", first_edition("Closed/a/results/s/unet3d-h100/run1"))
    own = words(judged(tmp_path, tmp_path / "old", "-k", "test_run"))
    forced = words(judged(tmp_path, tmp_path / "old", "-k", "test_run", "--edition=3.0"))
    assert set(own.values()) == {"CLOSED"}
    assert set(forced.values()) == {"INVALID"}


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("gone", "cannot be listed: No such file or directory"),
        (".", "no run folder is in it; name the folder that holds closed/ and open/"),
        ("tree/closed/acme", "no run folder is in it; name "),
    ],
)
def test_a_wrong_folder_is_one_sentence(tmp_path, place, sentence):
    write(tmp_path / "tree", third_edition())
    (tmp_path / "empty").mkdir()
    done = judged(tmp_path, tmp_path / ("empty" if place == "." else place))
    assert done.returncode != 0
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_the_option_is_asked_for_where_the_suite_is_named_and_missed_nowhere_else(tmp_path):
    done = session(tmp_path, suite="suites/submission")
    assert "--submission is missing: name the folder that holds closed/ and open/" in done.output
    everything = session(tmp_path, "--collect-only", "-q", suite="suites")
    assert everything.returncode == 0, everything.output
    assert "submission" not in everything.output


def test_nothing_is_written_into_the_judged_tree(tmp_path, tree):
    before = {path: path.stat().st_mtime_ns for path in tree.rglob("*")}
    judged(tmp_path, tree)
    assert {path: path.stat().st_mtime_ns for path in tree.rglob("*")} == before


def test_a_live_run_judged_again_gets_the_verdict_of_its_day(tmp_path):
    live = session(tmp_path, "-k", "unet3d-b200-x2", "--accelerators=2", *TINY)
    assert live.returncode == 0, live.output
    (record,) = live.records()
    shutil.move(tmp_path / "results", tmp_path / "moved")
    again = judged(tmp_path, tmp_path / "moved", "-k", "test_run")
    assert again.returncode == 0, again.output
    assert list(words(again).values()) == [record["verdict"]]
    (case,) = again.testcases()
    properties = {item.get("name"): item.get("value") for item in case.iter("property")}
    names = "; ".join(
        dict.fromkeys(f"{f['rule_id']} {f['rule_name']}" for f in record["findings"] if f["lands"] != "ADVICE")
    )
    assert properties["findings"] == names
    assert float(properties["samples_per_s"]) == record["metrics"]["samples_per_s"]


def test_the_suite_is_short_and_says_how_it_is_run():
    text = (ROOT / "suites" / "submission" / "test_submission.py").read_text()
    assert len(text.splitlines()) <= 60
    assert "pytest suites/submission --submission=DIR" in text
