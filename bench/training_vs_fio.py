"""The native training reader against fio on the same files: cold, with O_DIRECT and hot, interleaved.

::

    python -m bench.training_vs_fio --dir /mnt/fast            # 1 rank × 4 reading threads
    python -m bench.training_vs_fio --dir /mnt/fast --ranks 2 --threads 2

Each round runs the native engine once and fio twice, in random order; a ratio is ours over the mean of the two, and
one fio over the other is the noise. The native engine runs as in a benchmark (`LocalLauncher`, steps, barriers) with no
compute time and raw reading; its time is that of the epoch's block, fio's the time its jobs report, so neither
includes the start of a process. Before anything cold, the files are put out of the page cache, right before the
reading begins and some seconds after the last time. That matters in a virtual machine with a balloon: memory that
became free goes back to the host two seconds later, in the middle of the next run, which then takes five times the
processor time to fill its page cache. With O_DIRECT, our requests go to huge pages and fio's to small ones, which is
why ours are faster where a drive takes few segments a request.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.fio import BAR, Round, Took, cpu_s, demand_fio, heading, in_turn, medians, own_folder, row, run_fio
from storagebench.engines.training.dataset import ensure
from storagebench.engines.training.native import NativeEngine
from storagebench.launch.local import LocalLauncher
from storagebench.model import LOCALHOST, Dataset, Prediction, Reading, Sizing, TrainingPlan, Workload
from storagebench.units import GIB, MIB

if TYPE_CHECKING:
    from storagebench.launch import Launcher

RECORD_BYTES = 140 * MIB
BATCH_SIZE = 4
"""As many files as fio has jobs; a smaller batch would keep readers waiting for the oldest one, as it should."""

JOBS = 4
WIDTH = 8
HOT_PASSES = 5
"""Passes over the files in one hot measurement, since one takes a fifth of a second."""

SETTLE_S = 3.0
"""Longer than Linux waits before it reports free memory to the host (`mm/page_reporting.c`)."""

BARS = {"cold": BAR, "direct": BAR, "hot": 5 * 0.11}
"""Least ratio to fio; hot, five times that of DLIO's own reader."""


class Bench:
    """One dataset, read by both."""

    def __init__(self, folder: Path, files: int, ranks: int, threads: int) -> None:
        dataset = Dataset(
            model="unet3d", format="npz", num_files=files, num_samples_per_file=1, record_length_bytes=RECORD_BYTES
        )
        reader = {"batch_size": BATCH_SIZE, "read_threads": threads}
        self._plan = reading_plan("training_vs_fio", folder, dataset, ranks, reader, {"epochs": 1})
        self.launcher: Launcher = LocalLauncher()
        ensure(self._plan.dataset, self._plan.dataset_dir, self.launcher, (LOCALHOST,), 2, lambda _: None)
        self._files = sorted(Path(self._plan.dataset_dir, "train").iterdir())

    def round(self, mode: str) -> Round:
        """Measure ours once and fio twice, in random order."""
        if mode == "hot":
            self.ours("hot")
        return Round(*in_turn(lambda: self.ours(mode), lambda: self.fio(mode)))

    def ours(self, mode: str, passes: int | None = None) -> Took:
        """Run the native engine; a hot run counts all epochs but the first."""
        _settle(mode)
        passes = passes or (HOT_PASSES + 1 if mode == "hot" else 1)
        plan = _with(self._plan, direct=mode == "direct", epochs=passes)
        ranks = NativeEngine(drop_caches=mode != "hot").run(plan, self.launcher, lambda _: None).ranks
        by_epoch = list(zip(*(rank.epochs for rank in ranks), strict=True))
        counted = by_epoch[1:] if mode == "hot" else by_epoch
        gib = sum(rank.requested_bytes for epoch in counted for rank in epoch) / GIB
        seconds = sum(max(rank.block_s for rank in epoch) for epoch in counted)
        return Took(gib / seconds, sum(rank.cpu_s for epoch in counted for rank in epoch) / gib)

    def fio(self, mode: str) -> Took:
        """Run fio: four jobs of one thread, each with a quarter of the files, 1 MiB requests."""
        _settle(mode)
        if mode != "hot":
            self._drop()
        settings = {
            "direct": int(mode == "direct"),
            "loops": HOT_PASSES if mode == "hot" else 1,
            "rw": "read",
            "bs": "1M",
            "ioengine": "psync",
            "thread": 1,
            "invalidate": 0,
            "file_service_type": "sequential",
            "group_reporting": 1,
        }
        shares = (":".join(map(str, self._files[job::JOBS])) for job in range(JOBS))
        jobs = [{"name": f"job{number}", "filename": share} for number, share in enumerate(shares)]
        (job,) = run_fio(settings, *jobs)
        gib = job["read"]["io_bytes"] / GIB
        return Took(gib / (job["read"]["runtime"] / 1000), cpu_s(job) / gib)

    def _drop(self) -> None:
        for path in self._files:
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _settle(mode: str) -> None:
    if mode == "cold":
        time.sleep(SETTLE_S)


