"""The native engine against DLIO on the same files, from storage-bound to compute-bound: the same AU, or the reason.

::

    python -m bench.parity --dir /mnt/fast --ranks 1                                     # DLIO's loop, our loader in it
    python -m bench.parity --dir /mnt/fast --ranks 2 --python PATH --plugin none         # all of it DLIO's own; needs torch

Each round runs both engines once, in random order, on a dataset that was put out of the page cache just before (with --hot:
that is in it); figures are medians over rounds. Both engines' raw times go through the same code: AU by the definition of edition 1.0, which
DLIO 2.0.0 has itself and which the bars go by, and by that of edition 3.0, samples/s by that of 1.0 (the first step
counts) and of 3.0. Bytes are those of one epoch: what the samples take up in their files, and what the kernel fetched
from storage for the ranks in the first epoch. With `--plugin none` the native engine decodes, as DLIO does; else both read
raw bytes. docs/parity.md explains what differs.
"""

import argparse
import os
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench.training_vs_fio import SETTLE_S, reading_plan
from storagebench.engines.training.dataset import ensure
from storagebench.engines.training.dlio.engine import DlioEngine
from storagebench.engines.training.engine import Engine
from storagebench.engines.training.metrics import measure
from storagebench.engines.training.native import NativeEngine
from storagebench.launch.local import LocalLauncher
from storagebench.launch.mpi import MpiLauncher
from storagebench.model import LOCALHOST, Dataset, DlioChoice, Reading, TrainingPlan
from storagebench.units import GIB, MIB

RECORD_BYTES = 4 * MIB
SHIPPED_PART = 70
"""What torch's processes ship of a sample is a seventieth of it, as in unet3d: 2 MiB of 140."""
BATCH_SIZE = 2
ENGINES: Mapping[str, Callable[..., Engine]] = {"native": NativeEngine, "dlio": DlioEngine}
EPOCHS = 2
AU_BAR, RATE_BAR = 0.02, 0.03
"""How much AU and samples/s may differ where compute dominates."""
DOMINATES_PERCENT = 90
"""Compute dominates where it is this much of both engines' time (AU of edition 1.0)."""
COLUMNS = (
    "AU 1.0",
    "AU 3.0",
    "1.0 spl/s",
    "3.0 spl/s",
    "requested",
    "fetched",
    "CPU-s/GiB",
    "start s",
    "CPU-s",
    "MiB/rank",
)


class Took(NamedTuple):
    """One run: AU in percent and samples/s by two definitions, MiB of an epoch, processor, start-up, memory."""

    au_1: float
    au_3: float
    samples_per_s_1: float
    samples_per_s: float
    requested_mib: float
    fetched_mib: float
    cpu_s_per_gib: float
    start_s: float
    cpu_s: float
    peak_mib: float


