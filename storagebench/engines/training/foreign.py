"""Datasets that DLIO has generated: found under its names, believed after a look, and read like our own.

Its files carry the total in their names and have sizes that only the disk knows. Formats are those of one file a sample
that are read whole: npz and jpeg.
"""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from storagebench.engines.training.layout import Extent
from storagebench.engines.training.manifest import DLIO, Manifest, write_manifest
from storagebench.errors import DatasetError
from storagebench.model import Dataset
from storagebench.units import bytes_text

FORMATS = ("npz", "jpeg")
TOLERANCE = 0.1
"""How much the mean size may differ from the record length, by which the rules count: framing is far below it."""


class ForeignFiles:
    """The files of a dataset of DLIO's (`data_generator.py`): ``train/img_07_of_16.npz``, in subfolders taken in turn."""

    samples_per_unit = 1

    def __init__(self, dataset: Dataset, folder: str, total: int) -> None:
        self._dataset = dataset
        self._folder = folder
        self._total = total

    def path(self, file: int) -> str:
        """Return the name of a file relative to the dataset's folder."""
        dataset, subfolders = self._dataset, self._dataset.num_subfolders
        name = f"img_{file:0{len(str(self._total))}d}_of_{self._total}.{dataset.format}"
        return f"train/{file % subfolders:0{len(str(subfolders))}d}/{name}" if subfolders > 1 else f"train/{name}"

    def file_bytes(self, file: int) -> int:
        """Return the size of a file in bytes, as the disk has it.

        Raises:
            DatasetError: it is not there.
        """
        path = Path(self._folder, self.path(file))
        try:
            return path.stat().st_size
        except OSError as error:
            raise DatasetError(
                f"{path} cannot be found ({error.strerror}): the dataset is damaged; have DLIO generate it again"
            ) from None

    def extents(self, file: int, first_sample: int, count: int) -> tuple[Extent, ...]:
        """Return the whole file."""
        return (Extent(0, self.file_bytes(file)),)


def adopt(dataset: Dataset, root: str) -> Manifest | None:
    """Declare the files that DLIO left in a folder a dataset, and return its manifest; None where there are none.

    Raises:
        DatasetError: there are too few, or they are not what the workload asks for.
    """
    total = _total(dataset, root) if dataset.format in FORMATS else None
    if total is None:
        return None
    if total < dataset.num_files:
        raise DatasetError(
            f"{root} holds {total} files that DLIO generated, where {dataset.num_files} are needed: have DLIO generate them, "
            "or choose another --data-dir"
        )
    files = ForeignFiles(dataset, root, total)
    total_bytes = sum(map(files.file_bytes, range(total)))
    mean = total_bytes / total / dataset.num_samples_per_file
    if abs(mean / dataset.record_length_bytes - 1) > TOLERANCE:
        raise DatasetError(
            f"{root} holds files that DLIO generated of {bytes_text(mean)} a sample, where the record length is "
            f"{bytes_text(dataset.record_length_bytes)}: they are another workload's, or figures would count bytes that are not there"
            + (_of_images(dataset, mean) if dataset.format == "jpeg" else "")
        )
    manifest = Manifest(
        dataset=replace(dataset, num_files=total),
        total_bytes=total_bytes,
        started_at=_changed_at(root, files.path(0)),
        ended_at=_changed_at(root, files.path(total - 1)),
        ranks=0,
        generator=DLIO,
        path=root,
    )
    write_manifest(manifest)
    return manifest


def _total(dataset: Dataset, root: str) -> int | None:
    """Read from the name of any training file how many DLIO has made."""
    folder = Path(root, "train")
    if dataset.num_subfolders > 1:
        folder /= "0".zfill(len(str(dataset.num_subfolders)))
    pattern = re.compile(rf"img_\d+_of_(\d+)\.{dataset.format}")
    if not folder.is_dir():
        return None
    with os.scandir(folder) as entries:
        found = (pattern.fullmatch(entry.name) for entry in entries)
        return next((int(match[1]) for match in found if match), None)


def _changed_at(root: str, path: str) -> str:
    return datetime.fromtimestamp(Path(root, path).stat().st_mtime, UTC).isoformat(timespec="seconds")


def _of_images(dataset: Dataset, mean_bytes: float) -> str:
    """Say which record length makes DLIO's images large enough: it is their number of pixels, before compression."""
    pixels = dataset.record_length_bytes**2 / mean_bytes
    return (
        "; DLIO's record_length is the number of an image's pixels before compression, so if they are of this workload, "
        f"have it generate them with ++workload.dataset.record_length={pixels:.0f}, or let it read ours"
    )
