"""What sampling costs: processor time of the sampler, and the throughput of a benchmark with and without it.

::

    python -m bench.sampling --dir /mnt/fast

Processor time is that of samplers at 1 s and at 10 s over the same minute, from /proc, without their start. Throughput
is that of the native training reader (one rank, four threads, no compute time), hot and with O_DIRECT; each round
runs it once with a sampler every second and the watchdog, and twice without, in random order. The ratio is with
over the mean of both without, and one without over the other is the noise. Merging is that of files of many simulated
hosts into the section of a record, as at the end of a run of twelve hours.
"""

import argparse
import json
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.training_vs_fio import Bench
from storagebench.launch.local import LocalLauncher
from storagebench.model import LOCALHOST
from storagebench.units import MIB
from storagebench.watch import transport
from storagebench.watch.launcher import WatchedLauncher, Watching
from storagebench.watch.sampling import FOLDER
from storagebench.watch.section import time_series

if TYPE_CHECKING:
    import subprocess

COST_BAR_PERCENT = 0.5
"""Of one core, at the default of 10 s."""
LEAST_TOLERANCE = 0.02
HOSTS, SAMPLES = 64, 4320
PASSES = {"hot": 31, "direct": 4}
"""Some seconds each; the first hot pass does not count."""


def main() -> int:
    """Measure both, print the figures and the verdicts; the exit code is 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()), help="where the files go")
    parser.add_argument("--files", type=int, default=16, help="npz files of 140 MiB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the processor time is measured")
    options = parser.parse_args()
    random.seed(1)
    met = _cost(options.seconds)
    with tempfile.TemporaryDirectory(prefix="sampling.", dir=options.dir) as folder:
        _merge(Path(folder))
    with tempfile.TemporaryDirectory(prefix="sampling.", dir=options.dir) as folder:
        bench = Bench(Path(folder), options.files, 1, 4)
        return 0 if all(_throughput(bench, mode, folder, options.rounds) for mode in PASSES) and met else 1


def _cost(seconds: float) -> bool:
    samplers = {interval_s: transport.start(LOCALHOST, interval_s, os.curdir) for interval_s in (1.0, 10.0)}
    for process in samplers.values():
        assert process.stdout
        process.stdout.readline()  # it greets: what the start of Python cost is behind it
    before = {interval_s: _cpu_s(process) for interval_s, process in samplers.items()}
    time.sleep(seconds)
    percent = {
        interval_s: 100 * (_cpu_s(process) - before[interval_s]) / seconds for interval_s, process in samplers.items()
    }
    for process in samplers.values():
        process.communicate(b"stop\n")
    for interval_s, share in percent.items():
        print(f"sampler every {interval_s:2.0f} s: {share:.3f} % of a core", flush=True)
    met = percent[10.0] < COST_BAR_PERCENT
    print(f"bar {COST_BAR_PERCENT} % at 10 s {'met' if met else 'MISSED'}")
    return met


def _merge(folder: Path) -> None:
    """Print what merging takes, with the samples of this machine under the names and clocks of others."""
    with transport.start(LOCALHOST, 1.0, os.curdir) as process:
        assert process.stdout
        hello, sample = (json.loads(process.stdout.readline()) for _ in range(2))
        process.communicate(b"stop\n")
    (folder / FOLDER).mkdir()
    for number in range(HOSTS):
        begin_s = 1e5 * number
        ping = {"kind": "ping", "sent_s": 0.0, "received_s": 0.0, "mono_s": begin_s, "wall_ahead_s": 0.0}
        lines = [{"kind": "asked", "host": f"node{number:02}", "interval_s": 10.0}, hello, ping | {"phase": "start"}]
        lines += [sample | {"n": one, "mono": begin_s + 10.0 * one} for one in range(SAMPLES)]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / FOLDER / f"node{number:02}.jsonl").write_text(text, encoding="utf-8")
    before_s = time.process_time()
    time_series(folder)
    size_mib = sum(file.stat().st_size for file in (folder / FOLDER).iterdir()) / MIB
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took_s = time.process_time() - before_s
    print(
        f"merging {HOSTS} hosts x {SAMPLES} samples ({size_mib:.0f} MiB): {took_s:.1f} CPU-s, peak {peak_mib:.0f} MiB"
    )


def _cpu_s(process: "subprocess.Popen[bytes]") -> float:
    """Return the processor time of a process so far, from the scheduler's nanoseconds and not from ticks of 10 ms."""
    return int(Path(f"/proc/{process.pid}/schedstat").read_text(encoding="utf-8").split()[0]) / 1e9


def _throughput(bench: Bench, mode: str, folder: str, rounds: int) -> bool:
    watched = WatchedLauncher(LocalLauncher(), Watching(1.0, 600.0), folder, Path(folder))
    ratios, noises, rates = [], [], []
    for _ in range(rounds):
        took: dict[bool, list[float]] = {True: [], False: []}
        for sampled in random.sample([True, False, False], 3):
            bench.launcher = watched if sampled else LocalLauncher()
            took[sampled].append(bench.ours(mode, PASSES[mode]).gib_per_s)
        ratios.append(took[True][0] / statistics.fmean(took[False]))
        noises.append(max(took[False]) / min(took[False]) - 1)
        rates += took[False]
    ratio, noise = statistics.median(ratios), statistics.median(noises)
    met = abs(ratio - 1) <= max(LEAST_TOLERANCE, noise)
    print(
        f"{mode:7} {statistics.median(rates):6.2f} GiB/s without, ratio with/without {ratio:.3f}, noise {noise:.3f}: "
        f"{'indistinguishable' if met else 'a DIFFERENCE'}",
        flush=True,
    )
    return met


if __name__ == "__main__":
    sys.exit(main())
