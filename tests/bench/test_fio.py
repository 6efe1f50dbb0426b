"""Beside fio: what is run in which turn, what rounds come to, and what fio said."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fio import BAR, NOISE, NOISY_BAR, Round, Took, cpu_s, heading, in_turn, medians, own_folder, row, run_fio

rates = st.floats(0.01, 100)
takes = st.builds(Took, rates, rates)
rounds = st.lists(st.builds(Round, takes, st.tuples(takes, takes)), min_size=1, max_size=9)


def test_ours_runs_once_and_fio_twice_in_every_order():
    def order():
        turns = []
        assert in_turn(lambda: turns.append("ours"), lambda: turns.append("fio")) == (None, (None, None))
        return tuple(turns)

    assert {order() for _ in range(100)} == {("ours", "fio", "fio"), ("fio", "ours", "fio"), ("fio", "fio", "ours")}


@given(rounds)
def test_medians_lie_within_what_was_measured(known):
    found = medians(known)
    assert min(one.ratio for one in known) <= found.ratio <= max(one.ratio for one in known)
    assert found.noise >= 0
    assert found.bar() == (NOISY_BAR if found.noise > NOISE else BAR)
    assert found.bar(0.5) == 0.5
    assert ("MISSED" in found.verdict()) == (found.ratio < found.bar())


def test_a_round_says_ratio_and_noise():
    one = Round(Took(3.0, 0.1), (Took(2.0, 0.2), Took(4.0, 0.3)))
    assert (one.ratio, one.noise) == (1.0, 1.0)
    assert medians([one]).fio == Took(3.0, 0.25)
    assert row("x", 4, medians([one])).split() == ["x", "3.00", "3.00", "0.100", "0.250", "1.00", "1.00"]
    assert heading(4).split() == ["GiB/s", "CPU-s/GiB", "ratio", "noise", "ours", "fio", "ours", "fio"]


@pytest.mark.skipif(shutil.which("fio") is None, reason="NOT TESTED: fio is not installed")
def test_fio_says_what_each_job_moved_and_its_failure_is_said(tmp_path):
    with own_folder(tmp_path, "beside") as folder:
        common = {"directory": folder, "rw": "write", "bs": "64k", "size": "256k"}
        jobs = run_fio(common, {"name": "a"}, {"name": "b"})
        assert [(job["jobname"], job["write"]["io_bytes"]) for job in jobs] == [("a", 1 << 18), ("b", 1 << 18)]
        assert all(cpu_s(job) >= 0 for job in jobs)
        with pytest.raises(SystemExit, match="fio failed: "):
            run_fio(common | {"rw": "sideways"}, {"name": "a"})
    assert not folder.exists()
