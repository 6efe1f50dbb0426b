"""A backend of the KV cache: a file for each object, written and read by plain calls."""

from pathlib import Path
from typing import BinaryIO

from storagebench.engines.kvcache.stores import Backend, Place, Session, StoreError


class FilesBackend:
    """Files of one rank in a folder of this run's own; they pass through the page cache."""

    direct = False
    verifies = True

    def __init__(self, place: Place) -> None:
        self.folder = Path(place.folder, f"acme-{place.token}")
        self.folder.mkdir(parents=True, exist_ok=True)

    def session(self) -> Session:
        """Return a session for one thread."""
        return FilesSession(self.folder)

    def clear(self) -> None:
        """Remove what this run stored."""
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()


class FilesSession:
    """One thread's open file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder
        self._file: BinaryIO | None = None

    def create(self, name: int, size_bytes: int) -> None:
        """Begin a file under a name that nobody reads."""
        self._path = self._folder / f"{name:016x}"
        self._file = self._path.with_suffix(".part").open("wb")

    def write(self, part: memoryview, offset: int) -> None:
        """Append a part."""
        assert self._file is not None
        self._file.write(part)

    def commit(self) -> None:
        """Close it and give it its name."""
        self.close()
        self._path.with_suffix(".part").rename(self._path)

    def open(self, name: int, size_bytes: int) -> None:
        """Open a file."""
        self._file = (self._folder / f"{name:016x}").open("rb")

    def read(self, part: memoryview, offset: int) -> None:
        """Fill a part."""
        assert self._file is not None
        self._file.seek(offset)
        if self._file.readinto(part) < len(part):  # type: ignore[attr-defined]  # BinaryIO does not know it
            raise StoreError("short read: the file has fewer bytes")

    def close(self) -> None:
        """Close it."""
        if self._file is not None:
            self._file.close()

    def delete(self, name: int) -> None:
        """Remove a file."""
        (self._folder / f"{name:016x}").unlink()

    def discard(self) -> None:
        """Close whatever was begun."""
        self.close()


def open_backend(place: Place) -> Backend:
    """Open it."""
    return FilesBackend(place)
