"""The search for the largest number of accelerators, and what a ladder says of it."""

from hypothesis import given
from hypothesis import strategies as st

from storagebench.runs.climb import Ladder, Rung, climb

steps = st.integers(1, 12)


def asked(holds, first, most, step):
    """Climb, and keep what was tried, in order."""
    tried: list[int] = []

    def oracle(number):
        tried.append(number)
        return holds(number)

    return climb(oracle, first, most, step), tried


@given(step=steps, start=st.integers(1, 40), extra=st.integers(0, 5000), edge=st.integers(0, 6000))
def test_where_it_falls_steadily_the_edge_is_found(step, start, extra, edge):
    first, most = start * step, start * step + extra
    found, tried = asked(lambda number: number <= edge, first, most, step)
    reachable = min(edge, most) // step * step
    assert found == (reachable if first <= edge else None)
    assert len(tried) <= 2 * (most // step).bit_length() + 1


@given(step=steps, start=st.integers(1, 40), extra=st.integers(0, 300), lucky=st.sets(st.integers(0, 800)))
def test_wherever_it_holds_the_answer_held_and_the_next_number_did_not(step, start, extra, lucky):
    first, most = start * step, start * step + extra
    found, tried = asked(lambda number: number in lucky, first, most, step)
    assert len(tried) == len(set(tried))
    assert all(first <= number <= most and number % step == 0 for number in tried)
    if found is None:
        assert tried == [first]
        assert first not in lucky
        return
    assert found in tried
    assert found in lucky
    assert found + step > most or (found + step in tried and found + step not in lucky)
    assert found == max(number for number in tried if number in lucky)


@given(first=st.integers(1, 50), most=st.integers(50, 4000))
def test_numbers_double_until_one_breaks(first, most):
    _, tried = asked(lambda number: number <= most // 2, first, most, 1)
    doubled = [first * 2**n for n in range(20) if first * 2 ** max(0, n - 1) <= most // 2 and first * 2**n <= most]
    assert tried[: len(doubled)] == doubled


def rung(accelerators, holds, *, why=""):
    return Rung(
        accelerators=accelerators,
        holds=holds,
        verdict="CLOSED" if holds else "INVALID",
        why=why,
        au_percent=None,
        samples_per_s=None,
        folder="x",
    )


def said(*rungs):
    return Ladder(asked="CLOSED", most=8, limited_by="--climb-to=8", rungs=rungs).answer


def test_the_answer_is_one_sentence():
    low = rung(4, False, why="AU 80.00 % where 90 % are needed")
    assert said(rung(1, True), rung(2, True), low, rung(3, True)) == (
        "x3 is CLOSED, x4 is not (AU 80.00 % where 90 % are needed)"
    )
    assert said(rung(4, True), rung(8, True)) == "x8 is CLOSED, and no more were tried: --climb-to=8"
    assert said(low) == "x4 is not CLOSED (AU 80.00 % where 90 % are needed), so no larger number was tried"
