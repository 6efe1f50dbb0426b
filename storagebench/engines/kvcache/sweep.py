"""Removing what a trial left whose ranks were killed: the folders that carry its token, and nothing else."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from storagebench.engines.kvcache.outcome import Trial
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.serial import from_json


def sweep(trial: Trial, ranks: Iterable[int]) -> None:
    """Remove a trial's folders of these ranks, as far as they can be seen from here."""
    for own in (*(f"rank_{rank}" for rank in ranks), "shared"):
        folder = Path(trial.cache_dir, own)
        shutil.rmtree(folder / f"storagebench-{trial.token}", ignore_errors=True)
        try:
            folder.rmdir()
        except OSError:
            continue  # it is not there, or holds other things


def work(communicator: Communicator) -> Mapping[str, Any]:
    """Remove this rank's folder of the trial that the payload names, where only its own host sees it."""
    sweep(from_json(Trial, communicator.payload()["trial"]), (communicator.rank,))
    return {}


if __name__ == "__main__":
    run_rank(work)
