"""Dropping caches: the evidence counts pages, every host drops every file, and a missing file is told."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.storage.page_cache import resident_pages
from storagebench.engines.training.cache import drop, share_of_host
from storagebench.errors import EngineError
from storagebench.model import Host
from tests.engines.training.examples import NPZ
from tests.engines.training.plans import make_plan

PAGES = 8
SIZE = PAGES * 4096


@pytest.fixture
def files(tmp_path):
    """Forty files, written and not yet synced."""
    paths = [tmp_path / f"file{number}" for number in range(40)]
    for path in paths:
        path.write_bytes(os.urandom(SIZE))
    return [str(path) for path in paths]


def drop_all(files, progress=lambda done: None):
    return drop(range(len(files)), files.__getitem__, lambda _: SIZE, progress)


def test_files_that_were_just_written_are_resident_in_full(files):
    assert resident_pages(files[:3]) == (3 * PAGES, 3 * PAGES)


def test_an_empty_file_has_no_pages(tmp_path):
    (tmp_path / "empty").touch()
    assert resident_pages([str(tmp_path / "empty")]) == (0, 0)


def test_dropping_tells_what_was_resident_before_and_after(files):
    heard = []
    for path in files:
        with Path(path).open("rb") as file:
            os.fsync(file.fileno())
    done = drop_all(files, heard.append)
    assert (done.files, done.bytes, done.refused_files) == (40, 40 * SIZE, 0)
    assert (done.sampled_files, done.sampled_pages, done.resident_before_pages) == (32, 32 * PAGES, 32 * PAGES)
    assert done.resident_after_pages == resident_pages(files[:32])[1] <= done.resident_before_pages
    assert heard[:40] == list(range(1, 41))


def test_pages_still_to_be_written_are_written_back_first(files):
    done = drop_all(files)
    assert done.resident_after_pages == 0 or done.written_back


def test_an_empty_share_is_nothing_to_do():
    done = drop(range(0), str, lambda _: SIZE, lambda _: None)
    assert (done.files, done.sampled_pages, done.written_back) == (0, 0, False)


def test_a_missing_file_is_one_sentence(files):
    Path(files[7]).unlink()
    with pytest.raises(EngineError, match="file7 cannot be opened .*: the dataset is damaged"):
        drop_all(files)


@given(st.integers(1, 40), st.lists(st.one_of(st.none(), st.integers(1, 8)), min_size=1, max_size=5))
def test_the_ranks_of_every_host_drop_all_files(ranks, slots):
    hosts = tuple(Host(f"h{number}", count) for number, count in enumerate(slots))
    counts = [0] * len(hosts)  # as launchers spread ranks: evenly, within the slots
    for _ in range(ranks):
        free = [i for i, host in enumerate(hosts) if host.slots is None or counts[i] < host.slots]
        if not free:
            return
        counts[min(free, key=counts.__getitem__)] += 1
    plan = replace(make_plan(replace(NPZ, num_files=23), Path("data"), ranks=ranks), hosts=hosts)
    for count in filter(None, counts):
        dropped = {file for local_rank in range(count) for file in share_of_host(plan, local_rank)}
        assert dropped == set(range(23))
