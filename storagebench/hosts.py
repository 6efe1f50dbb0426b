"""One parser for every way to name hosts: lists, slots, ranges, IPv6 and hostfiles.

::

    h1,h2:8                    two hosts, the second takes 8 ranks
    node[01-16]                sixteen hosts, zeros kept
    node[1,3-5]-ib:4           node1-ib, node3-ib, node4-ib and node5-ib with 4 ranks each
    192.168.0.7:2 [fe80::1]:2  addresses; IPv6 in brackets; blanks do as well as commas
    @cluster.txt               a file of the same, or as Open MPI writes it: ``h1 slots=8``; # starts a comment
"""

import ipaddress
import itertools
import re
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

from storagebench.errors import ConfigError
from storagebench.model import Host

MAX_HOSTS = 10_000
"""More than this is a slip in a range, not a cluster."""

_PIECE = re.compile(r"(?:\[[^\[\]]*\]|[^\s,\[\]])+|[,\[\]]")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_RANGE = re.compile(r"(?P<first>[0-9]+)(?:-(?P<last>[0-9]+))?")


def parse_hosts(text: str) -> tuple[Host, ...]:
    """Read the value of ``--hosts``; a host named twice takes the sum of its slots, at its first place.

    Raises:
        ConfigError: the text or a line of a hostfile is wrong; the message names the option, file and line.
    """
    merged: dict[str, Host] = {}
    for where, host in _hosts(text):
        known = merged.get(host.name.lower())
        if known is None:
            merged[host.name.lower()] = host
        elif known.slots is None or host.slots is None:
            raise ConfigError(f"{where}: {host.name} is named twice: give both a number of slots, or name it once")
        else:
            merged[host.name.lower()] = Host(known.name, known.slots + host.slots)
        if len(merged) > MAX_HOSTS:
            raise ConfigError(f"{where}: more than {MAX_HOSTS:,} hosts: check the ranges")
    if not merged:
        raise ConfigError("--hosts: names no host: give at least one, or leave the option out for this machine")
    return tuple(merged.values())


def is_local(host: Host) -> bool:
    """Say whether a host is this machine by its name alone: a loopback name or our own hostname."""
    own = socket.gethostname().lower()
    return host.name.lower() in {"localhost", "127.0.0.1", "::1", own, own.partition(".")[0]}


def unknown_hosts(hosts: Iterable[Host]) -> list[str]:
    """Return the names that do not resolve to an address from here."""
    return [host.name for host in hosts if not _resolves(host.name)]


def _resolves(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, None))
    except (OSError, UnicodeError):
        return False


def _hosts(text: str) -> Iterator[tuple[str, Host]]:
    """Yield each host beside the place that a complaint about it should name."""
    for item in _items(text, "--hosts"):
        if item.startswith("@"):
            yield from _hostfile(item[1:])
        else:
            for host in _expand(item, "--hosts"):
                yield "--hosts", host


def _hostfile(path: str) -> Iterator[tuple[str, Host]]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"--hosts: the hostfile {path!r} cannot be read: {reason}") from None
    for number, line in enumerate(lines, 1):
        where = f"--hosts: {path}:{number}"
        content = re.sub(r"\s*=\s*", "=", line.partition("#")[0])
        for host in _hosts_of_line(content, where):
            yield where, host


def _hosts_of_line(content: str, where: str) -> list[Host]:
    hosts: list[Host] = []
    latest: list[Host] = []
    for item in _items(content, where):
        name, equals, value = item.partition("=")
        if not equals:
            latest = list(_expand(item, where))
            hosts += latest
        elif name != "slots":
            raise ConfigError(f"{where}: {item!r} is not understood: only slots=N may follow a host")
        elif not latest or latest[0].slots is not None:
            raise ConfigError(f"{where}: {item!r} must follow a host that has no slots yet")
        else:
            latest = [Host(host.name, _slots(value, item, where)) for host in latest]
            hosts[-len(latest) :] = latest
    return hosts


def _items(text: str, where: str) -> Iterator[str]:
    """Cut at commas and blanks that are not within brackets."""
    pieces = _PIECE.findall(text)
    around = ["", *pieces, ""]
    for before, piece, after in zip(around, pieces, around[2:], strict=False):
        if piece in ("[", "]"):
            raise ConfigError(f"{where}: {text.strip()!r:.80} has a bracket without its partner")
        if piece != ",":
            yield piece
        elif before in ("", ",") or after in ("", ","):
            raise ConfigError(f"{where}: {text.strip()!r:.80} has a comma without a host on both its sides")


def _expand(item: str, where: str) -> Iterator[Host]:
    """Yield the hosts of one item such as ``node[01-16]:4``."""
    if item.count(":") > 1 and not item.startswith("["):
        raise ConfigError(f"{where}: {item!r} looks like an IPv6 address: put it in brackets, as in [::1]:4")
    name, colon, slots = ("", "", item) if item.endswith("]") else item.rpartition(":")
    name = name if colon else item
    count = _slots(slots, item, where) if colon else None
    if name.startswith("[") and _is_ipv6(name[1:-1]):
        yield Host(name[1:-1], count)
        return
    for full in itertools.islice(_names(name, item, where), MAX_HOSTS + 1):
        if not _NAME.fullmatch(full) or (_is_numeric(full) and not _is_ipv4(full)):
            raise ConfigError(f"{where}: {full!r} is no host name or address{_hint(full)}")
        yield Host(full, count)


def _names(name: str, item: str, where: str) -> Iterator[str]:
    """Yield every name that the ranges of `name` stand for; the last range runs fastest."""
    parts = re.split(r"\[([^\]]*)\]", name)
    choices = [[part] if i % 2 == 0 else list(_numbers(part, item, where)) for i, part in enumerate(parts)]
    return ("".join(combination) for combination in itertools.product(*choices))


def _numbers(ranges: str, item: str, where: str) -> Iterator[str]:
    for part in ranges.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise ConfigError(f"{where}: {item!r}: {part.strip()!r} is no range: write [1-4], [01-16] or [1,3-5]")
        first, last = match["first"], match["last"] or match["first"]
        if last.startswith("0") and len(first) != len(last):
            raise ConfigError(f"{where}: {item!r}: {first} and {last} differ in their zeros")
        width = len(first) if first.startswith("0") else 0
        if len(last) > 9 or not int(first) <= int(last) < int(first) + MAX_HOSTS:
            raise ConfigError(f"{where}: {item!r}: {first}-{last} must rise, by less than {MAX_HOSTS:,}")
        yield from (f"{number:0{width}d}" for number in range(int(first), int(last) + 1))


def _slots(text: str, item: str, where: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) < 1:
        raise ConfigError(f"{where}: {item!r}: the slots must be a whole number of 1 or more, not {text!r}")
    return int(text)


def _hint(name: str) -> str:
    return ": put the user into ~/.ssh/config" if "@" in name else ""


def _is_numeric(name: str) -> bool:
    return re.fullmatch(r"[0-9.]+", name) is not None


def _is_ipv4(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def _is_ipv6(name: str) -> bool:
    try:
        ipaddress.IPv6Address(name)
    except ValueError:
        return False
    return True
