"""Two invocations of one result: the second finds what the first wrote, and how long ago it ended.

Rule 4.7.1 counts from the end of the writing process to the start of the reading one, for clearing caches or a
failover in between. Within one session that start is when the command between the phases has ended; in a session of
its own, when the process began.
"""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storagebench.edition import load_edition
from storagebench.engines.checkpointing import series
from storagebench.engines.checkpointing.series import Series
from storagebench.errors import ClusterError, PlanError
from storagebench.model import CheckpointingPlan
from storagebench.record import RECORD_FILE
from storagebench.record.folder import leaf_parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What a second invocation reads, since when it has been going on, and the gap to the first one.

    All of it is None for an invocation that writes; the gap also where nothing is known of the first one.
    """

    found: Series | None = None
    started: datetime | None = None
    gap_s: float | None = None
    written_in: str | None = None


def ready(plan: CheckpointingPlan) -> Readiness:
    """Run the command between the phases, then find the checkpoints to read.

    Raises:
        ClusterError: the command failed.
        EngineError: the checkpoints are not there, or another run's.
        PlanError: the gap is longer than the rules allow the division that is asked for.
    """
    if plan.writes:
        return Readiness()
    if plan.between_phases:
        _run(plan.between_phases)
    now = datetime.now(UTC)
    found = series.resume(plan.folder, plan.shape)
    leaf, ended = _written(plan, found.token)
    began = process_started()
    started = began if ended is None or began > ended else now
    gap = None if ended is None else (started - ended).total_seconds()
    _check_gap(plan, gap)
    return Readiness(found=found, started=started, gap_s=gap, written_in=leaf)


def process_started() -> datetime:
    """Return when this process began, to a hundredth of a second (proc(5), field 22 of stat)."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return datetime.fromtimestamp(time.time() - age_s, UTC)


def _run(command: str) -> None:
    done = subprocess.run(  # noqa: S602 - it is the user's own command line
        command, shell=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        said = f": {words[-1]}" if words else ""
        raise ClusterError(f"--between-phases: {command!r} ended with exit status {done.returncode}{said}")


def _written(plan: CheckpointingPlan, token: int) -> tuple[str | None, datetime | None]:
    """Return the run folder of the invocation that wrote a series, and its end; None where it is elsewhere."""
    parent = leaf_parent(plan, plan.workload.model)
    for path in sorted(parent.glob(f"*/{RECORD_FILE}"), reverse=True):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["evidence"]["series"] == token and record["checkpoints"][0]["phase"] == "save":
                return path.parent.name, datetime.fromisoformat(record["ended_at"])
        except (OSError, ValueError, KeyError, IndexError, TypeError):
            continue
    return None, None


def _check_gap(plan: CheckpointingPlan, gap_s: float | None) -> None:
    most = load_edition(plan.edition).table["checkpointing"].get("gap_maximum_s")
    if most is not None and gap_s is not None and gap_s > most and plan.division != "whatif":
        raise PlanError(
            f"{plan.id}: the reads would begin {gap_s:.1f} s after the writes ended, where rule 4.7.1 allows {most} s: "
            "write again (without --resume), and begin sooner"
        )
