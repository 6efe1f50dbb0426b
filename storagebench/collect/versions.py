"""Versions of everything that takes part in a run, for the record; nothing is imported to find them."""

import importlib.metadata
import os
import platform
import re
import subprocess
import tomllib
from pathlib import Path

from storagebench import __version__

CHECKOUT = Path(__file__).parents[2]


def versions() -> dict[str, str | None]:
    """Return the versions of Python, the kernel, this project (with its commit) and every dependency it names."""
    return {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "storagebench": __version__,
        "storagebench_commit": _commit(),
        **{name: _installed(name) for name in _dependencies()},
    }


def variable_names() -> list[str]:
    """Return the names of the environment's variables, never their values: they may hold secrets."""
    return sorted(os.environ)


def _dependencies() -> list[str]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split(r"[^A-Za-z0-9._-]", name, maxsplit=1)[0] for name in project["dependencies"]]


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the checkout's commit, with +changed when files differ from it; None outside git."""
    try:
        head = _git("rev-parse", "HEAD")
        return head + ("+changed" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", CHECKOUT, *arguments], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
