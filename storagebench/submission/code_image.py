"""The digest of a submitted code image, md5-tree-v2 of rule 2.2: one MD5 over the paths and contents that count."""

import hashlib
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

LEFT_OUT_FOLDERS = (
    *(".git", ".idea", ".vscode", ".claude", ".agent", ".agents", ".roo", ".planning", ".gsd-tmp"),
    *("__pycache__", ".pytest_cache", ".venv", "node_modules", "build", "dist", ".tox", "test", "tests", "*.egg-info"),
)
"""Folders that the digest passes over, at any depth."""

LEFT_OUT_FILES = (".code-hash.json", "*.pyc", "*.pyo", ".DS_Store", "Thumbs.db")


def counts(path: str) -> bool:
    """Say whether a file of an image takes part in its digest: ``counts("pkg/tests/x.py") is False``."""
    *folders, name = path.split("/")
    return not (
        any(fnmatchcase(folder, pattern) for folder in folders for pattern in LEFT_OUT_FOLDERS)
        or any(fnmatchcase(name, pattern) for pattern in LEFT_OUT_FILES)
    )


def tree_digest(paths: Iterable[str], content: Callable[[str], bytes | None]) -> str | None:
    """Return the 32 hex digits of an image, of POSIX paths relative to it and what each file holds.

    Files are sorted by the UTF-8 bytes of their paths; each feeds its path and then its content, nothing between. One
    file is held at a time. None when `content` has none of a file that counts.
    """
    digest = hashlib.md5(usedforsecurity=False)
    for path in sorted(filter(counts, paths), key=str.encode):
        found = content(path)
        if found is None:
            return None
        digest.update(path.encode())
        digest.update(found)
    return digest.hexdigest()
