"""Clocks of hosts: the quickest ping counts, and alignment holds whatever wall clocks do."""

import math

from hypothesis import given
from hypothesis import strategies as st

from storagebench.watch.clocks import Clock, Ping

DELAYS = st.floats(1e-5, 0.5)


def ping(phase, at_s, ahead_s, there_s, back_s, wall_ahead_s=0.0):
    """Ask at a moment of the launch host's clock a host whose monotonic clock is ahead by so much."""
    mono_s = at_s + there_s + ahead_s
    return Ping(phase=phase, sent_s=at_s, received_s=at_s + there_s + back_s, mono_s=mono_s, wall_ahead_s=wall_ahead_s)


def test_without_a_ping_there_is_no_clock():
    assert Clock.of([]) is None


def test_the_quickest_ping_of_each_phase_counts():
    pings = [ping("start", 0, 5, 0.2, 0.001), ping("start", 1, 5, 0.001, 0.001), ping("end", 90, 5, 0.001, 0.001)]
    clock = Clock.of(pings)
    assert clock.start is pings[1]
    assert clock.end is pings[2]


def test_a_host_that_was_asked_once_has_a_clock_without_drift():
    clock = Clock.of([ping("end", 10, 1000, 0, 0)])
    assert clock.here(1500) == 500


@given(st.floats(-1e9, 1e9), DELAYS, DELAYS, st.floats(0, 1e5))
def test_a_moment_is_placed_within_half_the_way(ahead_s, there_s, back_s, moment_s):
    clock = Clock.of([ping("start", 0, ahead_s, there_s, back_s), ping("end", 1e5, ahead_s, there_s, back_s)])
    wrong_s = abs(clock.here(moment_s + ahead_s) - moment_s)
    assert wrong_s <= (there_s + back_s) / 2 + 1e-6 * max(1.0, abs(ahead_s) / 1e3)


@given(st.floats(-200e-6, 200e-6), st.floats(0, 3600))
def test_drift_between_the_pings_is_taken_out(drift, moment_s):
    at_end_s = 100 + 3600 * drift
    clock = Clock.of([ping("start", 0, 100, 0, 0), ping("end", 3600, at_end_s, 0, 0)])
    assert math.isclose(clock.here(moment_s + 100 + moment_s * drift), moment_s, abs_tol=1e-6)


@given(st.floats(-1e6, 1e6))
def test_a_wall_clock_that_is_set_moves_nothing(step_s):
    steady = [ping("start", 0, 7, 0.001, 0.001), ping("end", 60, 7, 0.001, 0.001)]
    stepped = [steady[0], ping("end", 60, 7, 0.001, 0.001, wall_ahead_s=step_s)]
    assert Clock.of(steady).here(30) == Clock.of(stepped).here(30)
    assert Clock.of(stepped).end.wall_ahead_s == step_s
