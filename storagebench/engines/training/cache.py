"""Putting a dataset out of this host's page cache, with evidence that it went.

`posix_fadvise(DONTNEED)` on each file needs no privilege and leaves the rest of the cache alone. It does not reach
pages that are still to be written, pages that another process has mapped, and caches on the far side of a network:
hence the evidence. Pages are counted with mincore(2), which reads nothing; for files that the user neither owns nor
may write, Linux says that all pages are resident.
"""

import ctypes
import mmap
import os
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

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
    pages, before = resident_pages(sample)
    refused = _advise(files, path_of, progress, write_back=False)
    _, after = resident_pages(sample)
    written_back = after > CLEAN_SHARE * pages
    if written_back:
        refused = _advise(files, path_of, progress, write_back=True)
        _, after = resident_pages(sample)
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


def resident_pages(paths: Sequence[str]) -> tuple[int, int]:
    """Count the pages of files, and those of them in memory.

    Raises:
        EngineError: a file is missing or cannot be opened.
    """
    pages = resident = 0
    for path in paths:
        descriptor = _open(path)
        try:
            states = _page_states(descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)
        pages += len(states)
        resident += int(np.count_nonzero(states & 1))
    return pages, resident


def _page_states(descriptor: int, size_bytes: int) -> NDArray[np.uint8]:
    states = np.zeros(-(-size_bytes // mmap.PAGESIZE), np.uint8)
    if not size_bytes:
        return states
    with mmap.mmap(descriptor, size_bytes, prot=mmap.PROT_READ) as mapped:
        content = np.frombuffer(mapped, np.uint8)
        mincore = ctypes.CDLL(None, use_errno=True).mincore
        pointer = ctypes.c_void_p
        failed = mincore(pointer(content.ctypes.data), ctypes.c_size_t(size_bytes), pointer(states.ctypes.data))
        del content  # a mapping that somebody still looks at cannot be closed
    if failed:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return states


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
        raise EngineError(
            f"{path} cannot be opened ({error.strerror}): the dataset is damaged; "
            "delete its folder to have it generated again"
        ) from None
