"""The native checkpointing engine against fio of the same shape: files, sizes, requests, fsync or O_DIRECT.

::

    python -m bench.checkpoint_vs_fio --dir /mnt/fast              # writes and reads, then sizes and memory
    python -m bench.checkpoint_vs_fio --dir /mnt/fast --pairs 9

The shape is llama3-8b by eight ranks at 1/100: each rank an optimizer file of 115 MiB, then a model file of 19 MiB
(fio leaves off what is no whole request). Each round runs the native engine once and fio twice, in random order; a
ratio is ours over the mean of the two, and one fio over the other is the noise. Ours counts as a benchmark does, by
its slowest rank; fio by the rank whose two jobs together took longest, without the pause between them. Neither
includes the start of a process. Both write new files, end each with fsync, and read from the storage, not from the
page cache. The fill of ours is new for every 4 KiB and every stamp is checked on read; fio repeats its buffer.

Everything is done twice in a row, and the second time counts: a virtual machine with a balloon gives free memory back
to its host within two seconds, and who fills the page cache next pays up to five times the processor time.

Then it writes every rank's files of all four models at 1/1000 and compares their bytes with the plan's, and streams
a rank of llama3-8b and one of llama3-1t at full size to /dev/null to see how much memory that takes.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from bench.fio import Round, Took, cpu_s, demand_fio, heading, in_turn, medians, own_folder, row, run_fio
from storagebench.config import load_workloads
from storagebench.engines.checkpointing import series
from storagebench.engines.checkpointing.native import NativeEngine, recovery_sources
from storagebench.engines.checkpointing.outcome import Transferred
from storagebench.engines.checkpointing.series import Series
from storagebench.engines.checkpointing.stream import Stream
from storagebench.engines.checkpointing.task import Task
from storagebench.engines.checkpointing.transfer import transfer_of
from storagebench.engines.storage.counters import peak_memory_bytes
from storagebench.engines.storage.page_cache import let_go
from storagebench.engines.storage.stamps import Origin
from storagebench.launch.local import LocalLauncher
from storagebench.model import LOCALHOST, Workload
from storagebench.model.checkpoint_layout import CheckpointLayout, transformer_of
from storagebench.parameters.schema import CONFIGS
from storagebench.units import GIB, MIB

SCALE = Fraction(1, 100)
MODES = ("buffered", "direct")
WIDTH = 16
PARTS = ("fio", "sizes", "memory")
MEMORY_BAR_BYTES = 256 * MIB


class Bench:
    """One checkpoint, written and read by both."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._layout = _layout(_workloads()["llama3-8b"], SCALE)
        self._gib = self._layout.total_bytes / GIB

    def round(self, mode: str) -> dict[str, Round]:
        """Measure ours once and fio twice, in random order; return the round of the writes and that of the reads."""
        ours, fio = in_turn(lambda: self.ours(mode), lambda: self.fio(mode))
        return {way: Round(ours[i], (fio[0][i], fio[1][i])) for i, way in enumerate(("write", "read"))}

    def ours(self, mode: str) -> tuple[Took, Took]:
        """Run the native engine: two saves, two loads, of which the second ones count."""
        task = self._task(mode)
        made = Series(token=task.token, shape="", started_at="", whole=(), finished=False)
        series.begin(task.folder, made)
        ranks = NativeEngine().run(task, (LOCALHOST,), LocalLauncher(), lambda _: None).ranks
        series.remove(task.folder)
        return self._took([rank.saves[1] for rank in ranks]), self._took([rank.loads[1] for rank in ranks])

    def fio(self, mode: str) -> tuple[Took, Took]:
        """Run fio: a chain of two jobs for each rank, requests and durability as ours."""
        folders = [self._folder / name for name in ("fio-1", "fio-2")]
        took = [self._fio(mode, folder, way) for way in ("write", "read") for folder in folders]
        for folder in folders:
            shutil.rmtree(folder)
        return took[1], took[3]

    def _took(self, parts: list[Transferred]) -> Took:
        slowest = max(part.duration_s for part in parts)
        return Took(self._gib / slowest, sum(part.cpu_s for part in parts) / self._gib)

    def _fio(self, mode: str, folder: Path, way: str) -> Took:
        folder.mkdir(exist_ok=True)
        transfer = transfer_of({"odirect": mode == "direct"})
        settings = {
            "directory": folder,
            "rw": way,
            "bs": transfer.chunk_bytes,
            "direct": int(transfer.direct),
            "ioengine": "psync",
            "invalidate": 0,
            "fallocate": "none",
            "create_on_open": int(way == "write"),
            "fsync_on_close": int(way == "write"),
        }
        jobs: list[dict[str, object]] = []
        for rank in range(self._layout.ranks):
            for number, file in enumerate(self._layout.files(rank)):
                whole = file.bytes // transfer.chunk_bytes * transfer.chunk_bytes
                file_job = {"name": f"r{rank}f{number}", "filename": f"r{rank}f{number}", "size": whole}
                jobs.append(file_job | ({"wait_for": f"r{rank}f{number - 1}"} if number else {}))
        told = run_fio(settings, *jobs)
        for path in folder.iterdir():
            let_go(str(path))
        seconds: dict[str, float] = {}
        for job in told:
            rank_name = job["jobname"].partition("f")[0]
            seconds[rank_name] = seconds.get(rank_name, 0.0) + job["job_runtime"] / 1000
        gib = sum(job[way]["io_bytes"] for job in told) / GIB
        return Took(gib / max(seconds.values()), sum(map(cpu_s, told)) / gib)

    def _task(self, mode: str) -> Task:
        ranks = self._layout.ranks
        return Task(
            model=self._layout.model,
            ranks=ranks,
            scale=str(SCALE),
            folder=str(self._folder / "ours"),
            token=random.getrandbits(63),
            writes=2,
            reads=2,
            readable=(1, 2),
            sources=recovery_sources([ranks], shift=False),
            pause_s=0.0,
            rank_sync=False,
            keep_last=0,
            transfer=transfer_of({"odirect": mode == "direct"}),
        )


