"""Files of vectors as people bring them: .npy of numpy, .fvecs of the TEXMEX corpora, .fbin of the big-ann contests."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storagebench.errors import ConfigError

DIGESTED_BYTES = 1 << 20
"""A file is known by its size and this much of its beginning and its end."""


@dataclass(frozen=True, slots=True)
class VectorFile:
    """Float32 vectors in a file: `offset` bytes before the first, `gap` words before each."""

    path: Path
    count: int
    dimension: int
    offset: int
    gap: int

    @classmethod
    def open(cls, name: str) -> "VectorFile":
        """Look at a file's form; nothing but its head is read.

        Raises:
            ConfigError: it cannot be read, or is no file of float32 vectors; the sentence says what it is.
        """
        path = Path(name)
        readers = {".npy": _npy, ".fvecs": _fvecs, ".fbin": _fbin}
        if path.suffix not in readers:
            raise ConfigError(
                f"{name}: vectors come as {', '.join(readers)}; convert the file, or give it its right name"
            )
        try:
            found = readers[path.suffix](path)
            held = path.stat().st_size
        except (OSError, ValueError, EOFError) as error:
            raise ConfigError(
                f"{name} cannot be read as vectors: {getattr(error, 'strerror', None) or error}"
            ) from None
        if found.dimension < 1 or found.count < 1:
            raise ConfigError(f"{name} holds no vectors")
        if held != (needed := found.offset + 4 * found.count * (found.dimension + found.gap)):
            raise ConfigError(
                f"{name} is {held:,} bytes long where {found.count:,} float32 vectors of {found.dimension:,} dimensions "
                f"take {needed:,}: it is cut off, or of another type"
            )
        return found

    def rows(self, start: int, stop: int) -> NDArray[np.float32]:
        """Read vectors `start` to `stop` - 1."""
        width = self.dimension + self.gap
        at = self.offset + 4 * width * start
        words = np.fromfile(self.path, "<f4", (stop - start) * width, offset=at).reshape(-1, width)
        return np.ascontiguousarray(words[:, self.gap :], dtype=np.float32)

    def digest(self) -> str:
        """Identify the content: 16 hex digits."""
        size = self.path.stat().st_size
        whole = hashlib.sha256(str(size).encode())
        with self.path.open("rb") as stream:
            whole.update(stream.read(DIGESTED_BYTES))
            stream.seek(max(0, size - DIGESTED_BYTES))
            whole.update(stream.read(DIGESTED_BYTES))
        return whole.hexdigest()[:16]


def _npy(path: Path) -> VectorFile:
    array = np.load(path, mmap_mode="r")
    if array.ndim != 2 or array.dtype != np.dtype("<f4") or not array.flags.c_contiguous:
        shape = " x ".join(map(str, array.shape))
        raise ValueError(f"it is {array.dtype} of {shape}, not float32 of count x dimension in C order")
    return VectorFile(path, array.shape[0], array.shape[1], array.offset, 0)


def _fvecs(path: Path) -> VectorFile:
    (dimension,) = np.fromfile(path, "<i4", 1).tolist() or [0]
    record = 4 * (dimension + 1)
    return VectorFile(path, path.stat().st_size // record if dimension > 0 else 0, dimension, 0, 1)


def _fbin(path: Path) -> VectorFile:
    count, dimension = np.fromfile(path, "<u4", 2).tolist() or [0, 0]
    return VectorFile(path, count, dimension, 8, 0)