class Parity:
    """One dataset and a pair of engines."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        dataset = Dataset(
            model="unet3d",
            format="npz",
            num_files=options.files,
            num_samples_per_file=1,
            record_length_bytes=RECORD_BYTES,
        )
        reader = {"batch_size": BATCH_SIZE, "read_threads": options.threads}
        plan = reading_plan("parity", folder, dataset, options.ranks, reader, {"epochs": EPOCHS})
        shipped = {**plan.parameters["dataset"], "record_length_bytes_resize": RECORD_BYTES // SHIPPED_PART}
        reading = Reading(direct=False, decode=options.plugin == "none", columns="all")
        self._plan = replace(plan, parameters={**plan.parameters, "dataset": shipped}, reading=reading)
        self._choice = DlioChoice(python=str(options.python), plugin=options.plugin)
        self._mpi, self._hot = options.launcher == "mpi", options.hot
        ensure(dataset, plan.dataset_dir, LocalLauncher(), (LOCALHOST,), 2, lambda _: None)

    def round(self, compute_s: float) -> dict[str, Took]:
        """Run both engines once, in random order."""
        names = random.sample(["native", "dlio"], 2)
        took = {name: self._run(name, compute_s) for name in names}
        return {"native": took["native"], "dlio": took["dlio"]}

    def _run(self, name: str, compute_s: float) -> Took:
        plan = self._with(name, compute_s)
        engine = ENGINES[name](drop_caches=False)
        if not self._hot:
            self._cool()
        launcher = MpiLauncher() if self._mpi else LocalLauncher()
        begin, cpu = time.perf_counter(), _children_cpu_s()
        outcome = engine.run(plan, launcher, lambda _: None)
        wall_s, cpu_s = time.perf_counter() - begin, _children_cpu_s() - cpu
        first, last = (measure(outcome.ranks, replace(plan, au_definition=name)) for name in ("dlio-2.0.0", "dlio-3.0"))
        epochs = [epoch for rank in outcome.ranks for epoch in rank.epochs]
        return Took(
            au_1=first.au_mean_percent or 0.0,
            au_3=last.au_mean_percent or 0.0,
            samples_per_s_1=first.samples_per_s_mean or 0.0,
            samples_per_s=last.samples_per_s_mean or 0.0,
            requested_mib=sum(epoch.requested_bytes for epoch in epochs) / EPOCHS / MIB,
            fetched_mib=sum(rank.epochs[0].process_read_bytes for rank in outcome.ranks) / MIB,
            cpu_s_per_gib=sum(epoch.cpu_s for epoch in epochs) / sum(epoch.requested_bytes for epoch in epochs) * GIB,
            start_s=wall_s - sum(epoch.block_s for epoch in last.epochs),
            cpu_s=cpu_s,
            peak_mib=max(rank.peak_memory_bytes for rank in outcome.ranks) / MIB,
        )

    def _cool(self) -> None:
        """Put the dataset out of the page cache and wait until a hypervisor has taken the memory back: see training_vs_fio."""
        for path in Path(self._plan.dataset_dir, "train").iterdir():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        time.sleep(SETTLE_S)

    def _with(self, name: str, compute_s: float) -> TrainingPlan:
        train = {**self._plan.parameters["train"], "computation_time": compute_s}
        parameters = {**self._plan.parameters, "train": train}
        return replace(self._plan, engine=name, parameters=parameters, dlio=self._choice if name == "dlio" else None)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Measure, print a table and the verdict; the exit code is 1 when the engines differ where compute dominates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()), help="where the files go")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--files", type=int, default=128, help="npz files of 4 MiB")
    parser.add_argument("--threads", type=int, default=2, help="reading threads of each rank")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compute", default="0.002,0.02,0.08", help="computation times in seconds")
    parser.add_argument("--python", type=Path, default=Path(".venv-dlio/bin/python"), help="the Python that has DLIO")
    parser.add_argument("--plugin", choices=("none", "reader", "loader"), default="loader")
    parser.add_argument("--launcher", choices=("local", "mpi"), default="local", help="of the native engine")
    parser.add_argument(
        "--hot", action="store_true", help="leave the files in the page cache: no device in it, less noise"
    )
    options = parser.parse_args()
    random.seed(1)
    folder = Path(tempfile.mkdtemp(prefix="parity.", dir=options.dir))
    try:
        parity = Parity(options, folder)
        print(
            f"{options.files} npz files of 4 MiB, {options.ranks} ranks × {options.threads} readers, plug-in {options.plugin}"
        )
        print(f"{'compute s':>10}{'':8}" + "".join(f"{column:>11}" for column in COLUMNS))
        verdicts = [
            _compare(compute_s, [parity.round(compute_s) for _ in range(options.rounds)])
            for compute_s in map(float, options.compute.split(","))
        ]
    finally:
        shutil.rmtree(folder)
    return 0 if all(verdicts) else 1


def _compare(compute_s: float, rounds: Sequence[dict[str, Took]]) -> bool:
    native, dlio = (_median([one[name] for one in rounds]) for name in ("native", "dlio"))
    ratio = Took(*(ours / theirs if theirs else 0.0 for ours, theirs in zip(native, dlio, strict=True)))
    for name, row in (("native", native), ("dlio", dlio), ("ratio", ratio)):
        digits = 4 if name == "ratio" else 2
        print(f"{compute_s:10g}{name:>8}" + "".join(f"{cell:11.{digits}f}" for cell in row), flush=True)
    if min(native.au_1, dlio.au_1) < DOMINATES_PERCENT:
        print(f"{'':18}the reader dominates: samples/s native/DLIO {ratio.samples_per_s:.2f}")
        return True
    alike = abs(ratio.au_1 - 1) <= AU_BAR and abs(ratio.samples_per_s - 1) <= RATE_BAR
    print(
        f"{'':18}compute dominates: AU within {AU_BAR:.0%}, samples/s within {RATE_BAR:.0%} {'met' if alike else 'MISSED'}"
    )
    return alike


def _median(runs: Sequence[Took]) -> Took:
    return Took(*(statistics.median(column) for column in zip(*runs, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
