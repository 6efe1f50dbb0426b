"""Does the KV-cache engine repeat its figures as well as fio does? Both twice and more a round, interleaved.

::

    python -m bench.kvcache_repeat --dir /mnt/fast
    python -m bench.kvcache_repeat --dir /mnt/fast --op write --layout slab --repeats 3
    python -m bench.kvcache_repeat --dir /mnt/fast --small-pages

A round runs the same plan of ours and the same job of fio as often as `--repeats` says, in random order; the spread of each
is its fastest over its slowest. What the machine and the drive do to one they do to the other, so the bar is fio's own
spread, or five per cent where fio is calmer than that. Medians over the rounds; the two sides are those of `kvcache_vs_fio`.
fio's buffers are of small pages, which some drives read at less than half their rate; a drive at its limit shows what else
is asked of it, and one at half its limit does not. `--small-pages` gives ours such buffers too, so that both ask alike.
"""

import argparse
import ctypes
import random
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

from bench.fio import NOISE, demand_fio, own_folder
from bench.kvcache_vs_fio import Bench, parser_of
from storagebench.units import MIB

SIZES_MIB = (2.5, 32.0)
NO_HUGE_PAGES = 41
"""PR_SET_THP_DISABLE (prctl(2)): this process's memory, and that of its children, stays in small pages."""


class Rates(NamedTuple):
    """GiB/s of repeated runs, of one round."""

    ours: list[float]
    fio: list[float]


def main() -> int:
    """Measure, print a table and the verdict; the exit code is 1 when ours scatters more than fio."""
    parser = parser_of(__doc__ or "", rounds=5)
    parser.add_argument("--repeats", type=int, default=2, help="runs of each side in a round")
    parser.add_argument("--small-pages", action="store_true", help="our buffers in small pages, as fio's are")
    options = parser.parse_args()
    demand_fio()
    if options.small_pages and ctypes.CDLL(None).prctl(NO_HUGE_PAGES, 1, 0, 0, 0):
        sys.exit("this kernel does not let a process go without huge pages")
    random.seed(1)
    with own_folder(options.dir, "kvcache_repeat") as folder:
        print(f"{options.op}, {options.threads} threads, {options.layout}, {options.repeats} runs of each in a round")
        print(f"{'MiB':>6}{'GiB/s ours':>12}{'fio':>8}{'spread ours':>13}{'fio':>8}{'ours/fio':>10}")
        verdicts = [_size(folder, size, options) for size in SIZES_MIB]
    return 0 if all(verdicts) else 1


def _size(folder: Path, size_mib: float, options: argparse.Namespace) -> bool:
    bench = Bench(folder, int(size_mib * MIB), options)
    rounds = [_round(bench, options.op, options.repeats) for _ in range(options.rounds)]
    ours, fio = (statistics.median(_spread(rates) for rates in side) for side in zip(*rounds, strict=True))
    rates = [statistics.median(rate for rates in side for rate in rates) for side in zip(*rounds, strict=True)]
    met = ours <= max(fio, NOISE)
    print(
        f"{size_mib:6g}{rates[0]:12.2f}{rates[1]:8.2f}{ours:13.3f}{fio:8.3f}{ours / fio:10.2f}"
        f"   bar {max(fio, NOISE):.3f} {'met' if met else 'MISSED'}",
        flush=True,
    )
    return met


def _round(bench: Bench, op: str, repeats: int) -> Rates:
    rates = Rates([], [])
    sides = [(bench.ours, rates.ours), (bench.fio, rates.fio)] * repeats
    for measure, taken in random.sample(sides, len(sides)):
        taken.append(measure(op).gib_per_s)
    return rates


def _spread(rates: list[float]) -> float:
    """Return how much the fastest is above the slowest."""
    return max(rates) / min(rates) - 1


if __name__ == "__main__":
    sys.exit(main())
