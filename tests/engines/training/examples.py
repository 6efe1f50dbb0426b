"""Small datasets of every format, and a launcher that is no launcher: its ranks take turns in this process."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storagebench.engines.storage.filler import Filler
from storagebench.engines.training.generate import work
from storagebench.engines.training.layout import layout_of
from storagebench.launch import Job, Tell
from storagebench.model import LOCALHOST, Column, Dataset

HOSTS = (LOCALHOST,)

NPZ = Dataset(
    model="unet3d",
    format="npz",
    num_files=5,
    num_samples_per_file=1,
    record_length_bytes=1_500_000,
    record_length_bytes_stdev=600_000,
)
JPEG = Dataset(
    model="retinanet",
    format="jpeg",
    num_files=9,
    num_samples_per_file=1,
    record_length_bytes=90_000,
    record_length_bytes_stdev=30_000,
    num_subfolders=3,
)
TFRECORD = Dataset(model="resnet50", format="tfrecord", num_files=4, num_samples_per_file=7, record_length_bytes=20_000)
SCALARS = ("float16",) * 3 + ("float64",) * 2 + ("float32",) * 4 + ("int8",) * 3
DLRM = Dataset(
    model="dlrm",
    format="parquet",
    num_files=3,
    num_samples_per_file=2500,
    record_length_bytes=41,
    columns=tuple(Column(f"feature_{i:03d}", dtype, read=i % 5 < 2) for i, dtype in enumerate(SCALARS)),
    row_group_size=1000,
)
FLUX = Dataset(
    model="flux",
    format="parquet",
    num_files=3,
    num_samples_per_file=20,
    record_length_bytes=4 * 1316,
    columns=tuple(Column(name, "float32", size) for name, size in (("t5", 1200), ("clip", 109), ("timestamp", 7))),
    row_group_size=8,
)
EVERY_FORMAT = {"npz": NPZ, "jpeg": JPEG, "tfrecord": TFRECORD, "dlrm": DLRM, "flux": FLUX}


def content(dataset: Dataset, file: int) -> bytes:
    """One file of a dataset, as its format writes it."""
    sink = io.BytesIO()
    layout_of(dataset).write(file, Filler(dataset.seed), sink)
    return sink.getvalue()


def digests(folder: Path) -> dict[str, str]:
    """The name and the content of every training file in a folder."""
    files = (path for path in Path(folder, "train").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


class OneOfMany:
    """The communicator of a rank that never meets the others."""

    def __init__(self, job: Job, rank: int, tell: Tell) -> None:
        self.rank, self.size, self.local_rank = rank, job.ranks, rank
        self._payload = dict(job.payload)
        self.tell = tell

    def payload(self) -> dict[str, Any]:
        return self._payload

    def barrier(self) -> None: ...

    def gather(self, item: Any) -> list[Any] | None: ...


class TurnsLauncher:
    """Runs the ranks of data generation one after the other, and keeps what they reported."""

    name = "turns"

    def __init__(self) -> None:
        self.results: list[dict[str, Any]] = []

    def run(self, job: Job, tell: Tell) -> list[dict[str, Any]]:
        self.results = [work(OneOfMany(job, rank, tell)) for rank in range(job.ranks)]
        return self.results


def ignore(event: Mapping[str, Any]) -> None:
    """Hears progress and forgets it."""
