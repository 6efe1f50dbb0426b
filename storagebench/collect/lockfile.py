"""The environment against requirements.lock: what is installed, what should be, and the command that mends it."""

import hashlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storagebench.collect.versions import CHECKOUT
from storagebench.errors import ConfigError

LOCK = CHECKOUT / "requirements.lock"
COMPILE = ("-q", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-annotate")
"""How the lock of the checkout is made (Makefile, lock)."""
NAMED = 6
"""Differences that a sentence names; more of them are counted."""


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """A distribution that is not what the lock pins; `found` is None where it is missing."""

    name: str
    wanted: str
    found: str | None

    def __str__(self) -> str:
        return f"{self.name} is missing" if self.found is None else f"{self.name} {self.found} instead of {self.wanted}"


def pins(lock: str) -> dict[str, str]:
    """Return the versions that a lock pins for this Python on this platform, by normalised name."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, str] = {}
    for line in re.sub(r"\\\n", " ", lock).splitlines():
        requirement = line.partition("#")[0].partition(" --hash=")[0].strip()
        if not requirement or requirement.startswith("-"):
            continue
        pinned = Requirement(requirement)
        if pinned.marker is None or pinned.marker.evaluate():
            found[canonicalize_name(pinned.name)] = next(iter(pinned.specifier)).version
    return found


def differences(pinned: Mapping[str, str], installed: Mapping[str, str]) -> tuple[Difference, ...]:
    """Compare; what is installed beyond the lock does not count."""
    from packaging.utils import canonicalize_name

    there: dict[str, str] = {canonicalize_name(name): version for name, version in installed.items()}
    return tuple(
        sorted(
            Difference(name, version, there.get(name)) for name, version in pinned.items() if there.get(name) != version
        )
    )


def installed_here() -> dict[str, str]:
    """Return the distributions of the Python that runs this."""
    return {distribution.metadata["Name"]: distribution.version for distribution in importlib.metadata.distributions()}


def sentence(hosts: str, found: tuple[Difference, ...]) -> str:
    """Say how an environment differs and what mends it."""
    named = ", ".join(map(str, found[:NAMED])) + (f" and {len(found) - NAMED} more" if len(found) > NAMED else "")
    return (
        f"{hosts}: the environment is not that of {LOCK.name}: {named}; mend it with `{sys.executable} -m pip install "
        f"--require-hashes -r {LOCK}`, or leave it out of account with --lockfile=off"
    )


def facts() -> dict[str, Any]:
    """Return, for the record, which lock there is and how this environment differs from it."""
    text = LOCK.read_text(encoding="utf-8")
    found = differences(pins(text), installed_here())
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "differences": [str(one) for one in found]}


def generate() -> str:
    """Write the lock anew from what is installed here; return a sentence that says so.

    Raises:
        ConfigError: uv is not installed, or cannot lock what is installed.
    """
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise ConfigError(f"--lockfile-generate: uv is not installed: {sys.executable} -m pip install uv")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as constraints:
        constraints.writelines(
            f"{name}=={version}\n" for name, version in installed_here().items() if "+" not in version
        )
        constraints.flush()
        command = [uv, "pip", "compile", *COMPILE, "-c", constraints.name, "pyproject.toml", "-o", str(LOCK)]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split()) or "it does not say why"
        raise ConfigError(f"--lockfile-generate: uv cannot lock this environment: {said:.400}")
    return f"{LOCK} pins {len(pins(LOCK.read_text(encoding='utf-8')))} distributions as they are installed here"
