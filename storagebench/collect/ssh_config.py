"""What ssh would do for a host: its own word (``ssh -G``), so that every file, Include and Match counts as it does there."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from storagebench.errors import ClusterError

ASKING_S = 20
"""``ssh -G`` may run a command of a Match line."""
DEFAULT_CONNECT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a host is and how to get in; `strict` is yes, accept-new or no, as StrictHostKeyChecking means it."""

    name: str
    address: str
    port: int
    user: str
    keys: tuple[str, ...]
    use_agent: bool
    known_hosts: tuple[str, ...]
    strict: str
    proxy_command: str | None
    proxy_jump: str | None
    connect_s: float


def destination(name: str, config: str | None = None) -> Destination:
    """Return what ssh makes of a host's name; `config` is a file that takes the place of all others (``ssh -F``).

    Raises:
        ClusterError: ssh is not installed, or says that its configuration is wrong.
    """
    command = ["ssh", *(["-F", config] if config else []), "-G", "--", name]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=ASKING_S, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise ClusterError("ssh is not installed: install openssh-client, or use --collector=mpi") from None
    except subprocess.TimeoutExpired:
        raise ClusterError(
            f"{name}: `ssh -G {name}` gives no answer: look for a Match exec in the configuration"
        ) from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise ClusterError(f"{name}: ssh does not understand its configuration: {said}")
    return understood(name, done.stdout)


def understood(name: str, told: str) -> Destination:
    """Understand what ``ssh -G`` prints: a keyword and its value on each line; keys may come more than once."""
    pairs = [(key, value) for key, blank, value in (line.partition(" ") for line in told.splitlines()) if blank]
    first = dict(reversed(pairs))
    address, user, port = first.get("hostname", name), first.get("user", ""), first.get("port", "22")
    tokens = {"h": address, "n": name, "p": port, "r": user, "%": "%"}
    known = [path for key in ("userknownhostsfile", "globalknownhostsfile") for path in shlex.split(first.get(key, ""))]
    strict = {"false": "no", "off": "no", "no": "no", "accept-new": "accept-new"}
    proxy_command = _unless_none(first.get("proxycommand"))
    waiting = first.get("connecttimeout", "none")
    return Destination(
        name=name,
        address=address,
        port=int(port),
        user=user,
        keys=tuple(_path(value, tokens) for key, value in pairs if key == "identityfile"),
        use_agent=first.get("identitiesonly") != "yes",
        known_hosts=tuple(_path(path, tokens) for path in known),
        strict=strict.get(first.get("stricthostkeychecking", ""), "yes"),
        proxy_command=proxy_command and _expanded(proxy_command, tokens),
        proxy_jump=_unless_none(first.get("proxyjump")),
        connect_s=float(waiting) if waiting.isdecimal() else DEFAULT_CONNECT_S,
    )


def _unless_none(text: str | None) -> str | None:
    return None if text in (None, "none") else text


def _path(text: str, tokens: Mapping[str, str]) -> str:
    home = os.path.expanduser("~")  # noqa: PTH111 - the text of a path, for a token
    return os.path.expanduser(_expanded(text, {**tokens, "d": home}))  # noqa: PTH111


def _expanded(text: str, tokens: Mapping[str, str]) -> str:
    """Replace ssh's tokens (ssh_config(5), TOKENS); those we do not know stay."""
    parts = text.split("%")
    out, rest = [parts[0]], parts[1:]
    while rest:
        part = rest.pop(0)
        if not part and rest:  # %% is a percent sign
            out.append("%" + rest.pop(0))
        else:
            out.append(tokens.get(part[:1], "%" + part[:1]) + part[1:])
    return "".join(out)
