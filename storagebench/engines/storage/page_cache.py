"""Files in this host's page cache: how much of them is there, and asking the kernel to let go of it.

`posix_fadvise(DONTNEED)` needs no privilege and leaves the rest of the cache alone. It does not reach pages that are
still to be written, pages that another process has mapped, and caches on the far side of a network: hence the
counting. Pages are counted with mincore(2), which reads nothing; for files that the user neither owns nor may write,
Linux says that all pages are resident.
"""

import ctypes
import mmap
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LOOK_BYTES = 1 << 30
"""Files are mapped a piece at a time: a thousand ranks would else map terabytes."""


def let_go(path: str) -> bool:
    """Drop a file from the page cache; say whether its filesystem took the advice.

    Raises:
        OSError: the file is missing or cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def resident_pages(paths: Sequence[str]) -> tuple[int, int]:
    """Count the pages of files, and those of them in memory.

    Raises:
        OSError: a file is missing or cannot be opened.
    """
    pages = resident = 0
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            for at in range(0, size, LOOK_BYTES):
                states = _page_states(descriptor, at, min(LOOK_BYTES, size - at))
                pages += len(states)
                resident += int(np.count_nonzero(states & 1))
        finally:
            os.close(descriptor)
    return pages, resident


def _page_states(descriptor: int, at: int, size_bytes: int) -> NDArray[np.uint8]:
    states = np.zeros(-(-size_bytes // mmap.PAGESIZE), np.uint8)
    with mmap.mmap(descriptor, size_bytes, prot=mmap.PROT_READ, offset=at) as mapped:
        content = np.frombuffer(mapped, np.uint8)
        mincore = ctypes.CDLL(None, use_errno=True).mincore
        pointer = ctypes.c_void_p
        failed = mincore(pointer(content.ctypes.data), ctypes.c_size_t(size_bytes), pointer(states.ctypes.data))
        del content  # a mapping that somebody still looks at cannot be closed
    if failed:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return states
