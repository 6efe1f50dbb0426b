"""What the ranks of an invocation are told: the same for all, written as JSON."""

from dataclasses import dataclass
from fractions import Fraction

from storagebench.engines.checkpointing.transfer import Transfer
from storagebench.model.checkpoint_layout import CheckpointLayout
from storagebench.model.checkpoint_size import Transformer


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Write `writes` checkpoints, then read `reads`.

    `scale` is a fraction as text ("1/1000"); `token` identifies the series, `sources` says whose files each rank
    reads, `pause_s` is the time before each checkpoint, `keep_last` leaves only the newest (0: all).
    """

    model: Transformer
    ranks: int
    scale: str
    folder: str
    token: int
    writes: int
    reads: int
    readable: tuple[int, ...]
    sources: tuple[int, ...]
    pause_s: float
    rank_sync: bool
    keep_last: int
    transfer: Transfer

    @property
    def layout(self) -> CheckpointLayout:
        """Return who writes what."""
        return CheckpointLayout(model=self.model, ranks=self.ranks, scale=Fraction(self.scale))

    def checkpoint_to_read(self, number: int) -> int:
        """Return which checkpoint the load of this number (from 1) reads: in order, and again from the first."""
        return self.readable[(number - 1) % len(self.readable)]
