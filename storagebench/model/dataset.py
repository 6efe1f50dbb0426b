"""What a dataset looks like: enough to generate it, to read it and to recognise it."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

GENERATOR_VERSION = 1
"""Rises when the bytes that a seed gives change; part of the fingerprint."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a parquet table; `size` is the number of elements in each row."""

    name: str
    dtype: str
    size: int = 1
    read: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The training files of one model: sizes in bytes, counts of files and of samples in each file."""

    model: str
    format: str
    num_files: int
    num_samples_per_file: int
    record_length_bytes: float
    record_length_bytes_stdev: float = 0.0
    num_subfolders: int = 0
    columns: tuple[Column, ...] = ()
    row_group_size: int = 0
    seed: int = 10

    @property
    def num_samples(self) -> int:
        """Samples in all files together."""
        return self.num_files * self.num_samples_per_file

    @property
    def nominal_bytes(self) -> int:
        """Bytes as the rules count them: samples × mean record length, without framing."""
        return int(self.num_samples * self.record_length_bytes)

    @property
    def stored_bytes(self) -> int:
        """Bytes on disk, framing and headers aside: parquet keeps an int8 in four bytes, having no smaller integer."""
        widened = 3 * sum(column.size for column in self.columns if column.dtype in {"int8", "uint8", "bool"})
        return self.nominal_bytes + self.num_samples * widened

    def fingerprint(self) -> str:
        """Identify the content of the files: 16 hex digits, the same for any number of files.

        A dataset of more files contains every smaller one of the same fingerprint.
        """
        content = asdict(replace(self, num_files=0)) | {"generator": GENERATOR_VERSION}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
