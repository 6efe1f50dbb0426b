"""A rank of data generation: writes every n-th file of a dataset that is not there yet."""

import time
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from storagebench.engines.storage.filler import Filler
from storagebench.engines.training.durable import Finisher, part_of
from storagebench.engines.training.layout import Layout, layout_of
from storagebench.errors import DatasetError
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.model import Dataset
from storagebench.serial import from_json
from storagebench.units import bytes_text

TELL_S = 0.5


class Files(Layout, Protocol):
    """A layout that can also write its files; every format has one."""

    def write(self, file: int, filler: Filler, sink: BinaryIO) -> None:
        """Write a whole file from its start."""
        ...


def work(communicator: Communicator) -> dict[str, Any]:
    """Write this rank's files and return what it did: files written and kept, bytes written, seconds and CPU-seconds.

    The payload holds the `dataset` and the `folder`, whose subfolders exist. When this returns, everything that
    was written is durable.

    Raises:
        DatasetError: a file cannot be written; finished ones are kept, and the next run resumes.
    """
    payload = communicator.payload()
    share = _Share(from_json(Dataset, payload["dataset"]), Path(payload["folder"]), communicator)
    started_s, started_cpu_s = time.perf_counter(), time.process_time()
    try:
        with Finisher() as finisher:
            share.write(finisher)
    except OSError as error:
        raise DatasetError(share.complaint(error)) from error
    return {
        "files_written": share.written,
        "files_kept": share.kept,
        "bytes_written": share.written_bytes,
        "duration_s": time.perf_counter() - started_s,
        "cpu_s": time.process_time() - started_cpu_s,
    }


class _Share:
    """The files of one rank, and how far it has come."""

    def __init__(self, dataset: Dataset, folder: Path, communicator: Communicator) -> None:
        self._dataset = dataset
        self._folder = folder
        self._communicator = communicator
        self._files = cast("Files", layout_of(dataset))
        self._filler = Filler(dataset.seed)
        self._numbers = range(communicator.rank, dataset.num_files, communicator.size)
        self._told_s = 0.0
        self.written = self.kept = self.written_bytes = 0

    def write(self, finisher: Finisher) -> None:
        """Write what is missing."""
        for number in self._numbers:
            path = self._folder / self._files.path(number)
            size = self._files.file_bytes(number)
            if _size(path) == size:
                self.kept += 1
            else:
                self._write_file(number, path)
                finisher.add(path, size)
                self.written += 1
                self.written_bytes += size
            self._tell()

    def _write_file(self, number: int, path: Path) -> None:
        part = part_of(path)
        try:
            with part.open("wb") as sink:
                self._files.write(number, self._filler, sink)
        except BaseException:
            part.unlink(missing_ok=True)  # gives the space back when the disk is full
            raise

    def _tell(self) -> None:
        now_s = time.perf_counter()
        if now_s - self._told_s < TELL_S:
            return
        self._told_s = now_s
        total, size = self._dataset.num_files, self._communicator.size
        event = {
            "kind": "progress",
            "stage": "datagen",
            "done": min((self.written + self.kept) * size, total),
            "total": total,
            "unit": "files",
            "bytes": self.written_bytes * size,
        }
        if self._communicator.rank == 0:
            self._communicator.tell(event)

    def complaint(self, error: OSError) -> str:
        """Say in one sentence what stopped the rank and how far it had come."""
        return (
            f"Generating {self._dataset.model} in {self._folder} stopped at {self.written + self.kept} of "
            f"{len(self._numbers)} files ({bytes_text(self.written_bytes)} written by this rank): "
            f"{error.strerror or error}; finished files are kept and the next run resumes with the rest."
        )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    run_rank(work)
