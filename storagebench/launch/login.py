"""Logging in on a host as mpirun does: with ssh itself, and without a question that nobody would answer."""

import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from storagebench.errors import ClusterError

AT_ONCE = 32
"""Hosts tried at the same time."""
CONNECT_S = 10
LOGIN_S = 30
AGENTS = ("PRTE_MCA_plm_ssh_agent", "OMPI_MCA_plm_rsh_agent", "HYDRA_LAUNCHER", "HYDRA_LAUNCHER_EXEC")
"""Variables by which a user tells mpirun to use something else than ssh."""


def uses_agent() -> bool:
    """Say whether the user gave mpirun another way to hosts than ssh."""
    return any(os.environ.get(name) for name in AGENTS)


def refusals(names: Sequence[str], ssh_config: str | None = None) -> dict[str, str]:
    """Return why each host that does not let us in does not, by its name."""
    if not names:
        return {}
    with ThreadPoolExecutor(min(AT_ONCE, len(names)), "storagebench-ssh") as threads:
        found = threads.map(lambda name: _refusal(name, ssh_config), names)
    return {name: text for name, text in zip(names, found, strict=True) if text}


def login(name: str, ssh_config: str | None = None) -> None:
    """Log in once.

    Raises:
        ClusterError: with what ssh says and what to do.
    """
    shown = ["ssh", *(["-F", ssh_config] if ssh_config else []), "-o", "BatchMode=yes"]
    command = [*shown, "-o", f"ConnectTimeout={CONNECT_S}", "--", name, "true"]
    trying = f"check that `{' '.join(shown)} {name} true` works"
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LOGIN_S, check=False
        )
    except FileNotFoundError:
        raise ClusterError("ssh is not installed, and mpirun needs it: install openssh-client") from None
    except subprocess.TimeoutExpired:
        raise ClusterError(f"{name}: ssh does not get in within {LOGIN_S} s: {trying}") from None
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip() and not line.startswith("@")]
        raise ClusterError(f"{name}: ssh does not get in ({said[-1] if said else 'it says nothing'}): {trying}")


def _refusal(name: str, ssh_config: str | None) -> str:
    try:
        login(name, ssh_config)
    except ClusterError as error:
        return str(error)
    return ""
