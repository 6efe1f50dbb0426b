"""The start of a rank under MPI: ``python -m storagebench.launch.rank MODULE`` runs a module as ``python -m`` would.

A module that cannot even be imported is reported like any failure of a rank. Its mere traceback would get lost:
several ranks fail at once, mpirun cuts short what all but the first have to say, and mixes their lines.
"""

import runpy
import sys
import traceback

from storagebench.launch.mpi_communicator import report_failure


def main(module: str) -> None:
    """Run the module; report what it raises before or outside `run_rank`, which reports all else by itself."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, the launcher must hear of it
        text = f"{type(error).__name__}: {error}"
        report_failure({"class": type(error).__name__, "text": text}, traceback.format_exc())
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
