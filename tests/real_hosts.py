"""Hosts of their own on this machine: real sshd in network, UTS, mount and process namespaces, on a bridge.

Each has its hostname, address, home folder, host key and processes; files are shared, as on a cluster with a parallel
filesystem. Killing a host's first process is what a power cut is: nothing of it is left.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from storagebench.model import Host

SSHD = "/usr/sbin/sshd"
START_S = 60


def why_not():
    """Say what this machine lacks to have hosts of its own; "" when it lacks nothing."""
    missing = [name for name in ("ip", "unshare", "nsenter", "ssh-keygen", SSHD) if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (apt-get install openssh-server iproute2 util-linux)"
    tried = subprocess.run(
        ["unshare", "--net", "--uts", "--mount", "--pid", "--fork", "--mount-proc", "true"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return f"namespaces are not permitted here ({tried.stderr.strip()}): run as root" if tried.returncode else ""


@dataclass
class RealHost:
    """One host: `name` is its hostname, `address` what it is reached by."""

    name: str
    address: str
    folder: Path
    link: str
    process: subprocess.Popen = field(init=False, default=None)

    @property
    def home(self):
        """What the host sees as root's home."""
        return self.folder / "home"

    def start(self):
        """Boot it, on a cable of its own to the bridge."""
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", f"{self.link}h")
        run("ip", "link", "set", self.link, "master", self.link.split("x")[0], "up")
        inside = self.folder / "boot.sh"
        passwd = self.folder / "passwd"
        passwd.write_text(
            f"{pwd.getpwuid(os.getuid()).pw_name}:x:{os.getuid()}:{os.getgid()}::{self.home}:/bin/bash\n"
            "sshd:x:65533:65533::/run/sshd:/usr/sbin/nologin\n"
        )
        inside.write_text(
            f"set -e\nhostname {self.name}\nmount --bind {passwd} /etc/passwd\nip link set lo up\nmount -t tmpfs none /dev/shm\n"
            f"while ! ip link show {self.link}h >/dev/null 2>&1; do sleep 0.02; done\n"
            f"ip addr add {self.address}/24 dev {self.link}h\nip link set {self.link}h up\n"
            f"exec {SSHD} -D -f {self.folder}/sshd_config -E {self.folder}/sshd.log\n"
        )
        self.process = subprocess.Popen(
            ["unshare", "--net", "--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", inside],
            stdin=subprocess.DEVNULL, stdout=(self.folder / "boot.log").open("wb"), stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        run("ip", "link", "set", f"{self.link}h", "netns", str(self._first()))

    def _first(self):
        """Return the pid, as we see it, of the host's first process, once it is in its own network."""
        deadline = time.monotonic() + START_S
        own = Path("/proc/self/ns/net").readlink()
        while time.monotonic() < deadline:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            with contextlib.suppress(OSError):
                if children and Path(f"/proc/{children[0]}/ns/net").readlink() != own:
                    return int(children[0])
            time.sleep(0.01)
        raise AssertionError((self.folder / "boot.log").read_text())

    def run(self, *command, **more):
        """Run a command on the host, past ssh."""
        return run("nsenter", "-a", "-t", str(self._first()), *command, **more)

    def processes(self):
        """Return the command lines of what runs on the host beside its sshd."""
        listed = self.run(
            "sh", "-c", "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done 2>/dev/null"
        ).stdout
        return [
            line
            for line in listed.splitlines()
            if line.strip() and not line.startswith(("sshd", SSHD, "sh -c for", "tr "))
        ]

    def left(self, patience_s=15.0):
        """Return what still runs on the host after a while: ends take their time."""
        deadline = time.monotonic() + patience_s
        while (found := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def freeze(self):
        """Stop every process, as on a host that hangs: connections stay open, and nobody answers."""
        self._send(signal.SIGSTOP)

    def thaw(self):
        """Let them go on."""
        self._send(signal.SIGCONT)

    def _send(self, number):
        namespace = Path(f"/proc/{self._first()}/ns/pid").readlink()
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if folder.name.isdecimal() and (folder / "ns/pid").readlink() == namespace:
                    os.kill(int(folder.name), number)

    def unplug(self):
        """Pull the cable: what is sent either way is lost without a word."""
        run("ip", "link", "set", self.link, "down")

    def plug(self):
        """Put the cable back."""
        subprocess.run(["ip", "link", "set", self.link, "up"], capture_output=True, check=False)

    def stop(self):
        """Cut the power; the cable goes with the host."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            subprocess.run(["ip", "link", "del", self.link], capture_output=True, check=False)


class RealHosts(list):
    """The hosts, with the configuration of ssh that leads to them."""

    config: Path
    known_hosts: Path
    key: Path

    def text(self, slots):
        """Return the value of --hosts, with so many slots on each."""
        return ",".join(f"{host.address}:{slots}" for host in self)

    def asked(self, slots=None):
        """Return the hosts as the parser would."""
        return tuple(Host(host.address, slots) for host in self)

    def mend(self):
        """Bring everything back that a test may have broken, and say what its processes left behind."""
        left = {host.name: host.left() for host in self if host.process.poll() is None}
        for host in self:
            shutil.rmtree(host.home)
            host.home.mkdir()
            _write_host_files(host, self)
            host.plug()
            if host.process.poll() is not None:
                host.start()
        _write_client_files(self)
        for host in self:
            _wait_for(host, self)
        return {name: commands for name, commands in left.items() if commands}


@contextlib.contextmanager
def booted(folder, count=2):
    """Boot hosts h1, h2 … and power them off at the end."""
    number = os.getpid() % 60_000
    bridge, net = f"sb{number}", f"10.{77 + number // 250 % 100}.{number % 250}"
    hosts = RealHosts()
    hosts.config, hosts.known_hosts, hosts.key = folder / "ssh_config", folder / "known_hosts", folder / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", hosts.key)
    Path("/run/sshd").mkdir(exist_ok=True)
    try:
        run("ip", "link", "add", bridge, "type", "bridge")
        run("ip", "addr", "add", f"{net}.1/24", "dev", bridge)
        run("ip", "link", "set", bridge, "up")
        for index in range(1, count + 1):
            host = RealHost(f"h{index}", f"{net}.{index + 1}", folder / f"h{index}", f"{bridge}x{index}")
            host.home.mkdir(parents=True)
            hosts.append(host)
            _configure(host, hosts)
            host.start()
        _write_client_files(hosts)
        for host in hosts:
            _wait_for(host, hosts)
        yield hosts
    finally:
        for host in hosts:
            host.stop()
        subprocess.run(["ip", "link", "del", bridge], capture_output=True, check=False)


def run(*command, **more):
    """Run a command that must work."""
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=True, timeout=60, **more
    )


def _configure(host, hosts):
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host.folder / "host_key")
    _write_host_files(host, hosts)


def _write_host_files(host, hosts):
    shutil.copy(hosts.key.with_suffix(".pub"), host.folder / "authorized_keys")
    (host.folder / "sshd_config").write_text(
        f"Port 22\nListenAddress {host.address}\nHostKey {host.folder}/host_key\nPidFile none\n"
        f"AuthorizedKeysFile {host.folder}/authorized_keys\nPermitRootLogin prohibit-password\n"
        "UsePAM no\nStrictModes no\nPermitUserEnvironment yes\nAcceptEnv STORAGEBENCH_TEST_MARK\nMaxStartups 100\n"
    )


def _write_client_files(hosts):
    hosts.known_hosts.write_text("".join(_known(host) for host in hosts))
    hosts.config.write_text(
        "".join(f"Host {host.name}\n  HostName {host.address}\n" for host in hosts)
        + f"Host *\n  User {os.environ.get('USER', 'root')}\n  IdentityFile {hosts.key}\n  IdentitiesOnly yes\n  UserKnownHostsFile {hosts.known_hosts}\n"
        "  GlobalKnownHostsFile /dev/null\n  ConnectTimeout 5\n  SendEnv STORAGEBENCH_TEST_MARK\n"
    )


def _known(host):
    return f"{host.address} {(host.folder / 'host_key.pub').read_text().rsplit(' ', 1)[0]}\n"


def _wait_for(host, hosts):
    command = ["ssh", "-F", hosts.config, "-o", "BatchMode=yes", host.address, "true"]
    deadline = time.monotonic() + START_S
    while subprocess.run(command, capture_output=True, check=False).returncode:
        logs = "".join(
            (host.folder / name).read_text() for name in ("boot.log", "sshd.log") if (host.folder / name).exists()
        )
        assert time.monotonic() < deadline, logs
        time.sleep(0.05)
