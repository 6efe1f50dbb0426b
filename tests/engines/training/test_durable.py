"""Files get their names only when they are whole, in batches of any size, and errors are not lost."""

import errno

import pytest

from storagebench.engines.training import durable
from storagebench.engines.training.durable import Finisher, part_of


def write_parts(folder, names, size=10):
    paths = [folder / name for name in names]
    for path in paths:
        part_of(path).write_bytes(b"x" * size)
    return paths


@pytest.mark.parametrize("size", [10, durable.LARGE_BYTES], ids=["small", "large"])
def test_every_file_has_its_name_in_the_end(tmp_path, size):
    paths = write_parts(tmp_path, "abc", size)
    with Finisher() as finisher:
        for path in paths:
            finisher.add(path, size)
    assert sorted(tmp_path.iterdir()) == paths


def test_batches_are_handed_over_while_the_writer_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(durable, "BATCH_FILES", 2)
    paths = write_parts(tmp_path, [f"{number:03d}" for number in range(99)])
    with Finisher() as finisher:
        for path in paths:
            finisher.add(path, 10)
    assert sorted(tmp_path.iterdir()) == paths


def test_finished_files_keep_their_names_when_the_writer_fails(tmp_path):
    paths = write_parts(tmp_path, "ab")
    with pytest.raises(OSError, match="full"), Finisher() as finisher:
        for path in paths:
            finisher.add(path, 10)
        raise OSError(errno.ENOSPC, "full")
    assert sorted(tmp_path.iterdir()) == paths


def test_an_error_of_the_thread_reaches_the_writer(tmp_path):
    with pytest.raises(FileNotFoundError), Finisher() as finisher:
        finisher.add(tmp_path / "never written", 10)


def test_the_writer_stops_at_the_first_file_after_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(durable, "BATCH_FILES", 1)
    with pytest.raises(FileNotFoundError), Finisher() as finisher:
        for number in range(1000):
            finisher.add(tmp_path / f"never written {number}", 10)
        pytest.fail("nobody stopped the writer")
