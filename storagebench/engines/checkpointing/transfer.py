"""How bytes go to and from the storage, as the `checkpoint` section of a workload's parameters says."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storagebench.memory import checkpoint_chunk_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Request size, O_DIRECT or buffered, fsync, files in parallel, and how much of what is read is checked."""

    chunk_bytes: int
    direct: bool
    fsync: bool
    threads: int
    verify: str

    @property
    def open_flag(self) -> int:
        """Return what `open` needs besides."""
        return os.O_DIRECT if self.direct else 0


def transfer_of(checkpoint: Mapping[str, Any]) -> Transfer:
    """Return what a `checkpoint` section asks for; it has been checked by its schema."""
    return Transfer(
        chunk_bytes=checkpoint_chunk_bytes(checkpoint),
        direct=bool(checkpoint.get("odirect", False)),
        fsync=bool(checkpoint.get("fsync", True)),
        threads=int(checkpoint.get("threads", 1)),
        verify=str(checkpoint.get("verify", "stamps")),
    )
