"""Random draws that are the same everywhere and for ever: words of a counter, and samplers of our own.

Numpy promises its bits but not its distributions, and a plan whose hash changes with a library is no plan. A word is
splitmix64 (Steele, Lea, Flood 2014) of a key, made of the seed and the stream's name, and of a counter: streams do not
disturb each other, whatever order they are used in.
"""

import bisect
import itertools
import math
from hashlib import blake2b
from statistics import NormalDist

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_NORMAL = NormalDist()


def mix(word: int) -> int:
    """Scramble 64 bits, one to one."""
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & _MASK
    return word ^ (word >> 31)


def key(*parts: object) -> int:
    """Make 64 bits of a name, the same on every machine; parts are numbers and texts."""
    return int.from_bytes(blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest(), "little")


class Stream:
    """The draws of one named stream of a seed."""

    def __init__(self, seed: int, *name: object) -> None:
        self._state = key(seed, *name)

    def word(self) -> int:
        """Draw 64 bits."""
        self._state = (self._state + _GOLDEN) & _MASK
        return mix(self._state)

    def uniform(self) -> float:
        """Draw from [0, 1)."""
        return (self.word() >> 11) * 2.0**-53

    def between(self, least: int, most: int) -> int:
        """Draw a whole number, both ends included."""
        return least + (self.word() * (most - least + 1) >> 64)

    def chance(self, probability: float) -> bool:
        """Draw yes or no."""
        return self.uniform() < probability

    def exponential(self, mean: float) -> float:
        """Draw a gap between independent events."""
        return -mean * math.log1p(-self.uniform())

    def gap(self, mean: float, variation: float) -> float:
        """Draw a gap with a coefficient of variation of 1 or more: a mixture of two exponentials, balanced means.

        For bursts; the gaps of 1 are exponential. Source: Allen, *Probability, Statistics and Queueing Theory*, H2.
        """
        if variation <= 1:
            return self.exponential(mean)
        share = (1 + math.sqrt((variation**2 - 1) / (variation**2 + 1))) / 2
        short = self.chance(share)
        return self.exponential(mean / (2 * (share if short else 1 - share)))

    def lognormal(self, median: float, sigma: float) -> float:
        """Draw a length: half are below the median, one in six above ``median × e^sigma``."""
        return median * math.exp(sigma * _NORMAL.inv_cdf(self.uniform() or 2.0**-54))


class Zipf:
    """Ranks from 0 whose weights fall off as 1/(rank + 1)^skew."""

    def __init__(self, count: int, skew: float) -> None:
        self._sums = list(itertools.accumulate((rank + 1) ** -skew for rank in range(count)))

    def draw(self, stream: Stream) -> int:
        """Draw a rank."""
        return min(bisect.bisect_right(self._sums, stream.uniform() * self._sums[-1]), len(self._sums) - 1)
