"""Saved runs are found without an index, numbered by their start, and damaged ones set aside."""

import json
import re

import pytest

from storagebench.errors import RecordError
from storagebench.history import open_shelf
from storagebench.history.shelf import item_of
from tests.history.shelves import record, save, shelf


def test_runs_are_numbered_by_their_start_wherever_they_lie(tmp_path):
    save(tmp_path, record("invalid"), 3)
    save(tmp_path, record("closed"), 2)
    save(tmp_path / "elsewhere", record("open"), 1)
    runs = open_shelf(tmp_path).runs
    assert [(run.name, run.record["verdict"]) for run in runs] == [
        ("0001", "OPEN"), ("0002", "CLOSED"), ("0003", "INVALID"),
    ]  # fmt: skip


def test_a_new_run_changes_no_older_number_and_a_removed_one_lowers_the_later(tmp_path):
    folders = [save(tmp_path, record(), hours) for hours in (1, 2, 3)]
    assert [run.folder for run in open_shelf(tmp_path).runs] == folders
    save(tmp_path, record(), 4)
    assert [run.folder for run in open_shelf(tmp_path).runs][:3] == folders
    (folders[0] / "record.json").unlink()
    assert open_shelf(tmp_path).runs[0].folder == folders[1]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: text[: len(text) // 2], "Expecting|Unterminated|delimiter"),
        (lambda text: "[]", "not a record of this project"),
        (lambda text: text.replace('"storagebench-record"', '"other"'), "not a record of this project"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 2'), "version 2"),
        (lambda text: text.replace('"plan_fingerprint"', '"other"'), "no plan_fingerprint"),
        (lambda text: text.replace('"workload"', '"other"'), "not what this checkout writes"),
        (lambda text: text.replace('"started_at": "', '"started_at": "x'), "not a time"),
        (lambda text: "[" * 100_000, "recursion|nested|depth"),
    ],
    ids=["cut", "no object", "other schema", "newer", "no fingerprint", "no workload", "no time", "too deep"],
)
def test_a_damaged_record_is_set_aside_with_the_reason_and_stops_nothing(tmp_path, damage, reason):
    sound, broken = save(tmp_path, record(), 1), save(tmp_path, record(), 2)
    path = broken / "record.json"
    path.write_text(damage(path.read_text()))
    found = open_shelf(tmp_path)
    assert [run.folder for run in found.runs] == [sound]
    (said,) = found.damaged.values()

    assert re.search(reason, said)


def test_a_record_of_another_indentation_is_read_all_the_same(tmp_path):
    path = save(tmp_path, record(), 1) / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert len(open_shelf(tmp_path).runs) == 1


def test_the_head_is_that_of_the_whole_record(tmp_path):
    (run,) = shelf(tmp_path, record()).runs
    whole = run.whole()
    assert {name: whole[name] for name in run.record} == dict(run.record)
    assert "cluster_start" in whole
    assert "cluster_start" not in run.record


def test_a_record_that_has_gone_is_named(tmp_path):
    (run,) = shelf(tmp_path, record()).runs
    (run.folder / "record.json").unlink()
    with pytest.raises(RecordError, match=r"record\.json cannot be read"):
        run.whole()


def test_the_runs_of_a_result_are_those_of_one_plan_and_one_series_without_the_warm_up(tmp_path):
    labels = ("warmup", "run1", "run2")
    series = [record(run=label, series=name) for name in ("s1", "s2") for label in labels]
    found = shelf(tmp_path, *series)
    assert [run.name for run in found.result_of(found.runs[2])] == ["0002", "0003"]
    assert [run.name for run in found.result_of(found.runs[4])] == ["0005", "0006"]


def test_the_two_invocations_of_a_result_and_the_variants_of_a_workload_are_items_of_their_own(tmp_path):
    workload = record()["plan"]["workload"]
    plans = (
        {"run": "1-write"},
        {"run": "1-read"},
        {"run": "2-read"},
        {"run": "1", "workload": workload | {"variant": "parquet"}},
        {"run": "1", "workload": workload | {"variant": None}},
    )
    write, read, again, variant, plain = (item_of(record(**plan)["plan"]) for plan in plans)
    assert read == again
    assert len({write, read, variant, plain}) == 4


def test_no_folder_is_an_empty_shelf(tmp_path):
    assert open_shelf(tmp_path / "none").runs == ()
