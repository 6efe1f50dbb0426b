"""`--submission-build`: which runs go in, what is written, and that nothing is overwritten."""

import subprocess
import sys

import pytest
import yaml

from storagebench.errors import ConfigError
from storagebench.history import open_shelf
from storagebench.results.assembly import assemble
from storagebench.results.system_description import PLACEHOLDER
from tests.history.shelves import record, save, shelf
from tests.suites.session import ROOT, environment

LABELS = ("warmup", "run1", "run2", "run3", "run4", "run5")


def series(name, labels=LABELS, **plan):
    return [record(run=label, series=name, system="one", **plan) for label in labels]


def built(tmp_path, *documents):
    found = shelf(tmp_path / "results", *documents)
    return found, assemble(found, tmp_path / "draft")


def test_the_newest_series_goes_in_and_the_others_are_named(tmp_path):
    found, draft = built(tmp_path, *series("s1"), *series("s2"))
    assert [path.name for path in draft.runs] == [run.folder.name for run in found.runs[6:]]
    assert sorted(draft.left_out) == [f"{number:04d}" for number in range(1, 7)]
    assert all((path / "record.json").exists() for path in draft.runs)


def test_of_more_runs_than_the_edition_wants_the_last_in_a_row_go_in(tmp_path):
    found, draft = built(tmp_path, *series("s1", (*LABELS, "run6", "run7")))
    assert [path.name for path in draft.runs] == [run.folder.name for run in found.runs[2:]]


def test_of_two_invocations_both_go_in_and_climbs_do_not(tmp_path):
    def invocation(phase, token, **plan):
        return record(run=phase, series="s1", system="one", **plan) | {
            "family": "checkpointing", "plan_fingerprint": phase, "evidence": {"series": token}
        }  # fmt: skip

    made = [invocation("write", 1), invocation("read", 1), invocation("write", 2), invocation("read", 2)]
    found, draft = built(tmp_path, *made, record(run="climb", system="one"))
    assert [path.name for path in draft.runs] == [run.folder.name for run in found.runs[2:4]]
    assert draft.left_out["0005"].endswith("was made by --climb and is no part of a result")


def test_whatif_never_goes_in(tmp_path):
    _, draft = built(tmp_path, record("quick"), *series("s1"))
    assert draft.left_out == {"0001": "unet3d-h100-x2-run1 was run as whatif"}
    with pytest.raises(ConfigError, match="no complete run of closed or open"):
        built(tmp_path / "other", record("quick"))


def test_phases_and_logs_go_along_and_incomplete_ones_do_not(tmp_path):
    folder = save(tmp_path / "results", record(system="one"), 1)
    (folder / "training_run.stdout.log").write_text("said")
    for phase, stamp, name in (("datagen", "1", "dlio.log"), ("datasize", "2", "incomplete.json")):
        (folder.parents[1] / phase / stamp).mkdir(parents=True)
        (folder.parents[1] / phase / stamp / name).write_text("{}")
    draft = assemble(open_shelf(tmp_path / "results"), tmp_path / "draft")
    files = {str(path.relative_to(draft.runs[0].parents[1])) for path in draft.runs[0].parents[1].rglob("*.*")}
    assert {"datagen/1/dlio.log", f"run/{folder.name}/training_run.stdout.log"} <= files
    assert not any("datasize" in name for name in files)


def test_the_system_is_described_by_facts_and_the_rest_is_marked(tmp_path):
    _, draft = built(tmp_path, *series("s1"))
    (path,) = draft.systems
    assert path == tmp_path / "draft" / "closed" / "acme" / "systems" / "one.yaml"
    system = yaml.safe_load(path.read_text())["system_under_test"]
    (client,) = system["clients"]
    assert client["chassis"]["cpu_cores"] == 192
    assert client["chassis"]["memory_capacity"] == 377
    assert system["deployment"].startswith(PLACEHOLDER)
    assert system["solution"]["usable_capacity_tib"].startswith(PLACEHOLDER)


def test_nothing_is_overwritten_and_results_stay_as_they_are(tmp_path):
    found, _ = built(tmp_path, *series("s1"))
    with pytest.raises(ConfigError, match="is there already and nothing is overwritten"):
        assemble(found, tmp_path / "draft")
    with pytest.raises(ConfigError, match="lies among the results"):
        assemble(found, tmp_path / "results" / "draft")


def test_the_draft_is_judged_and_the_official_tool_named(tmp_path):
    shelf(tmp_path / "results", *series("s1"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        f"--results-dir={tmp_path}/results",
        f"--submission-build={tmp_path}/draft",
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    words = " ".join(done.stdout.split())
    assert "Traceback" not in done.stdout + done.stderr
    assert "6 runs in" in words
    assert "must be produced by MLCommons' own tool" in words
    assert f"fill in {PLACEHOLDER} in" in words
    assert "provenance" in words
    assert "systems/one.yaml" in words
    again = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert again.returncode == 4
    assert "nothing is overwritten" in again.stderr
