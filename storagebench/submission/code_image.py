"""The digest of a submitted code image, md5-tree-v2 of rule 2.2: one MD5 over the paths and contents that count."""

import hashlib
from collections.abc import Iterable
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


def tree_digest(files: Iterable[tuple[str, bytes]]) -> str:
    """Return the 32 hex digits of an image from its files: POSIX path relative to the image, and content.

    Files are sorted by the UTF-8 bytes of their paths; each feeds its path and then its content, nothing between.
    """
    digest = hashlib.md5(usedforsecurity=False)
    for path, content in sorted((path.encode(), content) for path, content in files if counts(path)):
        digest.update(path)
        digest.update(content)
    return digest.hexdigest()
