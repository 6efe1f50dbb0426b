"""Files of a local or mounted filesystem, written and read past the page cache where it lets us.

Two layouts. `objects`, as LMCache and vLLM's file tier have it: one file an object in 256 folders, preallocated, written
under a temporary name and renamed. `slab`, as Mooncake and vLLM's disk offload have it: one preallocated file a rank, of
slots that are used again. Durability is declared: `none` as real caches do, `data` syncs each object before it is
visible, `all` its folder too.
"""

import contextlib
import ctypes
import errno
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from storagebench.engines.kvcache.stores import Place, Session, StoreError
from storagebench.engines.storage.buffers import BLOCK_BYTES, aligned_memory
from storagebench.errors import ConfigError, EngineError
from storagebench.units import bytes_text

FOLDERS = 256
_LIBC = ctypes.CDLL(None, use_errno=True)


class LocalObjects:
    """One file for each object."""

    verifies = True

    def __init__(self, place: Place) -> None:
        self._place = place
        self.folder = Path(place.folder, place.token)
        with _explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=place.joins)
            for number in range(FOLDERS):
                (self.folder / f"{number:02x}").mkdir(exist_ok=place.joins)
        self.direct = place.storing.direct and takes_direct(self.folder)

    def session(self) -> Session:
        """Return a session for one thread."""
        return _FileSession(str(self.folder), self._place.storing.durability, direct=self.direct)

    def clear(self) -> None:
        """Remove the run's folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


class _FileSession:
    """Writes and reads whole files with positioned calls."""

    def __init__(self, folder: str, durability: str, *, direct: bool) -> None:
        self._folder = folder
        self._sync = durability != "none"
        self._sync_folder = durability == "all"
        self._direct = direct
        self._flags = os.O_CLOEXEC | (os.O_DIRECT if direct else 0)
        self._descriptor = -1
        self._temporary = ""
        self._path = ""

    def create(self, name: int, size_bytes: int) -> None:
        """Make the file under a temporary name, with all its room."""
        self._path = self._path_of(name)
        self._temporary = self._path + ".tmp"
        self._descriptor = os.open(self._temporary, self._flags | os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        preallocate(self._descriptor, size_bytes, self._temporary)

    def write(self, part: memoryview, offset: int) -> None:
        """Write a part."""
        write_whole(self._descriptor, part, offset)

    def commit(self) -> None:
        """Sync as declared, and rename."""
        if self._sync or not self._direct:
            os.fdatasync(self._descriptor)  # pages that are still to be written cannot be put out of the cache
        self.close()
        Path(self._temporary).rename(self._path)
        self._temporary = ""
        if self._sync_folder:
            folder = os.open(Path(self._path).parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def open(self, name: int, size_bytes: int) -> None:
        """Open the file, out of the page cache if it could be in it."""
        self._path = self._path_of(name)
        self._descriptor = os.open(self._path, self._flags | os.O_RDONLY)
        self._let_go()

    def read(self, part: memoryview, offset: int) -> None:
        """Read a part."""
        read_whole(self._descriptor, part, offset)

    def close(self) -> None:
        """Close the file and leave nothing of it in the page cache."""
        self._let_go()
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)

    def delete(self, name: int) -> None:
        """Unlink the file."""
        Path(self._path_of(name)).unlink()

    def discard(self) -> None:
        """Close and unlink what was begun."""
        with contextlib.suppress(OSError):
            if self._descriptor >= 0:
                os.close(self._descriptor)
            if self._temporary:
                Path(self._temporary).unlink()
        self._descriptor, self._temporary = -1, ""

    def _path_of(self, name: int) -> str:
        return f"{self._folder}/{name & 0xFF:02x}/{name:016x}"

    def _let_go(self) -> None:
        if not self._direct:
            os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


class LocalSlab:
    """One file of equal slots."""

    verifies = True

    def __init__(self, place: Place) -> None:
        if place.object_bytes is None:
            raise ConfigError("layout slab needs objects of one size, and this profile has many: use layout objects")
        if place.storing.keys == "shared":
            raise ConfigError("a slab is one rank's own: use layout objects for shared keys")
        self.folder = Path(place.folder, place.token)
        self.slot_bytes = place.object_bytes
        path = self.folder / "slab"
        with _explained(path):
            self.folder.mkdir(parents=True)
            self.direct = place.storing.direct and takes_direct(self.folder)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | (os.O_DIRECT if self.direct else 0)
            self.descriptor = os.open(path, flags, 0o600)
            slots = place.capacity_bytes // self.slot_bytes
            preallocate(self.descriptor, slots * self.slot_bytes, str(path))
        self.free = deque(range(slots))
        self.slots: dict[int, int] = {}
        self.sync = place.storing.durability != "none"

    def session(self) -> Session:
        """Return a session for one thread."""
        return _SlabSession(self)

    def clear(self) -> None:
        """Remove the slab."""
        os.close(self.descriptor)
        shutil.rmtree(self.folder, ignore_errors=True)


class _SlabSession:
    """Moves parts in and out of slots; the maps of the slab are safe without a lock, each call being one step."""

    def __init__(self, slab: LocalSlab) -> None:
        self._slab = slab
        self._name = 0
        self._at = 0
        self._slot = -1

    def create(self, name: int, size_bytes: int) -> None:
        """Take a free slot."""
        try:
            self._slot = self._slab.free.popleft()
        except IndexError:
            raise StoreError("the slab has no free slot although the plan has room") from None
        self._name, self._at = name, self._slot * self._slab.slot_bytes

    def write(self, part: memoryview, offset: int) -> None:
        """Write a part."""
        write_whole(self._slab.descriptor, part, self._at + offset)

    def commit(self) -> None:
        """Sync as declared and let readers find it."""
        if self._slab.sync or not self._slab.direct:
            os.fdatasync(self._slab.descriptor)
        self._slab.slots[self._name] = self._slot
        self._slot = -1

    def open(self, name: int, size_bytes: int) -> None:
        """Look the slot up."""
        if name not in self._slab.slots:
            raise FileNotFoundError(errno.ENOENT, "the slab has no such object", f"{name:016x}")
        self._at = self._slab.slots[name] * self._slab.slot_bytes
        if not self._slab.direct:
            os.posix_fadvise(self._slab.descriptor, self._at, size_bytes, os.POSIX_FADV_DONTNEED)

    def read(self, part: memoryview, offset: int) -> None:
        """Read a part."""
        read_whole(self._slab.descriptor, part, self._at + offset)

    def close(self) -> None:
        """Nothing to close."""

    def delete(self, name: int) -> None:
        """Give the slot back."""
        self._slab.free.append(self._slab.slots.pop(name))

    def discard(self) -> None:
        """Give back a slot that was taken."""
        if self._slot >= 0:
            self._slab.free.append(self._slot)
            self._slot = -1


def open_backend(place: Place) -> LocalObjects | LocalSlab:
    """Open the layout that the plan names.

    Raises:
        EngineError: the folder cannot be written.
        ConfigError: the layout does not fit the objects.
    """
    return LocalSlab(place) if place.storing.layout == "slab" else LocalObjects(place)


def takes_direct(folder: Path) -> bool:
    """Say whether a filesystem takes O_DIRECT in whole blocks of 4 KiB, by trying."""
    try:
        handle, path = tempfile.mkstemp(dir=folder)
        os.close(handle)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_DIRECT | os.O_CLOEXEC)
            try:
                os.pwritev(descriptor, (aligned_memory(BLOCK_BYTES),), 0)
            finally:
                os.close(descriptor)
        finally:
            Path(path).unlink()
    except OSError:
        return False
    return True


def preallocate(descriptor: int, size_bytes: int, path: str) -> None:
    """Reserve room, where the filesystem can; glibc's own posix_fallocate would write blocks instead.

    Raises:
        OSError: there is no room.
    """
    if _LIBC.fallocate(descriptor, 0, ctypes.c_int64(0), ctypes.c_int64(size_bytes)):
        number = ctypes.get_errno()
        if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise OSError(number, os.strerror(number), path)


def write_whole(descriptor: int, part: memoryview, offset: int) -> None:
    """Write all of a part."""
    done = os.pwritev(descriptor, (part,), offset)
    while done < len(part):
        written = os.pwritev(descriptor, (part[done:],), offset + done)
        if not written:
            raise StoreError(f"a write stopped after {bytes_text(done)} of {bytes_text(len(part))}")
        done += written


def read_whole(descriptor: int, part: memoryview, offset: int) -> None:
    """Read all of a part.

    Raises:
        StoreError: the file ends before it.
    """
    done = os.preadv(descriptor, (part,), offset)
    while done < len(part):
        got = os.preadv(descriptor, (part[done:],), offset + done) if done % BLOCK_BYTES == 0 else 0
        if not got:
            raise StoreError(
                f"short read: {bytes_text(offset + done)} where {bytes_text(offset + len(part))} were written"
            )
        done += got


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EngineError(f"{path}: cannot be written ({error.strerror}); choose another --cache-dir") from None
