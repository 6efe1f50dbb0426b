"""The KV-cache engine against fio: the same sizes, mix and concurrency, O_DIRECT, interleaved, with fio's own noise.

::

    python -m bench.kvcache_vs_fio --dir /mnt/fast --op read
    python -m bench.kvcache_vs_fio --dir /mnt/fast --op write                   # files made, and the oldest deleted
    python -m bench.kvcache_vs_fio --dir /mnt/fast --op write --layout slab     # slots written over
    python -m bench.kvcache_vs_fio --dir /mnt/fast --pages      # why 8 MiB depends on where memory begins

Each round runs ours once and fio twice, in random order; a ratio is ours over the mean of the two, and one fio over the
other is the noise. Ours is the engine of a run, plan, scheduler, stamps and checks included: objects of one size, read at
random, or written and the oldest deleted. fio (psync, threads) reads or overwrites files of 512 MiB at random offsets; beside
objects that are written it makes files of their size, all room reserved first, and unlinks what it made when that comes to
2 GiB, which is as much as ours keeps. Both have as many requests in flight as there are threads, and both count what ends inside a window of the same length.
"""

import argparse
import mmap
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.fio import Round, Took, cpu_s, demand_fio, heading, in_turn, medians, own_folder, row, run_fio
from storagebench.engines.kvcache.draws import Stream
from storagebench.engines.kvcache.load import Run
from storagebench.engines.kvcache.payload import Payload
from storagebench.engines.kvcache.samples import NEVER
from storagebench.engines.kvcache.share import fill_of, share_of
from storagebench.engines.kvcache.stores import Place, open_backend
from storagebench.engines.kvcache.tiers import DELETE, GET, PUT
from storagebench.engines.kvcache.trace import OPERATION, REQUEST, RESTORE, STORE, Trace
from storagebench.engines.kvcache.workers import Executor
from storagebench.engines.storage.buffers import aligned_memory
from storagebench.model import Load, Storing
from storagebench.units import GIB, MIB

SIZES_MIB = (2.5, 8.0, 32.0, 64.0)
SET_BYTES = 2 * GIB
FIO_FILES, FIO_FILE_BYTES = 4, 512 * MIB
CPU_BAR_S_PER_GIB = 0.15
WIDTH = 8


