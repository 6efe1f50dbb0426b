"""One rank of a checkpointing run: saves its share of every checkpoint, then loads one, in step with the others.

The course is DLIO's: wait the time between checkpoints, meet at a barrier, move the files; without rank_sync each
rank then stops its own clock, and the slowest one's time is the checkpoint's (2.0: "duration of the slowest rank").
What belongs to us (markers, page cache, counters) happens outside the clock.
"""

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from storagebench.collect.devices import unwritten_bytes
from storagebench.engines.checkpointing import series
from storagebench.engines.checkpointing.outcome import RankResult, Residency, Transferred
from storagebench.engines.checkpointing.shards import Shards
from storagebench.engines.checkpointing.task import Task
from storagebench.engines.clock import local_stamp
from storagebench.engines.progress import Progress
from storagebench.engines.storage.counters import Counters, peak_memory_bytes
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.serial import from_json, to_json
from storagebench.units import GIB, MIB


def work(communicator: Communicator) -> Mapping[str, Any]:
    """Be a rank: the payload holds the `task`, the result is a RankResult."""
    result: Mapping[str, Any] = to_json(_Rank(from_json(Task, communicator.payload()["task"]), communicator).run())
    return result


class _Rank:
    """What stays from checkpoint to checkpoint: memory, counters, and how far this one has got."""

    def __init__(self, task: Task, communicator: Communicator) -> None:
        self._task = task
        self._communicator = communicator
        self._shards = Shards(task, communicator.rank, self._on_moved)
        self._counters = Counters(task.folder, with_device=communicator.local_rank == 0)
        self._moved_bytes = 0
        self._progress = Progress(communicator, "start", 0, "MiB a rank")

    def run(self) -> RankResult:
        """Go through all saves and all loads.

        Raises:
            EngineError: a file cannot be written or read, or is not what was written.
        """
        saves = tuple(self._save(number) for number in range(1, self._task.writes + 1))
        loads = tuple(self._load(number) for number in range(1, self._task.reads + 1))
        return RankResult(
            rank=self._communicator.rank,
            local_rank=self._communicator.local_rank,
            hostname=socket.gethostname(),
            reads_rank=self._task.sources[self._communicator.rank],
            saves=saves,
            loads=loads,
            device=self._counters.device,
            device_reason=self._counters.device_reason,
            peak_memory_bytes=peak_memory_bytes(),
        )

    def _save(self, number: int) -> Transferred:
        task, first = self._task, self._communicator.rank == 0
        stage = f"save {number}/{task.writes}"
        if first:
            if 0 < task.keep_last < number:
                series.drop(task.folder, number - task.keep_last)
            series.make(task.folder, number)
        saved = self._timed(stage, self._shards.save_bytes, number, number, self._shards.save)
        self._shards.forget(number)
        if first:
            series.add(task.folder, number)
        return saved

    def _load(self, number: int) -> Transferred:
        task = self._task
        checkpoint = task.checkpoint_to_read(number)
        residency = self._shards.cool(checkpoint)
        stage = f"load {number}/{task.reads}"
        loaded = self._timed(stage, self._shards.load_bytes, number, checkpoint, self._shards.load, residency)
        self._shards.forget(checkpoint)
        return loaded

    def _timed(
        self,
        stage: str,
        size_bytes: int,
        number: int,
        checkpoint: int,
        move: Callable[[int], None],
        residency: Residency | None = None,
    ) -> Transferred:
        time.sleep(self._task.pause_s)
        self._begin_progress(stage, size_bytes)
        self._communicator.barrier()
        before, started_at, begin = self._counters.now(), local_stamp(), time.perf_counter()
        move(checkpoint)
        if self._task.rank_sync:
            self._communicator.barrier()
        duration_s, ended_at = time.perf_counter() - begin, local_stamp()
        self._tell_all(stage, duration_s, size_bytes)
        counted = self._counters.now().since(before)
        saving = residency is None
        return Transferred(
            number=number,
            checkpoint=checkpoint,
            started_at=started_at,
            ended_at=ended_at,
            duration_s=duration_s,
            bytes=size_bytes,
            process_bytes=counted.process_written_bytes if saving else counted.process_read_bytes,
            device_bytes=counted.device_written_bytes if saving else counted.device_read_bytes,
            dirty_bytes=unwritten_bytes() if saving and self._communicator.local_rank == 0 else None,
            cpu_s=counted.cpu_s,
            residency=residency,
        )

    def _begin_progress(self, stage: str, size_bytes: int) -> None:
        self._progress = Progress(self._communicator, stage, -(-size_bytes // MIB), "MiB a rank")
        self._moved_bytes = 0

    def _on_moved(self, count: int) -> None:
        self._moved_bytes += count
        self._progress(-(-self._moved_bytes // MIB), self._moved_bytes)

    def _tell_all(self, stage: str, duration_s: float, size_bytes: int) -> None:
        """Meet after the clock has stopped, and log the figure: should a later checkpoint fail, this one is not lost."""
        everybody = self._communicator.gather([duration_s, size_bytes])
        if everybody is not None:
            slowest, total = max(item[0] for item in everybody), sum(item[1] for item in everybody)
            took = f"slowest of {len(everybody)} ranks {slowest:.6f} s, {total / slowest / GIB:.3f} GiB/s"
            print(f"{local_stamp()} {stage}: {total} bytes, {took}", flush=True)


if __name__ == "__main__":
    run_rank(work)
