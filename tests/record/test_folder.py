"""A run folder is written whole or not at all, and says how far its run came."""

import json
import re
import subprocess

import pytest

from storagebench.errors import RecordError
from storagebench.record import INCOMPLETE, RECORD_FILE, RunFolder


def test_a_new_folder_says_that_it_is_incomplete_until_its_record_is_there(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    assert json.loads((folder.path / INCOMPLETE).read_text())["status"] == "running"
    folder.complete({"id": "x"})
    assert [path.name for path in folder.path.iterdir()] == [RECORD_FILE]


def test_stamps_are_local_time_and_never_shared(tmp_path):
    stamps = [RunFolder.create(tmp_path, started=1_700_000_000.0).stamp for _ in range(3)]
    assert all(re.fullmatch(r"\d{8}_\d{6}", stamp) for stamp in stamps)
    assert len(set(stamps)) == 3


def test_a_file_that_cannot_be_written_leaves_no_part_of_itself(tmp_path):
    folder = RunFolder.create(tmp_path)
    with pytest.raises(ValueError, match="JSON"):
        folder.write_json("summary.json", {"au": float("nan")})
    (folder.path / "taken").mkdir()
    with pytest.raises(RecordError, match="cannot write .*/taken: .*what was written before it is kept"):
        folder.write_text("taken", "text")
    assert sorted(path.name for path in folder.path.iterdir()) == [INCOMPLETE, "taken"]


def test_a_full_disk_is_one_sentence_and_keeps_what_was_written(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True)
    try:
        folder = RunFolder.create(disk)
        folder.write_text("first", "kept")
        with pytest.raises(RecordError, match="No space left on device"):
            folder.write_text("second", "x" * 200_000)
        assert (folder.path / "first").read_text() == "kept"
        assert not list(folder.path.glob("*second*"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_results_directory_that_is_a_file_is_answered_with_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="choose another --results-dir"):
        RunFolder.create(tmp_path / "file" / "run")
    with pytest.raises(RecordError, match="is not a folder; choose another --results-dir"):
        RunFolder.create(tmp_path / "file")
