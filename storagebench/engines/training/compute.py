"""The accelerator that is not there: a sleep of the workload's computation time."""

import ctypes
import random
import time

PR_SET_TIMERSLACK = 29
DEFAULT_SLACK_NS = 50_000


class Compute:
    """Simulated compute, normally distributed around its mean; the draws depend on the seed and the rank.

    Args:
        mean_s, stdev_s: the workload's ``train.computation_time`` and ``computation_time_stdev``, in seconds.
    """

    def __init__(self, mean_s: float, stdev_s: float, seed: int, rank: int) -> None:
        self._mean_s = mean_s
        self._stdev_s = stdev_s
        self._random = random.Random(f"{seed} {rank}")
        _sleep_exactly()

    def step(self) -> float:
        """Compute one batch and return how long it should have taken, in seconds."""
        nominal_s = self._mean_s
        if self._stdev_s > 0:
            nominal_s = max(0.0, self._random.normalvariate(self._mean_s, self._stdev_s))
        if nominal_s > 0:
            time.sleep(nominal_s)
        return nominal_s


def _sleep_exactly() -> None:
    """Let the kernel wake this thread on time: by default it may come 50 µs late, an eighth of a dlrm step.

    A kernel without the setting is no error: compute then lasts a little longer, as `compute_s` records.
    """
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
