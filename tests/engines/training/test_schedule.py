"""The order of reading: every sample once, all ranks together, and nobody waits for a remainder."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.training.schedule import Schedule, schedule_of
from tests.engines.training.examples import DLRM, NPZ
from tests.engines.training.plans import make_plan


@st.composite
def schedules(draw, largest_unit=1):
    files, per_file = draw(st.integers(1, 12)), draw(st.integers(1, 20))
    batch, ranks, per_unit = draw(st.integers(1, 9)), draw(st.integers(1, 5)), draw(st.integers(1, largest_unit))
    return Schedule(
        num_files=files,
        samples_per_file=per_file,
        samples_per_unit=per_unit,
        samples_per_piece=per_unit * draw(st.integers(1, 4)),
        batch_size=batch,
        ranks=ranks,
        steps=files * per_file // (batch * ranks),
        seed=draw(st.integers(0, 2**32)),
        shuffle=draw(st.booleans()),
    )


def samples_of(piece):
    return [(piece.file, sample) for sample in range(piece.first, piece.first + piece.samples)]


def read_by(schedule, epoch, rank):
    share = schedule.share(epoch, rank)
    return [[sample for piece in share.pieces(step) for sample in samples_of(piece)] for step in range(share.steps)]


@given(schedules(), st.integers(1, 3))
def test_every_rank_and_step_reads_its_batch_and_no_sample_is_read_twice(schedule, epoch):
    seen = Counter()
    for rank in range(schedule.ranks):
        for batch in read_by(schedule, epoch, rank):
            assert len(batch) == schedule.batch_size
            seen.update(batch)
    assert set(seen.values()) <= {1}
    assert seen.total() == schedule.ranks * schedule.steps * schedule.batch_size


@given(schedules(largest_unit=7))
def test_whole_units_are_read_once_by_each_rank_that_needs_them(schedule):
    needed = schedule_with_single_samples(schedule)
    for rank in range(schedule.ranks):
        batches = read_by(schedule, 1, rank)
        read = Counter(sample for batch in batches for sample in batch)
        assert set(read.values()) <= {1}
        so_far = set()
        for batch, wanted in zip(batches, read_by(needed, 1, rank), strict=True):
            so_far.update(batch)
            assert so_far.issuperset(wanted)
        units = {(file, sample // schedule.samples_per_unit) for file, sample in read}
        wanted_units = {
            (file, sample // schedule.samples_per_unit) for batch in read_by(needed, 1, rank) for file, sample in batch
        }
        assert units == wanted_units


def schedule_with_single_samples(schedule):
    return replace(schedule, samples_per_unit=1, samples_per_piece=1)


@given(schedules(largest_unit=7))
def test_pieces_begin_with_a_unit_and_are_no_larger_than_allowed(schedule):
    for rank in range(schedule.ranks):
        share = schedule.share(1, rank)
        for step in range(share.steps):
            for piece in share.pieces(step):
                assert piece.first % schedule.samples_per_unit == 0
                assert 0 < piece.samples <= schedule.samples_per_piece
                assert piece.first + piece.samples <= schedule.samples_per_file


@given(schedules(), st.integers(1, 9))
def test_the_same_seed_gives_the_same_order(schedule, epoch):
    assert read_by(schedule, epoch, 0) == read_by(replace(schedule), epoch, 0)


def many_files(**changes):
    defaults = {"samples_per_unit": 1, "samples_per_piece": 1, "batch_size": 4, "ranks": 2, "seed": 1, "shuffle": True}
    counts = {"num_files": 64, "samples_per_file": 1, "steps": 8}
    return Schedule(**(defaults | counts | changes))


def test_epochs_and_seeds_differ_in_their_order_and_ranks_meet_other_files():
    first, second = read_by(many_files(), 1, 0), read_by(many_files(), 2, 0)
    assert first != second
    assert first != read_by(many_files(seed=2), 1, 0)
    assert {sample for batch in first for sample in batch} != {sample for batch in second for sample in batch}


def test_without_shuffling_files_are_read_in_order():
    files = [piece.file for step in range(8) for piece in many_files(shuffle=False).share(3, 1).pieces(step)]
    assert files == list(range(32, 64))


def test_a_rank_keeps_only_the_files_of_its_share():
    assert len(many_files()._order(1)) == 64
    assert len(many_files().share(1, 1)._files) == 32


@pytest.mark.parametrize(("value", "shuffles"), [("seed", True), ("random", True), ("off", False), (False, False)])
def test_file_shuffle_is_read_as_yaml_gives_it(tmp_path, value, shuffles):
    plan = make_plan(NPZ, tmp_path, reader={"file_shuffle": value})
    assert schedule_of(plan, 1).shuffle is shuffles


def test_a_batch_is_cut_so_that_every_reader_gets_a_part_of_it(tmp_path):
    plan = make_plan(DLRM, tmp_path, reader={"batch_size": 2000, "read_threads": 2})
    assert schedule_of(plan, 1).samples_per_piece == 1000
    assert schedule_of(plan, 600).samples_per_piece == 1200
    assert schedule_of(make_plan(NPZ, tmp_path, reader={"batch_size": 7, "read_threads": 4}), 1).samples_per_piece == 2
