"""An embedded database's folder: made once, sealed at the end; `sealed.json` says that the collection is whole.

A `VectorFolder` has one file of raw vectors, which any rank fills block by block, and of which an index is built.
"""

import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from storagebench.engines.training.durable import sync
from storagebench.engines.vectordb.backend import Target
from storagebench.engines.vectordb.source import Rows
from storagebench.errors import DatasetError
from storagebench.model import FLOAT_BYTES

SEAL = "sealed.json"
DATA = "data"


class Folder:
    """What all embedded databases share."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.path = Path(target.folder, DATA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def label(self) -> str | None:
        """Return what was sealed, "" where nothing was, None where there is no folder."""
        if not self.path.is_dir():
            return None
        try:
            return (self.path / SEAL).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def create(self) -> None:
        """Make the folder.

        Raises:
            DatasetError: it is there, or there is no room.
        """
        try:
            self.path.mkdir(parents=True)
        except FileExistsError:
            raise DatasetError(f"{self.path} exists: it is never replaced in silence; --vdb-fresh drops it") from None
        except OSError as error:
            raise DatasetError(f"cannot make {self.path}: {error.strerror}; choose another --data-dir") from None

    def check(self, first_id: int, rows: Rows) -> None:
        """Refuse vectors that are not of this collection.

        Raises:
            DatasetError: they are of another dimension, or beyond it.
        """
        if rows.shape[1] != self.target.dimension or not 0 <= first_id <= self.target.rows - len(rows):
            raise DatasetError(
                f"{self.path} takes {self.target.rows:,} vectors of {self.target.dimension:,} dimensions, not "
                f"{len(rows):,} of {rows.shape[1]:,} from id {first_id:,} on"
            )

    def settle(self, deadline_s: float) -> None:
        """Make all files durable: nothing works in the background of an embedded database."""
        for path in self.files():
            sync(path, drop=True)

    def seal(self, label: str) -> None:
        """Write the seal whole or not at all."""
        part = self.path / f".{SEAL}.part"
        part.write_text(label, encoding="utf-8")
        sync(part)
        part.rename(self.path / SEAL)
        sync(self.path)

    def evict(self) -> str:
        """Have no caches of its own."""
        return ""

    def pids(self) -> tuple[int, ...]:
        """Live in the process that searches."""
        return ()

    def drop(self) -> None:
        """Remove the folder, the seal first: what is left of a broken removal is no collection."""
        (self.path / SEAL).unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def files(self) -> tuple[Path, ...]:
        """Return every file of the folder, at any depth."""
        return tuple(sorted(path for path in self.path.rglob("*") if path.is_file()))

    def disk_bytes(self) -> int:
        """Return the size of all files."""
        return sum(path.stat().st_size for path in self.files())

    @property
    def row_bytes(self) -> int:
        """Bytes of one vector."""
        return FLOAT_BYTES * self.target.dimension


class VectorFolder(Folder):
    """A folder with a file of vectors; `header` is what stands before them."""

    def __init__(self, target: Target, *, vectors: str, header: bytes = b"") -> None:
        super().__init__(target)
        self._vectors = self.path / vectors
        self._header = header

    def create(self) -> None:
        """Make the folder, and the file of vectors in its full length."""
        super().create()
        try:
            with self._vectors.open("xb") as sink:
                sink.write(self._header)
                os.posix_fallocate(sink.fileno(), 0, len(self._header) + self.row_bytes * self.target.rows)
        except OSError as error:
            shutil.rmtree(self.path, ignore_errors=True)
            raise DatasetError(f"cannot make {self._vectors}: {error.strerror}; choose another --data-dir") from None

    def load(self, first_id: int, rows: Rows) -> None:
        """Write vectors to their place in the file.

        Raises:
            DatasetError: they are of another dimension, beyond the collection, or cannot be written.
        """
        self.check(first_id, rows)
        try:
            with self._vectors.open("r+b", buffering=0) as sink:
                sink.seek(len(self._header) + self.row_bytes * first_id)
                view = rows.reshape(-1).view(np.uint8).data
                while view:
                    view = view[sink.write(view) :]
        except OSError as error:
            raise DatasetError(f"cannot write {self._vectors}: {error.strerror}") from None
