"""Repeats of one result: what is complete, what may be continued, how long the pause may be."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest

from storagebench.edition import load_edition
from storagebench.history.series import begun, complete_run, failed_since, made_together, pause
from storagebench.plan.training import make_plan
from storagebench.select import Point
from storagebench.serial import to_json
from tests.history.shelves import FIRST, record, shelf
from tests.plan.test_training import WISHES, WORKLOADS, cluster

EDITION = load_edition("3.0")


def plan(run, series="s1"):
    made = make_plan(Point(WORKLOADS["unet3d-b200"], 8, run), WISHES, EDITION, cluster(), 1)
    return dataclasses.replace(made, series=series)


def saved(tmp_path, *plans):
    documents = [record(**to_json(one)) | {"plan_fingerprint": one.fingerprint()} for one in plans]
    return shelf(tmp_path, *documents)


def test_a_repeat_is_complete_when_a_record_of_the_same_plan_has_its_name(tmp_path):
    found = saved(tmp_path, plan("warmup"), plan("run1"))
    assert complete_run(plan("run1", series="later"), found).name == "0002"
    assert complete_run(plan("run2"), found) is None
    other = dataclasses.replace(plan("run1"), data_dir="/mnt/other")
    assert complete_run(other, found) is None


def test_the_newest_series_is_continued_where_it_lacks_the_repeat(tmp_path):
    found = saved(tmp_path, plan("warmup", "a"), plan("run1", "a"), plan("warmup", "b"))
    assert [run.name for run in begun(plan("run1", "c"), found)] == ["0003"]
    assert begun(plan("warmup", "c"), found) == ()
    assert [run.name for run in made_together(plan("run2", "a"), found)] == ["0001", "0002"]


@pytest.mark.parametrize(("minutes", "in_danger", "broken"), [(10, False, False), (16, True, False), (21, True, True)])
def test_the_next_run_starts_before_twice_the_shortest_is_past(tmp_path, minutes, in_danger, broken):
    found = saved(tmp_path, plan("warmup")).runs  # each lasts ten minutes
    waited = pause(found, EDITION, "training", FIRST + timedelta(minutes=minutes))
    assert (waited.in_danger, waited.broken) == (in_danger, broken)
    assert f"began {minutes} min 0 s ago where rule 2.1.18 wants less than 20 min 0 s" in str(waited)


@pytest.mark.parametrize(
    ("edition", "status", "place", "ends"),
    [
        ("2.0", "failed", 1, True),
        ("2.0", "interrupted", 1, False),
        ("2.0", "running", 1, False),
        ("2.0", "failed", -1, False),
        ("3.0", "failed", 1, False),
    ],
)
def test_a_failed_run_ends_a_series_where_the_edition_says_so(tmp_path, edition, status, place, ends):
    found = saved(tmp_path, plan("warmup"), plan("run1")).runs
    last = found[-1].folder
    folder = last.with_name(f"{int(last.name[:8]) + place}{last.name[8:]}")
    folder.mkdir()
    (folder / "incomplete.json").write_text(json.dumps({"status": status}))
    assert failed_since(found, load_edition(edition), "training") == (folder if ends else None)


@pytest.mark.parametrize("family", ["vector_database", "kv_cache", "checkpointing"])
def test_other_families_have_no_limit_between_repeats(tmp_path, family):
    found = saved(tmp_path, plan("run1")).runs
    assert pause(found, EDITION, family, datetime.now(UTC)) is None
    assert failed_since(found, EDITION, family) is None


def test_without_a_rule_or_without_a_run_there_is_no_limit(tmp_path):
    found = saved(tmp_path, plan("warmup")).runs
    assert pause(found, load_edition("1.0"), "training", datetime.now(UTC)) is None
    assert pause((), EDITION, "training", datetime.now(UTC)) is None
