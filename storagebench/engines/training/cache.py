"""Putting a dataset out of this host's page cache, with evidence that it went.

What the kernel's advice reaches and how pages are counted: `storagebench.engines.storage.page_cache`.
"""

import os
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from storagebench.engines.storage.page_cache import resident_pages
from storagebench.engines.training.outcome import CacheDrop
from storagebench.errors import EngineError
from storagebench.model import TrainingPlan

SAMPLED_FILES = 32
CLEAN_SHARE = 0.01
"""More than this share of the sampled pages still in memory calls for writing back and a second pass."""

PathOf = Callable[[int], str]
"""The path of a file by its number."""


def drop(
    files: Sequence[int], path_of: PathOf, bytes_of: Callable[[int], int], progress: Callable[[int], None]
) -> CacheDrop:
    """Drop files from the page cache; `progress` is called with the number of files done.

    Raises:
        EngineError: a file is missing or cannot be opened.
    """
    begin = time.perf_counter()
    sample = [path_of(file) for file in files[:: max(1, len(files) // SAMPLED_FILES)][:SAMPLED_FILES]]
    pages, before = _counted(sample)
    refused = _advise(files, path_of, progress, write_back=False)
    _, after = _counted(sample)
    written_back = after > CLEAN_SHARE * pages
    if written_back:
        refused = _advise(files, path_of, progress, write_back=True)
        _, after = _counted(sample)
    return CacheDrop(
        files=len(files),
        bytes=sum(map(bytes_of, files)),
        refused_files=refused,
        sampled_files=len(sample),
        sampled_pages=pages,
        resident_before_pages=before,
        resident_after_pages=after,
        written_back=written_back,
        duration_s=time.perf_counter() - begin,
    )


def share_of_host(plan: TrainingPlan, local_rank: int) -> range:
    """Return the files that a rank drops, so that the ranks of every host together drop all files.

    A rank knows its place on its host, but not how many others are there: at least as many as on the host with
    the fewest, since launchers spread ranks evenly within the slots.
    """
    evenly = plan.accelerators // len(plan.hosts)
    fewest = max(1, min([evenly, *(host.slots for host in plan.hosts if host.slots)]))
    return range(local_rank % fewest, plan.dataset.num_files, fewest)


def _counted(paths: Sequence[str]) -> tuple[int, int]:
    """Count pages and resident ones.

    Raises:
        EngineError: a file is missing or cannot be opened.
    """
    try:
        return resident_pages(paths)
    except OSError as error:
        _explain(str(error.filename), error)


def _advise(files: Sequence[int], path_of: PathOf, progress: Callable[[int], None], *, write_back: bool) -> int:
    """Advise every file and return how many refused."""
    refused = 0
    for done, file in enumerate(files, 1):
        descriptor = _open(path_of(file))
        try:
            if write_back:
                os.fdatasync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError:
            refused += 1
        finally:
            os.close(descriptor)
        progress(done)
    return refused


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        _explain(path, error)


def _explain(path: str, error: OSError) -> NoReturn:
    """Turn an OSError into one sentence.

    Raises:
        EngineError: always.
    """
    raise EngineError(
        f"{path} cannot be opened ({error.strerror}): the dataset is damaged; "
        "delete its folder to have it generated again"
    ) from None
