"""Many hosts, asked over ssh at the same time: the probe travels over stdin, and nothing is left behind.

Keys, agent, jump hosts and known hosts are those that ssh itself would use (see `ssh_config`). Nobody is asked anything,
and a host whose key is unknown or another one is refused.
"""

import contextlib
import dataclasses
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storagebench.collect import probe
from storagebench.collect.clock import bounded
from storagebench.collect.problem import refuse_all
from storagebench.collect.ssh_config import Destination, destination
from storagebench.errors import ClusterError
from storagebench.model import Host

if TYPE_CHECKING:
    import paramiko

AT_ONCE = 32
"""Hosts asked at the same time."""
LOGIN_S = 20.0
"""What a host gets for its banner and for each step of the login."""
ANSWER_S = 90.0
"""What the probe gets, a slow interpreter on a shared filesystem included."""
MOST_BYTES = 64 << 20
"""An answer is some hundred kilobytes; a login that prints for ever is none."""
COMMAND = "exec python3 -"


class SshCollector:
    """Asks over ssh; `config` is a configuration that takes the place of the user's and the system's."""

    name = "ssh"

    def __init__(self, config: str | None = None, answer_s: float = ANSWER_S) -> None:
        self._config = config
        self._answer_s = answer_s

    def ask(self, hosts: tuple[Host, ...], asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the answers in the order of hosts.

        Raises:
            ClusterError: with one sentence for each host that does not answer.
        """
        with ThreadPoolExecutor(min(AT_ONCE, len(hosts)), "storagebench-ssh") as threads:
            found = list(threads.map(lambda host: self._try(host.name, asked), hosts))
        refuse_all([one for one in found if isinstance(one, str)])
        return [one for one in found if isinstance(one, dict)]

    def _try(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any] | str:
        try:
            where = destination(name, self._config)
            with connected(where, self._config) as client:
                return _answered(client, where, probe.script(asked), self._answer_s)
        except ClusterError as error:
            return str(error)


@contextlib.contextmanager
def connected(where: Destination, config: str | None = None) -> "Iterator[paramiko.SSHClient]":
    """Log in, through jump hosts where there are some.

    Raises:
        ClusterError: with the host's name, why it cannot be, and what to do.
    """
    import paramiko

    with contextlib.ExitStack() as stack:
        try:
            client = stack.enter_context(_client(where))
            client.connect(
                where.address,
                where.port,
                where.user,
                key_filename=[key for key in where.keys if Path(key).is_file()],  # type: ignore[arg-type]  # a list is as good
                allow_agent=where.use_agent,
                look_for_keys=False,
                timeout=where.connect_s,
                banner_timeout=LOGIN_S,
                auth_timeout=LOGIN_S,
                channel_timeout=LOGIN_S,
                sock=_way(where, config, stack),
            )
        except (OSError, EOFError, paramiko.SSHException, UnknownHostKeyError) as error:
            raise ClusterError(f"{where.name}: {reason(error, where)}") from None
        yield client


def reason(error: Exception, where: Destination) -> str:
    """Say in words why a login failed, and what to do."""
    import paramiko

    place = f"{where.user}@{where.address} port {where.port}"
    files = " ".join(where.known_hosts[:1]) or "known_hosts"
    trying = f"check that `ssh -o BatchMode=yes {where.name} true` works"
    if isinstance(error, paramiko.BadHostKeyException):
        return (
            f"the host key of {where.address} is not the one in {files}: somebody may be in between; if the host was "
            f"installed anew, forget the old key with `ssh-keygen -R {where.address}` and log in once"
        )
    if isinstance(error, UnknownHostKeyError):
        return f"the host key of {where.address} is not in {files} ({error}): compare it and log in once with `ssh {where.name}`"
    if isinstance(error, paramiko.AuthenticationException):
        return f"no key of ours opens {place}: {trying}"
    if isinstance(error, paramiko.ProxyCommandFailure):  # its text is the whole command, which may hold a password
        return f"the ProxyCommand that leads to {place} has ended ({error.error}): {trying}"
    if isinstance(error, TimeoutError) or any(word in str(error) for word in ("timeout", "protocol banner")):
        return f"no answer from {place} in time: {trying}"
    text = getattr(error, "strerror", None) or str(error) or "the connection was closed"
    return f"cannot be reached as {place} ({text}): {trying}"


class UnknownHostKeyError(Exception):
    """A key that no file of known hosts has; the text is its fingerprint."""


def _client(where: Destination) -> "paramiko.SSHClient":
    import paramiko

    class Refuse(paramiko.MissingHostKeyPolicy):
        """Refuse a key that is not known."""

        def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
            raise UnknownHostKeyError(f"{key.get_name()} {key.fingerprint}")

    client = paramiko.SSHClient()
    if where.strict != "no":
        for path in where.known_hosts:
            if Path(path).is_file():
                client.load_system_host_keys(path)
    client.set_missing_host_key_policy(Refuse() if where.strict == "yes" else paramiko.MissingHostKeyPolicy())
    return client


def _way(where: Destination, config: str | None, stack: contextlib.ExitStack) -> Any:
    """Return what to connect through: a proxy's process, a channel of the last jump host, or None."""
    import paramiko

    if where.proxy_command:
        proxy = paramiko.ProxyCommand(where.proxy_command)
        stack.callback(proxy.close)
        return proxy
    if where.proxy_jump:
        before, _, last = where.proxy_jump.rpartition(",")
        jump = _jump(last, before or None, config)
        transport = stack.enter_context(connected(jump, config)).get_transport()
        assert transport
        return transport.open_channel("direct-tcpip", (where.address, where.port), ("", 0), timeout=where.connect_s)
    return None


def _jump(text: str, before: str | None, config: str | None) -> Destination:
    """Understand one jump host, ``[user@]host[:port]``, as ssh would, with those before it as its own way."""
    user, _, place = text.removeprefix("ssh://").rpartition("@")
    name, colon, port = (place, "", "") if place.endswith("]") else place.rpartition(":")
    found = destination((name if colon else place).strip("[]"), config)
    return dataclasses.replace(
        found,
        user=user or found.user,
        port=int(port) if colon else found.port,
        proxy_jump=before or found.proxy_jump,
    )


def _answered(client: "paramiko.SSHClient", where: Destination, script: bytes, answer_s: float) -> dict[str, Any]:
    """Run the probe and pick its line out of what the login prints.

    Raises:
        ClusterError: it gives no answer, or not in time.
    """
    import paramiko

    began, deadline = time.time(), time.monotonic() + answer_s
    printed = bytearray()
    try:
        stdin, stdout, stderr = client.exec_command(COMMAND, timeout=answer_s)
        with contextlib.suppress(OSError):  # a login that is no shell reads nothing, and what it prints says so
            stdin.write(script)
            stdin.channel.shutdown_write()
        while chunk := stdout.channel.recv(1 << 20):
            printed += chunk
            if len(printed) > MOST_BYTES:
                raise ClusterError(f"{where.name}: the login prints without end: silence its start-up files")
            stdout.channel.settimeout(max(0.01, deadline - time.monotonic()))
        answered = time.time()
        said = stderr.read(1 << 16).decode(errors="replace").splitlines()
    except TimeoutError:
        raise ClusterError(f"{where.name}: it let us in, but gave no answer within {answer_s:.0f} s") from None
    except (OSError, EOFError, paramiko.SSHException) as error:
        told = str(error) or "it was closed"
        raise ClusterError(f"{where.name}: the connection broke while the host described itself: {told}") from None
    mark = probe.MARK.encode()
    lines = [line for line in bytes(printed).split(b"\n") if line.startswith(mark)]
    if not lines:
        last = next((line.strip() for line in reversed(said) if line.strip()), "it says nothing")
        raise ClusterError(
            f"{where.name}: python3 did not describe the host ({last:.200}): Python 3.6 or newer is needed there"
        )
    answer: dict[str, Any] = json.loads(lines[-1][len(mark) :])
    return bounded(answer, began, answered)


def _send(stdin: Any, script: bytes) -> None:
    with contextlib.suppress(OSError):  # a login that is no shell reads nothing; what it prints says so
        stdin.write(script)
        stdin.flush()
        stdin.channel.shutdown_write()
