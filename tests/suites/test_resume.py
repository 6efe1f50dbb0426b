"""`--resume`, end to end: what is complete is skipped, what was broken off goes on where the edition permits it."""

import json
import shutil

import pytest

from tests.suites.session import TINY, session
from tests.suites.test_checkpointing_suite import run as checkpoints
from tests.suites.test_kvcache_suite import CHAT
from tests.suites.test_kvcache_suite import run as kv_cache

POINT = ("-k", "unet3d-b200-x1", "--accelerators=1", *TINY)
OPEN = ("-k", "unet3d-b200-x1", "--accelerators=1", "--division=open", *TINY[1:])


def age(leaf):
    """Let a run have begun, and ended, a year earlier."""
    path = leaf / "record.json"
    record = json.loads(path.read_text())
    for name in ("started_at", "ended_at"):
        day, rest = record[name].split("T")
        record[name] = f"{int(day[:4]) - 1}{day[4:]}T{rest}"
    path.write_text(json.dumps(record, indent=4))


@pytest.fixture(scope="module")
def broken_off(tmp_path_factory):
    """A series of three runs of which the second is missing: its folder never got its record."""
    done = session(tmp_path_factory.mktemp("broken"), *POINT, "--runs=3")
    assert done.returncode == 0, done.output
    leaves = sorted(path.parent for path in done.folder.glob("results/**/record.json"))
    shutil.rmtree(leaves[2])
    return done, leaves


def test_complete_runs_are_skipped_and_the_series_goes_on(broken_off):
    before, _ = broken_off
    done = session(before.folder, *POINT, "--runs=3", "--resume", "-rs")
    assert done.returncode == 0, done.output
    assert "2 skipped" in done.output
    assert "complete: run 0001 of" in done.output
    assert [record["plan"]["run"] for record in done.records()] == ["run1", "run2", "run3"]
    assert len({record["plan"]["series"] for record in done.records()}) == 1
    again = session(before.folder, *POINT, "--runs=3", "--resume")
    assert "3 skipped" in again.output


def test_a_series_that_waited_too_long_is_not_continued_and_says_why(tmp_path):
    done = session(tmp_path, *OPEN, "-k", "unet3d-b200-x1-run1", "--runs=2")
    (leaf,) = {path.parent for path in tmp_path.glob("results/**/record.json")}
    age(leaf)
    done = session(tmp_path, *OPEN, "--runs=2", "--resume")
    assert "1 skipped" in done.output
    assert "unet3d-b200-x1-run2 cannot continue the series of 0001 to 0001" in done.output
    assert "rule 2.1.18 wants less than" in done.output
    assert "1 error" in done.output


def test_the_reading_invocation_goes_on_after_the_writing_one(tmp_path):
    wrote = checkpoints(tmp_path, "--split-phases", "-k=llama3-8b and write")
    assert wrote.returncode == 0, wrote.output
    done = checkpoints(tmp_path, "--split-phases", "--resume")
    assert done.returncode == 0, done.output
    assert "1 skipped" in done.output
    assert [record["plan"]["run"] for record in done.records()] == ["write", "read"]
    write, read = (record["evidence"]["series"] for record in done.records())
    assert write == read


def test_a_sequence_of_options_is_one_run_and_complete_or_not(tmp_path):
    done, _ = kv_cache(tmp_path, "-k", "chat", *CHAT)
    assert done.returncode == 0, done.output
    again, _ = kv_cache(tmp_path, "-k", "chat", *CHAT, "--resume")
    assert "1 skipped" in again.output
    assert len(again.records()) == 1
