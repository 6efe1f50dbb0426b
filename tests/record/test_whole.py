"""A file is there whole, or as it was."""

import pytest

from storagebench.record.whole import write_whole


def test_a_file_is_written_over_and_nothing_is_left_beside_it(tmp_path):
    target = tmp_path / "a.json"
    for data in (b"1", b"22"):
        write_whole(target, data)
        assert target.read_bytes() == data
    assert list(tmp_path.iterdir()) == [target]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "inside").touch()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "taken", b"1")
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "gone" / "a", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
