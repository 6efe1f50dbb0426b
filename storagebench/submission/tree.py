"""What lies in a submitted tree: names and sizes of its files, without reading one of them, and the junk apart."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from storagebench.errors import RecordError
from storagebench.model import Listing

CODE = re.compile(r"code|code-images|code-[0-9a-f]{8,}", re.IGNORECASE)
"""Folders that hold submitted programs: nothing below them is a result."""


class Junk(NamedTuple):
    """A pattern for names that no rule is ever asked about, and the words for what they are."""

    names: re.Pattern[str]
    words: str


JUNK = (
    Junk(re.compile(r"\._.*", re.DOTALL), "an AppleDouble file of a Mac"),
    Junk(re.compile(r"\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX", re.IGNORECASE), "left by a file manager"),
    Junk(re.compile(r"~\$.*|\.~lock\..*", re.DOTALL), "the lock file of an office program"),
    Junk(re.compile(r".*~|#.*#|\..*\.sw[a-p]|.*\.(orig|rej)", re.DOTALL), "left by an editor"),
    Junk(re.compile(r"\.git|\.svn|\.hg"), "a version control system's own"),
)
TEST_DATA = "a summary among the test data of a code tree, not of a run"
LINK_FOLDER = "a link to a folder: links are not followed"
LINK_OUT = "a link that leads out of the tree, or nowhere"
NO_FILE = "neither a file nor a folder"
NOT_UTF8 = "its name is not UTF-8 text"

_ANY = re.compile("|".join(f"(?:{junk.names.pattern})" for junk in JUNK), re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tree:
    """A listed tree: `listing` is what counts, `junk` says by path what was left out of it and why."""

    root: Path
    listing: Listing
    junk: dict[str, str]


@dataclass(slots=True)
class _Found:
    sizes: dict[str, int] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    junk: dict[str, str] = field(default_factory=dict)


def list_tree(root: Path, below: Sequence[str] = ("",)) -> Tree:
    """List a tree, or only those folders of it that `below` names; paths are relative to `root` in any case.

    Nothing is read and no link to a folder is followed; a link to a file counts when the file is in the tree.

    Raises:
        RecordError: there is no such folder, or it cannot be listed.
    """
    found, real = _Found(), os.path.realpath(root)
    for top in below:
        start = os.path.join(real, top) if top else real  # noqa: PTH118 - pathlib takes seconds for large trees
        if os.path.isdir(start) or not top:  # noqa: PTH112
            try:
                _walk(start, f"{top}/" if top else "", found, real)
            except OSError as error:
                raise RecordError(f"{root} cannot be listed: {error.strerror}; name a folder of results") from None
    sizes = dict(sorted(found.sizes.items()))
    return Tree(Path(root), Listing(sizes, tuple(sorted(found.empty))), dict(sorted(found.junk.items())))


def junk_words(name: str) -> str:
    """Say what kind of junk a name is, "" for one that counts: ``junk_words(".DS_Store") == "left by a file manager"``."""
    if not _ANY.fullmatch(name):
        return ""
    return next((junk.words for junk in JUNK if junk.names.fullmatch(name)), "")


def in_code(path: str) -> bool:
    """Say whether a path leads through a folder of submitted programs."""
    return any(CODE.fullmatch(part) for part in path.split("/")[:-1])


def _walk(folder: str, prefix: str, found: _Found, real: str) -> None:
    """Go through folders with a stack of our own: a tree may be deeper than Python's."""
    waiting = [(folder, prefix)]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            entries = _entries(folder)
        except OSError as error:
            if not prefix:
                raise
            found.junk[prefix.rstrip("/")] = f"a folder that cannot be listed: {error.strerror}"
            continue
        counted = False
        for entry in entries:
            path = prefix + entry.name
            if reason := _left_out(entry, path, real):
                found.junk[path.encode("utf-8", "replace").decode()] = reason
                continue
            counted = True
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, f"{path}/"))
            else:
                found.sizes[path] = entry.stat().st_size
        if not counted and prefix:
            found.empty.append(prefix.rstrip("/"))


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return iter(list(entries))


def _left_out(entry: os.DirEntry[str], path: str, real: str) -> str:
    """Say why an entry does not count, "" for one that does."""
    if not entry.name.isascii() and not _is_utf8(entry.name):
        return NOT_UTF8
    if words := junk_words(entry.name):
        return words
    if entry.is_symlink():
        return _linked(entry.path, real)
    if entry.name == "summary.json" and in_code(path) and re.search(r"/tests?(_data)?/", path):
        return TEST_DATA
    return "" if entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False) else NO_FILE


def _linked(path: str, real: str) -> str:
    target = os.path.realpath(path)
    if os.path.isdir(target):  # noqa: PTH112
        return LINK_FOLDER
    inside = target.startswith(real.rstrip(os.sep) + os.sep)
    return "" if inside and os.path.isfile(target) else LINK_OUT  # noqa: PTH113


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
