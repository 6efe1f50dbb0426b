"""What vectors a collection holds: enough to make any of them again, and to tell one collection from another."""

import hashlib
import json
from dataclasses import asdict, dataclass

VECTORS_VERSION = 1
"""Rises when the vectors that a seed gives change; part of the fingerprint."""

BLOCK_ROWS = 8192
"""Vectors are made, loaded and compared in blocks of this many; any rank can make any block."""

DEPTH = 100
"""Exact neighbours that are kept of each query: ties at the k-th are told from misses by those behind it."""

TILE_BYTES = 256 * 1024**2
"""Room for the similarities of one block; more queries than fit are compared in several goes."""

FLOAT_BYTES = 4
DISTRIBUTIONS = ("clustered", "uniform", "normal", "file")
METRICS = ("COSINE", "L2", "IP")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """Float32 vectors with the ids 0 to `num_vectors` - 1, and the metric that says which are near.

    `file` names vectors that the user brought, with their digest; `latent`, `clusters` and `spread` shape clustered
    ones: the dimensions in which they really vary, how many centres there are, and how far around them they lie.
    """

    num_vectors: int
    dimension: int
    distribution: str
    metric: str
    seed: int
    latent: int = 48
    clusters: int = 1000
    spread: float = 1.0
    noise: float = 0.005
    file: str = ""
    file_digest: str = ""

    @property
    def nominal_bytes(self) -> int:
        """Bytes of the vectors alone."""
        return self.num_vectors * self.dimension * FLOAT_BYTES

    @property
    def num_blocks(self) -> int:
        """Blocks that hold all of them; the last may be short."""
        return -(-self.num_vectors // BLOCK_ROWS)

    def rows_of(self, block: int) -> range:
        """Return the ids of a block."""
        return range(block * BLOCK_ROWS, min((block + 1) * BLOCK_ROWS, self.num_vectors))

    def fingerprint(self) -> str:
        """Identify every vector of the collection: 16 hex digits. A file is known by its content, not its name."""
        content = asdict(self) | {"file": "", "version": VECTORS_VERSION, "block_rows": BLOCK_ROWS}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def truth_bytes(queries: int, dimension: int) -> int:
    """Return the memory that exact neighbours take to find: queries, a block, one tile and its places, what is kept."""
    tile = min(TILE_BYTES, FLOAT_BYTES * BLOCK_ROWS * queries)
    return FLOAT_BYTES * dimension * (queries + 2 * BLOCK_ROWS) + 4 * tile + 6 * 12 * DEPTH * queries