def main() -> int:
    """Measure, print tables and verdicts; the exit code is 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()), help="where the files go")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--part", choices=PARTS, action="append", help="one part only; may be repeated")
    options = parser.parse_args()
    demand_fio()
    random.seed(1)
    with own_folder(options.dir, "checkpoint_vs_fio") as folder:
        parts = {"fio": against_fio(Bench(folder), options.pairs), "sizes": sizes(folder), "memory": memory()}
        verdicts = [met for name in options.part or PARTS for met in parts[name]]
    return 0 if all(verdicts) else 1


def against_fio(bench: Bench, pairs: int) -> Iterator[bool]:
    """Print every round and the medians; yield whether each bar is met."""
    print(f"llama3-8b at {SCALE} by 8 ranks, a save and a load, against fio of the same files")
    print(heading(WIDTH))
    rounds: dict[str, list[Round]] = {}
    for _ in range(pairs):
        for mode in MODES:
            for way, measured in bench.round(mode).items():
                rounds.setdefault(f"{mode} {way}", []).append(measured)
                print(row(f"{mode} {way}", WIDTH, medians([measured])), flush=True)
    print("median")
    for name, measured_all in rounds.items():
        found = medians(measured_all)
        print(row(name, WIDTH, found), f"{'':{WIDTH}}{found.verdict()}", sep="\n")
        yield found.ratio >= found.bar()


def sizes(folder: Path) -> Iterator[bool]:
    """Write every rank's files of all models at 1/1000, one rank after the other, and hold them against the plan."""
    print("\nall ranks at 1/1000: bytes planned, bytes on disk")
    stream = Stream(1, transfer_of({"fsync": False}), lambda _: None)
    for name, workload in _workloads().items():
        layout = _layout(workload, Fraction(1, 1000))
        found = 0
        for rank in range(layout.ranks):
            path = folder / "shard"
            for number, file in enumerate(layout.files(rank)):
                stream.write(str(path), file.bytes, Origin(1, 1, rank, number))
                found += path.stat().st_size
                path.unlink()
        print(
            f"{name:14}{layout.total_bytes:18,}{found:18,}  {'equal' if found == layout.total_bytes else 'DIFFERENT'}"
        )
        yield found == layout.total_bytes


def memory() -> Iterator[bool]:
    """Stream a rank of the smallest and of the largest model at full size to nowhere, each in its own process."""
    print("\na rank at full size to /dev/null: bytes, seconds, peak resident memory")
    for name in ("llama3-8b", "llama3-1t"):
        command = [sys.executable, "-c", f"from bench.checkpoint_vs_fio import stream_rank; stream_rank({name!r})"]
        size, seconds, peak = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        met = peak < MEMORY_BAR_BYTES
        print(f"{name:14}{size / GIB:9.2f} GiB{seconds:9.1f} s{peak / MIB:9.0f} MiB  {'met' if met else 'MISSED'}")
        yield met


def stream_rank(name: str) -> None:
    """Be a process that writes the files of rank 0 to /dev/null, and say bytes, seconds and peak memory as JSON."""
    layout, begin = _layout(_workloads()[name], Fraction(1)), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "nowhere")
        target.symlink_to("/dev/null")
        stream = Stream(1, transfer_of({"fsync": False}), lambda _: None)
        for number, file in enumerate(layout.files(0)):
            stream.write(str(target), file.bytes, Origin(1, 1, 0, number))
    print(json.dumps([layout.rank_bytes(0), time.perf_counter() - begin, peak_memory_bytes()]))


def _workloads() -> dict[str, Workload]:
    return {workload.model: workload for workload in load_workloads(CONFIGS / "checkpointing", "checkpointing")}


def _layout(workload: Workload, scale: Fraction) -> CheckpointLayout:
    split, ranks = workload.parameters["model"]["parallelism"], workload.accelerators or 1
    model = transformer_of(workload.parameters, ranks // (split["tensor"] * split["pipeline"]))
    return CheckpointLayout(model=model, ranks=ranks, scale=scale)


if __name__ == "__main__":
    sys.exit(main())
