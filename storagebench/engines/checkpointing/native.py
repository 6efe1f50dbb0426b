"""The native checkpointing engine: no torch, no DLIO, one process for each emulated accelerator."""

from collections.abc import Sequence

from storagebench import __version__
from storagebench.engines.checkpointing import series
from storagebench.engines.checkpointing.outcome import Outcome, RankResult
from storagebench.engines.checkpointing.task import Task
from storagebench.engines.clock import local_stamp
from storagebench.launch import Job, Launcher, Tell
from storagebench.model import Host
from storagebench.serial import from_json, to_json


class NativeEngine:
    """Writes and reads the checkpoints of a task whose folder has been taken (`series.begin`) or found."""

    name = "native"
    version = __version__

    def run(self, task: Task, hosts: Sequence[Host], launcher: Launcher, tell: Tell) -> Outcome:
        """Run all saves and loads on all ranks.

        A series that this task began and could not bring to its end is removed: half a series is of no use, and
        its figures so far are in the log of rank 0.

        Raises:
            ClusterError: the ranks cannot be started.
            EngineError: a rank failed, for example because the storage is full or a file is damaged.
        """
        job = Job(
            module="storagebench.engines.checkpointing.work",
            payload={"task": to_json(task)},
            ranks=task.ranks,
            hosts=tuple(hosts),
        )
        started_at = local_stamp()
        try:
            results = launcher.run(job, tell)
            if task.writes:
                series.finish(task.folder)
        except BaseException:
            if task.writes:
                series.remove(task.folder, task.token)
            raise
        return Outcome(
            engine=self.name,
            engine_version=self.version,
            started_at=started_at,
            ended_at=local_stamp(),
            ranks=tuple(from_json(RankResult, result) for result in results),
        )


def recovery_sources(ranks_per_host: Sequence[int], *, shift: bool) -> tuple[int, ...]:
    """Return whose files each rank reads: its own, or with `shift` those of the rank one host further on.

    Ranks are numbered host by host. Where hosts have unlike numbers of ranks, the largest counts, so that as many
    as possible read what another host wrote; on one host there is none other.
    """
    ranks, step = sum(ranks_per_host), max(ranks_per_host) if shift else 0
    return tuple((rank + step) % ranks for rank in range(ranks))
