"""A program that runs a job which never ends, for tests that interrupt or kill it: ``local`` or ``mpi``."""

import sys
import tempfile

from storagebench.launch import Job, Launcher, mpi
from storagebench.launch.local import LocalLauncher
from storagebench.model import Host

if __name__ == "__main__":
    mpi.SHARED_MEMORY = tempfile.gettempdir()  # nobody tidies up after us when we are killed, but pytest does
    kind, hosts = sys.argv[1], tuple(Host(name, 2) for name in sys.argv[2:])
    launcher: Launcher = LocalLauncher() if kind == "local" else mpi.MpiLauncher()
    job = Job(module="tests.launch.example_ranks", payload={"do": "sleep"}, ranks=2 * len(hosts), hosts=hosts)
    launcher.run(job, lambda event: print(event["kind"], flush=True))