def main() -> int:
    """Measure, print a table and the verdict; the exit code is 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()), help="where the files go")
    parser.add_argument("--files", type=int, default=16, help="npz files of 140 MiB")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--threads", type=int, default=4, help="reading threads of each rank")
    options = parser.parse_args()
    demand_fio()
    random.seed(1)
    with own_folder(options.dir, "training_vs_fio") as folder:
        bench = Bench(folder, options.files, options.ranks, options.threads)
        print(f"{options.files} npz files of 140 MiB, {options.ranks} ranks × {options.threads} threads against fio")
        print(heading(WIDTH))
        bench.fio("cold")  # the files were just written, and the memory that held them counts against the first
        rounds: dict[str, list[Round]] = {mode: [] for mode in BARS}
        for _ in range(options.pairs):
            for mode, measured in rounds.items():
                measured.append(bench.round(mode))
                print(row(mode, WIDTH, medians(measured[-1:])), flush=True)
        print("median")
        found = {mode: medians(measured) for mode, measured in rounds.items()}
        for mode, figures in found.items():
            print(row(mode, WIDTH, figures), f"{'':{WIDTH}}{figures.verdict(BARS[mode])}", sep="\n")
        return 0 if all(figures.ratio >= figures.bar(BARS[mode]) for mode, figures in found.items()) else 1


def reading_plan(
    name: str, folder: Path, dataset: Dataset, ranks: int, reader: Mapping[str, Any], train: Mapping[str, Any]
) -> TrainingPlan:
    """Make a plan to read a dataset in `folder`; sections of parameters add to the least that an engine needs."""
    parameters = {
        "framework": "pytorch",
        "model": {"name": dataset.model},
        "dataset": {
            "data_folder": f"{folder}/{dataset.model}",
            "format": dataset.format,
            "num_files_train": dataset.num_files,
            "num_samples_per_file": dataset.num_samples_per_file,
            "record_length_bytes": dataset.record_length_bytes,
        },
        "reader": {"data_loader": "pytorch", "file_shuffle": "seed", "sample_shuffle": "seed", **reader},
        "train": {"computation_time": 0.0, **train},
        "workflow": {"generate_data": False, "train": True, "checkpoint": False},
    }
    workload = Workload(
        family="training",
        model=dataset.model,
        accelerator="none",
        editions=(),
        status="bench",
        divisions=("whatif",),
        parameters=parameters,
        quick=None,
        core_config_hashes=(),
        comparability_class=None,
        source=__file__,
        where=__file__,
    )
    return TrainingPlan(
        id=name,
        workload=workload,
        division="whatif",
        edition="3.0",
        run="1",
        quick=False,
        hosts=(LOCALHOST,),
        accelerators=ranks,
        parameters=parameters,
        overrides={},
        settings={},
        dataset=dataset,
        sizing=Sizing(dataset.num_files, ()),
        prediction=Prediction(disk_bytes=0, memory_bytes_per_host=0, least_duration_s=0.0, working=()),
        reading=Reading(direct=False, decode=False, columns="all"),
        seed=1,
        engine="native",
        launcher="local",
        au_definition="dlio-3.0",
        organisation="bench",
        system="bench",
        data_dir=str(folder),
        results_dir=str(folder),
        checkpoint_dir=str(folder),
    )


def _with(plan: TrainingPlan, *, direct: bool, epochs: int) -> TrainingPlan:
    parameters = {**plan.parameters, "train": {**plan.parameters["train"], "epochs": epochs}}
    return replace(plan, parameters=parameters, reading=Reading(direct=direct, decode=False, columns="all"))


if __name__ == "__main__":
    sys.exit(main())
