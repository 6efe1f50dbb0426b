"""The files of one rank, several at a time where the task asks for threads."""

import contextlib
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from storagebench.engines.checkpointing.outcome import Residency
from storagebench.engines.checkpointing.series import checkpoint_folder
from storagebench.engines.checkpointing.stream import Stream
from storagebench.engines.checkpointing.task import Task
from storagebench.engines.storage.page_cache import let_go, resident_pages
from storagebench.engines.storage.stamps import Origin
from storagebench.errors import EngineError
from storagebench.model.checkpoint_layout import ShardFile

Work = Callable[[Stream, str, int, Origin], None]
Moved = Callable[[int], None]
"""Hears how many bytes were moved since it was called last."""


class Shards:
    """Writes a rank's own files and reads those of the rank that it recovers from.

    Streams are made once, one for each thread: their memory is all that a checkpoint of any size needs.
    """

    def __init__(self, task: Task, rank: int, moved: Moved) -> None:
        self._task = task
        self._rank = rank
        self._source = task.sources[rank]
        self._own = task.layout.files(rank) if task.writes else ()
        self._others = task.layout.files(self._source) if task.reads else ()
        most = max(len(self._own), len(self._others), 1)
        self._streams = [Stream(task.token, task.transfer, moved) for _ in range(min(task.transfer.threads, most))]

    @property
    def save_bytes(self) -> int:
        """Bytes of one save by this rank."""
        return sum(file.bytes for file in self._own)

    @property
    def load_bytes(self) -> int:
        """Bytes of one load by this rank."""
        return sum(file.bytes for file in self._others)

    def save(self, number: int) -> None:
        """Write this rank's files of a checkpoint; they are on stable storage when this returns.

        Raises:
            EngineError: a file cannot be written.
        """
        self._each(number, self._rank, self._own, Stream.write)

    def load(self, number: int) -> None:
        """Read and check the files of a checkpoint.

        Raises:
            EngineError: a file cannot be read, or is not what was written.
        """
        self._each(number, self._source, self._others, Stream.read)

    def forget(self, number: int) -> None:
        """Put what this rank has just saved or loaded out of the page cache: training needs that memory for itself."""
        for path in {*self._paths(number, self._own), *self._paths(number, self._others)}:
            with contextlib.suppress(OSError):
                let_go(path)

    def cool(self, number: int) -> Residency:
        """Put the files that this rank is about to read out of the page cache of its host, with evidence.

        A file that is missing is left to the load to complain of.
        """
        paths = [path for path in self._paths(number, self._others) if Path(path).exists()]
        with contextlib.suppress(OSError):
            pages, before = resident_pages(paths)
            refused = [path for path in paths if not let_go(path)]
            _, after = resident_pages(paths)
            return Residency(pages=pages, before=before, after=after, refused_files=len(refused))
        return Residency(pages=0, before=0, after=0, refused_files=len(paths))

    def _paths(self, number: int, files: Sequence[ShardFile]) -> list[str]:
        return [f"{checkpoint_folder(self._task.folder, number)}/{file.name}" for file in files]

    def _each(self, number: int, rank: int, files: Sequence[ShardFile], work: Work) -> None:
        folder = checkpoint_folder(self._task.folder, number)
        waiting: queue.SimpleQueue[tuple[int, ShardFile]] = queue.SimpleQueue()
        for item in enumerate(files):
            waiting.put(item)

        def run(stream: Stream) -> None:
            with contextlib.suppress(queue.Empty):
                while True:
                    file, shard = waiting.get_nowait()
                    work(stream, f"{folder}/{shard.name}", shard.bytes, Origin(self._task.token, number, rank, file))

        if len(self._streams) == 1:
            run(self._streams[0])
            return
        with ThreadPoolExecutor(len(self._streams)) as pool:
            errors = [error for error in pool.map(_caught(run), self._streams) if error is not None]
        if errors:
            raise errors[0]


def _caught(run: Callable[[Stream], None]) -> Callable[[Stream], EngineError | None]:
    """Let every thread end before the first error is raised: none may write behind a checkpoint that is given up."""

    def call(stream: Stream) -> EngineError | None:
        try:
            run(stream)
        except EngineError as error:
            return error
        return None

    return call