class Bench:
    """One object size on one storage."""

    def __init__(self, folder: Path, size_bytes: int, options: argparse.Namespace) -> None:
        self._folder = folder
        self._size_bytes = size_bytes
        self._threads: int = options.threads
        self._seconds: float = options.seconds
        self._layout: str = options.layout
        self._part_bytes = int(options.part_mib * MIB)

    def round(self, op: str) -> Round:
        """Measure ours once and fio twice, in random order."""
        return Round(*in_turn(lambda: self.ours(op), lambda: self.fio(op)))

    def ours(self, op: str) -> Took:
        """Run the engine on a plan of one kind."""
        trace = self._trace(op)
        storing = Storing(
            backend="local",
            address="",
            layout=self._layout,
            durability="none",
            direct=True,
            readers=self._threads,
            writers=self._threads,
            part_bytes=self._part_bytes,
            keys="private",
        )
        load = Load(
            kind="closed",
            in_flight=self._threads,
            fan_out=1,
            rate=1.0,
            slo_s=1.0,
            probes=2,
            warmup_s=0.5,
            window_s=self._seconds,
            fill_bytes=0,
            most_gib_per_s=1.0,
        )
        place = Place(
            folder=str(self._folder),
            token="ours",  # noqa: S106 - a name
            storing=storing,
            capacity_bytes=trace.peak_bytes,
            object_bytes=self._size_bytes,
        )
        backend, payload = open_backend(place), Payload(1)
        try:
            executors = [Executor(backend, payload, self._part_bytes) for _ in range(self._threads)]
            Run(fill_of(trace), load, [], executors).complete()
            run = Run(share_of(trace), load, *((executors, []) if op == "read" else ([], executors)))
            clock: dict[str, float] = {}
            window = run.drive(time.perf_counter_ns(), lambda edge: clock.__setitem__(edge, time.process_time()))
        finally:
            backend.clear()
        kind = GET if op == "read" else PUT
        moved = window.holds(run.samples.ended) & (run.samples.ended != NEVER) & (trace.operations["kind"] == kind)
        gib = int(moved.sum()) * self._size_bytes / GIB
        return Took(gib / window.length_s, (clock["end"] - clock["begin"]) / gib)

    def fio(self, op: str) -> Took:
        """Run fio at the same size and concurrency, making files where ours makes files."""
        makes = op == "write" and self._layout == "objects"
        settings = {
            "name": "fio",
            "bs": self._size_bytes,
            "direct": 1,
            "ioengine": "psync",
            "thread": 1,
            "numjobs": self._threads,
            "time_based": 1,
            "ramp_time": "0.5s",
            "runtime": f"{self._seconds}s",
            "refill_buffers": 0,
            "group_reporting": 1,
            **(self._making_files() if makes else self._within_files(op)),
        }
        (job,) = run_fio(settings)
        return Took(job[op]["bw_bytes"] / GIB, cpu_s(job) / (job[op]["io_bytes"] / GIB))

    def _within_files(self, op: str) -> dict[str, str | int]:
        return {
            "rw": f"rand{op}",
            "blockalign": 4096,
            "filename": ":".join(str(self._folder / f"fio.{number}") for number in range(FIO_FILES)),
            "filesize": FIO_FILE_BYTES,
            "size": FIO_FILES * FIO_FILE_BYTES,
            "norandommap": 1,
        }

    def _making_files(self) -> dict[str, str | int]:
        files = SET_BYTES // self._threads // self._size_bytes
        return {
            "rw": "write",
            "directory": str(self._folder),
            "filesize": self._size_bytes,
            "nrfiles": files,
            "size": files * self._size_bytes,
            "file_service_type": "sequential",
            "openfiles": 1,
            "create_on_open": 1,
            "fallocate": "posix",
            "unlink_each_loop": 1,
            "unlink": 1,
        }

    def _trace(self, op: str) -> Trace:
        """Plan a set of objects, then reads at random, or writes that each push the oldest out."""
        size, draws = self._size_bytes, Stream(1, "bench", self._size_bytes)
        count = max(2 * self._threads, SET_BYTES // size)
        fill = np.array([(name, size, 0, 1, 0, PUT, STORE) for name in range(count)], OPERATION)
        length = int(8 * GIB * (self._seconds + 0.5) / size)
        rows = []
        for number in range(length):
            if op == "read":
                rows.append((draws.between(0, count - 1), size, number, 1, 0, GET, RESTORE))
            else:
                rows += [
                    (number, size, number, 1, 0, DELETE, STORE),
                    (number + count, size, number, 1, 0, PUT, STORE),
                ]
        each = 1 if op == "read" else 2
        requests = np.zeros(length, REQUEST)
        requests["first"], requests["operations"] = np.arange(length) * each, each
        return Trace(np.array(rows, OPERATION), requests, fill, count * size, count)


def pages(folder: Path, seconds: float, threads: int) -> None:
    """Read 8 MiB at a time into memory of huge pages and of small ones, whole and in parts of 4 MiB."""
    path = folder / "pages"
    with path.open("wb") as file:
        for _ in range(FIO_FILES):
            file.write(os.urandom(MIB) * (FIO_FILE_BYTES // MIB))
        os.fsync(file.fileno())
    kinds: dict[str, tuple[Callable[[], memoryview], int]] = {
        "huge pages, aligned, 8 MiB": (lambda: aligned_memory(8 * MIB), 8 * MIB),
        "huge pages, aligned, 2 × 4 MiB": (lambda: aligned_memory(8 * MIB), 4 * MIB),
        "small pages, 8 MiB": (_small_pages, 8 * MIB),
        "small pages, 2 × 4 MiB": (_small_pages, 4 * MIB),
    }
    rates: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(5):
        for name in random.sample(list(kinds), len(kinds)):
            make, part = kinds[name]
            rates[name].append(_raw_reads(path, make, part, seconds, threads))
    for name, values in rates.items():
        print(f"{name:34}{statistics.median(values):8.2f} GiB/s   ({min(values):.2f} to {max(values):.2f})")


def _small_pages() -> memoryview:
    memory = mmap.mmap(-1, 8 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    return memoryview(memory)


def _raw_reads(path: Path, make: Callable[[], memoryview], part: int, seconds: float, threads: int) -> float:
    deadline, counts = time.perf_counter() + seconds, [0] * threads

    def read(number: int) -> None:
        memory, draws = make(), random.Random(number)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT)
        while time.perf_counter() < deadline:
            offset = draws.randrange(0, (FIO_FILES * FIO_FILE_BYTES - 8 * MIB) // 4096) * 4096
            for at in range(0, 8 * MIB, part):
                os.preadv(descriptor, (memory[at : at + part],), offset + at)
            counts[number] += 8 * MIB
        os.close(descriptor)

    crew = [threading.Thread(target=read, args=(number,)) for number in range(threads)]
    begin = time.perf_counter()
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    return sum(counts) / GIB / (time.perf_counter() - begin)


def parser_of(description: str, rounds: int) -> argparse.ArgumentParser:
    """Return a parser of the options that a `Bench` is made with."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()), help="where the files go")
    parser.add_argument("--op", choices=("read", "write"), default="read")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--seconds", type=float, default=2.0, help="the window")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--part-mib", type=float, default=4.0, help="one request of ours")
    parser.add_argument("--layout", choices=("objects", "slab"), default="objects")
    return parser


def main() -> int:
    """Measure, print a table and the verdict; the exit code is 1 when a bar is missed."""
    parser = parser_of(__doc__ or "", rounds=3)
    parser.add_argument("--pages", action="store_true", help="compare memory of huge and of small pages instead")
    options = parser.parse_args()
    random.seed(1)
    with own_folder(options.dir, "kvcache_vs_fio") as folder:
        if options.pages:
            pages(folder, options.seconds, options.threads)
            return 0
        demand_fio()
        print(f"{options.op}, {options.threads} threads, {options.layout}, parts of {options.part_mib:g} MiB")
        print(heading(WIDTH))
        verdicts = [_size(folder, size, options) for size in SIZES_MIB]
        return 0 if all(verdicts) else 1


def _size(folder: Path, size_mib: float, options: argparse.Namespace) -> bool:
    bench = Bench(folder, int(size_mib * MIB), options)
    found = medians(bench.round(options.op) for _ in range(options.rounds))
    saves = found.ours.cpu_s_per_gib <= CPU_BAR_S_PER_GIB
    cpu_verdict = "met" if saves else "MISSED"
    print(f"{row(f'{size_mib:g} MiB', WIDTH, found)}   {found.verdict()}, CPU {cpu_verdict}", flush=True)
    return saves and found.ratio >= found.bar()


if __name__ == "__main__":
    sys.exit(main())
