"""The logical cache: which chunks are where, decided while planning, so that hits are the same on every system.

Accelerator memory and DRAM only filter: what they hold asks nothing of the storage. The storage tier has a capacity in
bytes and evicts; what it does is the workload. Sizes are exact, and the most that is ever stored is known beforehand.
"""

from collections import OrderedDict
from typing import NamedTuple

from storagebench.engines.kvcache.nouns import Chunk
from storagebench.model import Tiers

GET, PUT, DELETE = 0, 1, 2
MISS, HBM, DRAM, STORAGE = 0, 1, 2, 3


class Step(NamedTuple):
    """One thing that the storage is asked to do."""

    kind: int
    chunk: Chunk


class _Tier:
    """Chunks in the order in which they will leave."""

    def __init__(self, capacity_bytes: int, *, by_use: bool) -> None:
        self.capacity_bytes = capacity_bytes
        self.used_bytes = 0
        self.held: OrderedDict[int, Chunk] = OrderedDict()
        self._by_use = by_use

    def touch(self, chunk: Chunk) -> bool:
        """Say whether the chunk is here, and count the use."""
        if chunk.object not in self.held:
            return False
        if self._by_use:
            self.held.move_to_end(chunk.object)
        return True

    def fits(self, chunk: Chunk) -> bool:
        """Say whether it could ever be here."""
        return chunk.size_bytes <= self.capacity_bytes

    def add(self, chunk: Chunk) -> list[Chunk]:
        """Take a chunk in; return those that had to leave."""
        gone = []
        while self.used_bytes + chunk.size_bytes > self.capacity_bytes:
            _, oldest = self.held.popitem(last=False)
            self.used_bytes -= oldest.size_bytes
            gone.append(oldest)
        self.held[chunk.object] = chunk
        self.used_bytes += chunk.size_bytes
        return gone


class LogicalCache:
    """All tiers of one rank (or of all ranks that share their keys)."""

    def __init__(self, tiers: Tiers) -> None:
        self._memory = [
            (level, _Tier(capacity, by_use=True))
            for level, capacity in ((HBM, tiers.hbm_bytes), (DRAM, tiers.dram_bytes))
            if capacity
        ]
        self._storage = _Tier(tiers.storage_bytes, by_use=tiers.eviction == "lru")
        self._demote = tiers.placement == "demote"
        self._promote = tiers.promote
        self.peak_bytes = 0

    @property
    def stored_objects(self) -> int:
        """How many objects the storage holds now."""
        return len(self._storage.held)

    @property
    def stored_bytes(self) -> int:
        """How many bytes the storage holds now."""
        return self._storage.used_bytes

    def find(self, chunk: Chunk) -> int:
        """Say where a chunk is, counting the use in every tier that has it: HBM, DRAM, STORAGE or MISS."""
        found = MISS
        for level, tier in (*self._memory, (STORAGE, self._storage)):
            if tier.touch(chunk) and not found:
                found = level
        return found

    def read(self, chunk: Chunk) -> list[Step]:
        """Read a chunk that is in the storage alone: the read, and what copying it up makes others do."""
        steps = [Step(GET, chunk)]
        if self._promote and self._memory:
            steps += self._descend(chunk, stored=True)
        return steps

    def write(self, chunk: Chunk) -> list[Step]:
        """Take a new chunk in; return what the storage is asked to do for it."""
        if self._demote:
            return self._descend(chunk, stored=False)
        for _, tier in self._memory:
            if tier.fits(chunk) and not tier.touch(chunk):
                tier.add(chunk)
        return self._store(chunk)

    def _descend(self, chunk: Chunk, *, stored: bool) -> list[Step]:
        """Put a chunk into the first tier with room for it; what that pushes out goes one down, and so on."""
        moving, steps = [chunk], []
        for _, tier in self._memory:
            gone: list[Chunk] = []
            below = [one for one in moving if not tier.fits(one)]
            for one in moving:
                if tier.fits(one) and not tier.touch(one):
                    gone += tier.add(one)
            moving = below + gone
        for one in moving:
            if not (stored and one is chunk) and self._demote:
                steps += self._store(one)
        return steps

    def _store(self, chunk: Chunk) -> list[Step]:
        if not self._storage.fits(chunk) or self._storage.touch(chunk):
            return []
        steps = [Step(DELETE, gone) for gone in self._storage.add(chunk)]
        self.peak_bytes = max(self.peak_bytes, self._storage.used_bytes)
        return [*steps, Step(PUT, chunk)]
