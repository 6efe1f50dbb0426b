"""Which folder of a tree is the one to judge: the one that holds closed/ and open/, or a sentence that names it."""

import os
from collections.abc import Iterator
from pathlib import Path

from storagebench.errors import ConfigError
from storagebench.submission.leaves import DIVISIONS, RESULTS
from storagebench.submission.tree import junk_words

DEEPEST = 3
MOST_FOLDERS = 2000
"""How far below the folder that was named a submission is looked for."""
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst", ".7z")
NAMED = "name the folder that holds closed/ and open/"


def root_below(root: Path) -> Path:
    """Return the one folder below `root` that holds divisions; for a folder without a run in it.

    Raises:
        ConfigError: there is none, or several; the sentence says which folder to name.
    """
    if within := next((place for place in (root, *root.parents) if place.name.lower() in DIVISIONS), None):
        raise _nothing(root, f"name {within.parent}")
    found = sorted(_with_divisions(root))
    if len(found) == 1:
        return found[0]
    if found:
        raise _nothing(root, f"name one of {', '.join(str(path.relative_to(root)) for path in found[:9])} in it")
    folders, files = _named(root)
    if RESULTS in map(str.lower, folders):
        raise _nothing(
            root, f"it holds {RESULTS}/, so put it into a folder closed/ or open/ and name that one's parent"
        )
    if archives := sorted(name for name in files if name.lower().endswith(ARCHIVES)):
        raise _nothing(root, f"unpack {archives[0]}, and {NAMED}")
    raise _nothing(root, NAMED)


def _nothing(root: Path, hint: str) -> ConfigError:
    return ConfigError(f"--submission={root}: no run folder is in it; {hint}")


def _with_divisions(root: Path) -> Iterator[Path]:
    """Yield the folders below that hold divisions; neither links nor folders of submitted programs are entered."""
    waiting, seen = [(root, 0)], 0
    while waiting and seen < MOST_FOLDERS:
        folder, depth = waiting.pop()
        seen += 1
        names = _named(folder)[0]
        if depth and any(name.lower() in DIVISIONS for name in names):
            yield folder
        elif depth < DEEPEST:
            waiting += [(folder / name, depth + 1) for name in names]


def _named(folder: Path) -> tuple[list[str], list[str]]:
    """Return the names of folders and of files, without junk; none where the folder cannot be listed."""
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if not junk_words(entry.name)]
    except OSError:
        return [], []
    folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return folders, [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
