"""When every operation was asked for, could begin, began and ended; arrays made beforehand, filled by workers."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
NEVER = 0
"""No clock reads zero: what has not happened."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Nanoseconds of the rank's monotonic clock, one entry an operation; `device` is time spent in the backend.

    `asked` is when its request came to it, `ready` when all it must wait for was done. `released` and `finished` have
    one entry a request.
    """

    operations: int
    requests: int
    asked: Times = field(init=False)
    ready: Times = field(init=False)
    started: Times = field(init=False)
    ended: Times = field(init=False)
    device: Times = field(init=False)
    released: Times = field(init=False)
    finished: Times = field(init=False)

    def __post_init__(self) -> None:
        """Make the arrays, touched, so that no page is made while the clock runs."""
        for name in ("asked", "ready", "started", "ended", "device"):
            object.__setattr__(self, name, np.full(self.operations, NEVER, np.int64))
        for name in ("released", "finished"):
            object.__setattr__(self, name, np.full(self.requests, NEVER, np.int64))
