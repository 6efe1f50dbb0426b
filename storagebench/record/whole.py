"""Files that are there whole or not at all."""

import contextlib
import os
from pathlib import Path


def write_whole(target: Path, data: bytes) -> None:
    """Write a file under a temporary name beside it and rename it once it is on the device: no reader sees a part of it.

    Raises:
        OSError: there is no room, or the folder cannot be written; what was there before stays.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
