"""One leaf of the results tree: made under a new time stamp, filled file by file, and honest about how it ended."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from storagebench.errors import RecordError
from storagebench.model import Plan
from storagebench.record.whole import write_whole

RECORD_FILE = "record.json"
INCOMPLETE = "incomplete.json"
"""Present from the first moment until `record.json` replaces it: says whether a run goes on, failed or was stopped."""


def leaf_parent(plan: Plan, *names: str) -> Path:
    """Name the folder of all runs of a phase, as edition 3.0 lays it out (2.0 of the rules).

    `names` are the levels below the family: model and command for training.
    """
    tree = Path(plan.results_dir, plan.division, plan.organisation, "results", plan.system)
    return tree.joinpath(plan.workload.family, *names)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A leaf folder and its stamp, `YYYYMMDD_HHMMSS` in local time, as the rules demand."""

    path: Path
    stamp: str

    @classmethod
    def create(cls, parent: Path, started: float | None = None) -> "RunFolder":
        """Make a new leaf; where the second is taken already, the next free one names it.

        Raises:
            RecordError: the results directory cannot be written.
        """
        moment = time.time() if started is None else started
        while True:
            stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(moment))
            try:
                parent.mkdir(parents=True, exist_ok=True)
                (parent / stamp).mkdir()
            except FileExistsError:
                if not parent.is_dir():
                    raise RecordError(f"{parent} is not a folder; choose another --results-dir") from None
                moment += 1
            except OSError as error:
                raise RecordError(
                    f"cannot write results to {parent}: {error.strerror}; choose another --results-dir"
                ) from None
            else:
                folder = cls(parent / stamp, stamp)
                folder.say("running", "the run goes on, or its process was killed without a word")
                return folder

    def say(self, status: str, reason: str) -> None:
        """Leave word on how far this run is: running, failed or interrupted.

        Raises:
            RecordError: as `write_text`.
        """
        word = {"status": status, "reason": reason, "pid": os.getpid(), "at": datetime.now(UTC).isoformat()}
        self.write_json(INCOMPLETE, word)

    def write_json(self, name: str, data: Any) -> None:
        """Write JSON data whole or not at all.

        Raises:
            RecordError: as `write_text`.
            ValueError: a figure is no finite number, which no JSON can hold.
        """
        self.write_text(name, json.dumps(data, indent=4, allow_nan=False) + "\n")

    def write_yaml(self, name: str, data: Any) -> None:
        """Write YAML data whole or not at all.

        Raises:
            RecordError: as `write_text`.
        """
        self.write_text(name, yaml.safe_dump(data, sort_keys=False))

    def write_text(self, name: str, text: str) -> None:
        """Write a file whole or not at all.

        Raises:
            RecordError: there is no room, or the folder cannot be written.
        """
        target = self.path / name
        try:
            target.parent.mkdir(exist_ok=True)
            write_whole(target, text.encode())
        except OSError as error:
            raise RecordError(f"cannot write {target}: {error.strerror}; what was written before it is kept") from None

    def complete(self, record: Mapping[str, Any]) -> None:
        """Write `record.json` and take back the word that the run is incomplete: from here on it counts.

        Raises:
            RecordError: as `write_text`.
        """
        self.write_json(RECORD_FILE, record)
        self.settle()

    def settle(self) -> None:
        """Take back the word that this folder is incomplete; phases without a record end so."""
        (self.path / INCOMPLETE).unlink(missing_ok=True)
