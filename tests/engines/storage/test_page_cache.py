"""Pages are counted without being read, and go when they are let go of."""

import os

import pytest

from storagebench.engines.storage import page_cache
from storagebench.engines.storage.page_cache import let_go, resident_pages


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(64 * 4096 + 1))
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
    return str(path)


def test_what_was_written_is_in_memory_until_it_is_let_go_of(file):
    assert resident_pages([file]) == (65, 65)
    assert let_go(file)
    assert resident_pages([file]) == (65, 0)


def test_large_files_are_looked_at_in_pieces(file, monkeypatch):
    monkeypatch.setattr(page_cache, "LOOK_BYTES", 16 * 4096)
    assert resident_pages([file, file]) == (130, 130)


def test_an_empty_file_has_no_pages(tmp_path):
    (tmp_path / "empty").touch()
    assert resident_pages([str(tmp_path / "empty")]) == (0, 0)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        let_go(str(tmp_path / "nothing"))
