"""Reading the documents of a listed tree: only what the listing names, never more than a limit, never an exception.

What cannot be read is None, and `problems` says in one sentence why; other people's files never stop a session.
"""

import bisect
import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from storagebench.submission.parsing import Unreadable, decoded, parse_json, parse_yaml
from storagebench.submission.tree import Tree
from storagebench.units import MIB, bytes_text

LARGEST_BYTES = 64 * MIB
PRUNED = b"PRUNED BY STAFF"
PRUNED_BYTES = 16
COUNTERS = ("disks", "network", "block_devices", "interfaces")
"""Lists of counters that make nine tenths of a metadata file and that no rule reads."""
KEPT_DOCUMENTS = 256
KEPT_BYTES = 64 * 1024


K = TypeVar("K")


class Files:
    """The documents of one tree, parsed; `problems` collects what could not be read, by path."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.problems: dict[str, str] = {}
        self._root = os.path.realpath(tree.root) + os.sep
        self._paths = list(tree.listing.sizes)
        self._yaml = _Kept[bytes]()
        self._metadata = _Kept[str]()

    def holds(self, path: str) -> bool:
        """Say whether the tree has this file (not a folder, and no junk)."""
        return path in self.tree.listing.sizes

    def under(self, prefix: str) -> Iterator[str]:
        """Yield the paths of files that begin with this prefix, in order."""
        for i in range(bisect.bisect_left(self._paths, prefix), len(self._paths)):
            if not self._paths[i].startswith(prefix):
                return
            yield self._paths[i]

    def json(self, path: str, without: Sequence[str] = ()) -> Any:
        """Return what a JSON file holds; None when it is absent, pruned or unreadable.

        Lists of the names `without` may come back empty: they are skipped where that is cheap.
        """
        return self._read(path, lambda data: parse_json(data, without))

    def yaml(self, path: str) -> Any:
        """Return what a YAML file holds; equal files are parsed once."""
        return self._read(path, lambda data: self._yaml.get(data, parse_yaml, keep=len(data) <= KEPT_BYTES))

    def text(self, path: str) -> str | None:
        """Return a UTF-8 text file without the blanks around it."""
        found: str | None = self._read(path, lambda data: decoded(data).strip())
        return found

    def mapping(self, path: str, without: Sequence[str] = ()) -> dict[str, Any]:
        """Return a JSON or YAML document that must be a mapping; empty when there is none."""
        found = self.yaml(path) if path.lower().endswith((".yaml", ".yml")) else self.json(path, without)
        if found is None or isinstance(found, dict):
            return found or {}
        self.problems[path] = f"holds {_kind(found)} where a mapping of names to values is expected"
        return {}

    def metadata(self, folder: str) -> dict[str, Any]:
        """Return the metadata file of a leaf without its counters: the newest of several, empty where there is none."""
        names = [name for name in self.tree.listing.files(folder) if name.endswith("_metadata.json")]
        if not names:
            return {}
        found: dict[str, Any] = self._metadata.get(f"{folder}/{names[-1]}", lambda path: self.mapping(path, COUNTERS))
        return found

    def system(self, path: str) -> dict[str, Any]:
        """Return the description of a system; all its runs share one parsing."""
        found: dict[str, Any] = self._metadata.get(path, self.mapping)
        return found

    def content(self, path: str) -> bytes | None:
        """Return a file as it is; None when it is absent, too large or cannot be opened."""
        return self._bytes(path) if self.holds(path) else None

    def is_pruned(self, path: str) -> bool:
        """Say whether a file is the placeholder that staff put where they removed a log."""
        if self.tree.listing.sizes.get(path) != PRUNED_BYTES:
            return False
        data = self._bytes(path)
        return data is not None and data.strip() == PRUNED

    def _read(self, path: str, parse: Callable[[bytes], Any]) -> Any:
        if not self.holds(path):
            return None
        try:
            data = self._bytes(path)
            return None if data is None or (len(data) == PRUNED_BYTES and data.strip() == PRUNED) else parse(data)
        except Unreadable as reason:
            self.problems[path] = str(reason)
            return None

    def _bytes(self, path: str) -> bytes | None:
        """Read a whole file of the tree, as much of it as is ever read."""
        try:
            descriptor = self._open(self._root + path)
            try:
                return self._content(path, descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.problems[path] = f"cannot be opened: {error.strerror}"
            return None

    def _content(self, path: str, descriptor: int) -> bytes | None:
        """Read as many bytes as the file says it has; what is no file any more, or too large, is named and not read."""
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode):
            self.problems[path] = "is no file any more"
            return None
        if told.st_size > LARGEST_BYTES:
            self.problems[path] = f"is larger than {bytes_text(LARGEST_BYTES)}: such files are not read"
            return None
        parts, wanted = [], told.st_size
        while wanted > 0 and (part := os.read(descriptor, wanted)):
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _open(self, path: str) -> int:
        """Open a file; a link only where it leads to a file of the tree, and nothing that would wait for a writer."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            return os.open(path, flags)
        except OSError as error:
            target = os.path.realpath(path)
            if error.errno != errno.ELOOP or not target.startswith(self._root):
                raise
            return os.open(target, flags)


class _Kept(Generic[K]):
    """What was parsed already, so many of the latest."""

    def __init__(self) -> None:
        self._found: dict[K, Any] = {}

    def get(self, key: K, make: Callable[[K], Any], *, keep: bool = True) -> Any:
        if key in self._found:
            return self._found[key]
        made = make(key)
        if keep:
            if len(self._found) >= KEPT_DOCUMENTS:
                self._found.pop(next(iter(self._found)))
            self._found[key] = made
        return made


def _kind(found: Any) -> str:
    return {list: "a list", str: "a text", bool: "a truth value", int: "a number", float: "a number"}.get(
        type(found), "something else"
    )
