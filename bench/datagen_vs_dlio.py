"""One rank of our npz generator against DLIO 2.0.0's: MB/s by wall clock and by CPU time, interleaved pairs.

::

    python -m bench.datagen_vs_dlio --dir /mnt/fast

DLIO itself runs where it is installed; elsewhere its algorithm does, in the same numpy: `np.random.randint` of uint8
for each file, then `np.savez` (`data_generator/npz_generator.py`). Both write the same number of files of the same
size to the same directory. Both end durable: ours syncs each file in the background while the next is made; DLIO
never syncs, so its files are synced after the last, when the kernel has written most of them already.
"""

import argparse
import importlib.util
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from storagebench.engines.training.generate import work
from storagebench.model import Dataset
from storagebench.serial import to_json
from storagebench.units import bytes_text

RECORD_BYTES = 146600628
"""Mean record length of unet3d."""
BAR = 3.5


class Took(NamedTuple):
    """What one generation took; `written` is in bytes."""

    written: int
    wall_s: float
    cpu_s: float


class OneRank:
    """A communicator of a job with a single rank."""

    rank, size, local_rank = 0, 1, 0

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._payload = dict(payload)

    def payload(self) -> dict[str, Any]:
        """Return the job's payload."""
        return self._payload

    def barrier(self) -> None:
        """Nobody else is there."""

    def gather(self, item: Any) -> list[Any] | None:
        """Return the item of the only rank."""
        return [item]

    def tell(self, event: Mapping[str, Any]) -> None:
        """Nobody listens."""


def native(dataset: Dataset, folder: Path) -> None:
    """Generate as a rank of storagebench does."""
    work(OneRank({"dataset": to_json(dataset), "folder": str(folder)}))


def dlio_algorithm(dataset: Dataset, folder: Path) -> None:
    """Generate with DLIO's calls of numpy."""
    np.random.seed(10)  # noqa: NPY002 - the generator under test is the legacy one
    side = int(dataset.record_length_bytes**0.5)
    for file in range(dataset.num_files):
        records = np.random.randint(255, size=(side, side, 1), dtype=np.uint8)  # noqa: NPY002
        np.savez(folder / "train" / f"img_{file:02d}_of_{dataset.num_files}.npz", x=records, y=[0])


def dlio_itself(dataset: Dataset, folder: Path) -> None:
    """Generate with the generator of the DLIO that is installed."""
    from dlio_benchmark.common.enumerations import FormatType, FrameworkType
    from dlio_benchmark.data_generator.npz_generator import NPZGenerator
    from dlio_benchmark.utils.config import ConfigArguments
    from dlio_benchmark.utils.utility import DLIOMPI

    DLIOMPI.get_instance().initialize()
    settings = ConfigArguments.get_instance()
    settings.framework = FrameworkType.PYTORCH
    settings.format = FormatType.NPZ
    settings.data_folder = str(folder)
    settings.num_files_train = dataset.num_files
    settings.record_length = int(dataset.record_length_bytes)
    settings.record_length_stdev = 0
    NPZGenerator().generate()


def measure(generate: Callable[[Dataset, Path], None], dataset: Dataset, parent: Path) -> Took:
    """Run a generator in a folder of its own, sync what it left, and remove it."""
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        (folder / "train").mkdir()
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        generate(dataset, folder)
        files = list((folder / "train").iterdir())
        for file in files:
            with file.open("rb") as written:
                os.fsync(written.fileno())
        took = time.perf_counter() - wall_s, time.process_time() - cpu_s
        return Took(sum(file.stat().st_size for file in files), *took)
    finally:
        shutil.rmtree(folder)


def main() -> int:
    """Measure the pairs, print a table and the verdict; the exit code is 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()), help="where to write")
    parser.add_argument("--files", type=int, default=16, help="files of 140 MiB for each generation")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    dataset = Dataset(
        model="unet3d",
        format="npz",
        num_files=options.files,
        num_samples_per_file=1,
        record_length_bytes=RECORD_BYTES,
    )
    installed = importlib.util.find_spec("dlio_benchmark") is not None
    theirs, name = (dlio_itself, "DLIO") if installed else (dlio_algorithm, "DLIO's algorithm")
    print(f"{options.files} files of {bytes_text(RECORD_BYTES)} in {options.dir}, one rank, durable at the end")
    print(f"{'':6}{'storagebench':>24}{name:>24}{'ratio':>16}")
    print(f"{'pair':6}{'wall':>12}{'CPU':>12}{'wall':>12}{'CPU':>12}{'wall':>8}{'CPU':>8}   MB/s per rank")
    pairs = []
    for number in range(1, options.pairs + 1):
        ours, other = (_rates(measure(each, dataset, options.dir)) for each in (native, theirs))
        pairs.append((*ours, *other, ours[0] / other[0], ours[1] / other[1]))
        _print_row(str(number), pairs[-1])
    medians = [statistics.median(column) for column in zip(*pairs, strict=True)]
    _print_row("median", medians)
    wall_ratio = medians[-2]
    print(f"bar: {BAR} x by wall clock, {'met' if wall_ratio >= BAR else 'MISSED'} ({wall_ratio:.2f} x)")
    return 0 if wall_ratio >= BAR else 1


def _rates(took: Took) -> tuple[float, float]:
    return took.written / took.wall_s / 1e6, took.written / took.cpu_s / 1e6


def _print_row(name: str, row: tuple[float, ...] | list[float]) -> None:
    *rates, wall_ratio, cpu_ratio = row
    print(f"{name:6}" + "".join(f"{rate:12.0f}" for rate in rates) + f"{wall_ratio:8.2f}{cpu_ratio:8.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
