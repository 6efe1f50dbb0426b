"""Which query comes next: every rank has a permutation of the pool of its own, and a new one for each pass."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from storagebench.engines.vectordb.source import generator


def permutation(pool: int, seed: int, rank: int, number: int) -> NDArray[np.int64]:
    """Return the order of one pass: a pure function of the seed, the rank and the number of the pass."""
    return generator(seed, f"order/{rank}", number).permutation(pool)


def requests(pool: int, batch: int, seed: int, rank: int) -> Iterator[NDArray[np.int64]]:
    """Yield the queries of each request for ever; none comes again before the whole pool was asked.

    Batches run on over the end of a pass.
    """
    waiting = np.empty(0, np.int64)
    passes = 0
    while True:
        while len(waiting) < batch:
            waiting = np.concatenate([waiting, permutation(pool, seed, rank, passes)])
            passes += 1
        for at in range(0, len(waiting) - batch + 1, batch):
            yield waiting[at : at + batch]
        waiting = waiting[len(waiting) // batch * batch :]
