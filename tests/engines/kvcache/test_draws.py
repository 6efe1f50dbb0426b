"""Draws are the same for ever, and have the shape they are named after."""

import statistics

from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.kvcache.draws import Stream, Zipf, key, mix


def test_the_first_draws_of_a_stream_never_change():
    stream = Stream(42, "arrivals", 1)
    assert [stream.word() for _ in range(3)] == [13988137840500623572, 663604119717107221, 14684384535782606683]
    assert key("user", 3) == 15166867376626557440


def test_splitmix_is_the_published_one():
    # The first output of the reference implementation seeded with 0 (prng.di.unimi.it/splitmix64.c).
    assert mix(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF


@given(st.integers(0, 2**64 - 1), st.integers(-50, 50), st.integers(0, 100))
def test_whole_numbers_stay_between_their_ends(seed, least, width):
    stream = Stream(seed, "x")
    assert all(least <= stream.between(least, least + width) <= least + width for _ in range(20))


def test_streams_of_different_names_differ():
    assert Stream(1, "a").word() != Stream(1, "b").word() != Stream(2, "b").word()
    assert Stream(1, "a", "b").word() != Stream(1, "ab").word()


def test_gaps_have_the_mean_and_the_variation_that_are_asked_for():
    for variation in (1.0, 4.0):
        stream = Stream(1, "gaps", variation)
        gaps = [stream.gap(2.0, variation) for _ in range(40_000)]
        assert abs(statistics.fmean(gaps) - 2) < 0.15
        assert abs(statistics.pstdev(gaps) / statistics.fmean(gaps) - variation) < 0.25 * variation


def test_half_of_all_lengths_are_below_the_median():
    stream = Stream(1, "lengths")
    assert 0.48 < statistics.fmean(stream.lognormal(100, 1.0) < 100 for _ in range(10_000)) < 0.52


def test_zipf_prefers_the_first_by_the_skew():
    zipf, stream = Zipf(100, 1.0), Stream(1, "zipf")
    drawn = [zipf.draw(stream) for _ in range(20_000)]
    assert max(drawn) < 100
    assert 1.7 < drawn.count(0) / drawn.count(1) < 2.3
