"""Simulated compute: as long as asked, the same for a seed, other for other ranks."""

from storagebench.engines.training.compute import Compute


def draws(seed, rank, stdev_s=1e-5):
    compute = Compute(1e-5, stdev_s, seed, rank)
    return [compute.step() for _ in range(20)]


def test_draws_depend_on_seed_and_rank_and_are_never_negative():
    assert draws(1, 0) == draws(1, 0)
    assert draws(1, 0) != draws(1, 1)
    assert draws(1, 0) != draws(2, 0)
    assert min(draws(1, 0, 1e-4)) == 0


def test_without_deviation_every_step_is_the_mean():
    assert set(draws(1, 0, 0.0)) == {1e-5}
