"""The databases that can be measured, and what each can do: facts that a plan is held against before anything starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from storagebench.model.vectors import METRICS


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexType:
    """One kind of index of a database.

    Attributes:
        build: the parameters that it is built with, and the least and most that each may be.
        effort: the database's word for its search parameter, "" where it has none.
        most_effort: the largest value that it takes.
        resident: the index lives in memory when it is searched, so that figures are not those of storage.
        metrics: the metrics that it knows.
        most_dimensions: of a vector.
    """

    build: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    effort: str = ""
    most_effort: int = 0
    resident: bool = False
    metrics: tuple[str, ...] = METRICS
    most_dimensions: int = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """What a database can do.

    Attributes:
        indexes: by their names, as folders of results have them.
        direct: it reads past the page cache.
        loads_in_parallel: all ranks may load; else rank 0 alone does.
        server: what to say to --vdb-dsn where somebody else runs it, "" for one that lives in the process.
        starts_itself: without a --vdb-dsn, a server of our own is started on the data directory.
        disk_factor: bytes on disk for each byte of vectors, at the worst moment of a build.
    """

    indexes: Mapping[str, IndexType]
    direct: bool = False
    loads_in_parallel: bool = True
    server: str = ""
    starts_itself: bool = False
    disk_factor: float = 1.0


_GRAPH = {"M": (2, 100), "ef_construction": (4, 1000)}
_VAMANA = {"max_degree": (4, 512), "search_list_size": (4, 10_000)}

LIES = ("TWICE", "REVERSED", "ZEROS", "FEW", "BEYOND", "FARTHEST", "REFUSING", "CACHED")
"""Of the database fault, which only tests use: the ways in which it is wrong, or right in an odd way."""

DATABASES: dict[str, Database] = {
    "diskann": Database(
        indexes={
            "DISKANN": IndexType(
                build=_VAMANA | {"pq_chunks": (1, 32_768)},
                effort="search_list",
                most_effort=10_000,
                metrics=("COSINE", "L2"),
            )
        },
        direct=True,
        disk_factor=3.2,
    ),
    "flat": Database(indexes={"FLAT": IndexType()}, direct=True),
    "fault": Database(indexes=dict.fromkeys(LIES, IndexType()), direct=True),
    "null": Database(indexes={"NONE": IndexType(resident=True)}, disk_factor=0),
    "pgvector": Database(
        indexes={
            "HNSW": IndexType(build=_GRAPH, effort="hnsw.ef_search", most_effort=1000, most_dimensions=2000),
            "IVFFLAT": IndexType(
                build={"lists": (1, 32_768)}, effort="ivfflat.probes", most_effort=32_768, most_dimensions=2000
            ),
        },
        server="postgresql://host/database",
        starts_itself=True,
        disk_factor=3.5,
    ),
    "milvus": Database(
        indexes={
            "DISKANN": IndexType(build=_VAMANA, effort="search_list", most_effort=16_384),
            "HNSW": IndexType(
                build={"M": (2, 2048), "ef_construction": (1, 10_000)}, effort="ef", most_effort=32_768, resident=True
            ),
            "AISAQ": IndexType(build=_VAMANA | {"inline_pq": (0, 512)}, effort="search_list", most_effort=16_384),
            "IVF_FLAT": IndexType(build={"lists": (1, 65_536)}, effort="nprobe", most_effort=65_536, resident=True),
            "FLAT": IndexType(resident=True),
        },
        server="host:port",
        disk_factor=0,
    ),
    "elasticsearch": Database(
        indexes={
            name: IndexType(
                build={"M": (2, 512), "ef_construction": (4, 3200)},
                effort="num_candidates",
                most_effort=10_000,
                most_dimensions=4096,
            )
            for name in ("HNSW", "INT8_HNSW")
        },
        server="host:port",
        disk_factor=0,
    ),
    "zvec": Database(
        indexes={
            "DISKANN": IndexType(
                build={"max_degree": (1, 100), "search_list_size": (10, 100), "pq_chunks": (1, 1024)},
                effort="list_size",
                most_effort=10_000,
                metrics=("COSINE", "L2"),
            )
        },
        direct=True,
        loads_in_parallel=False,
        disk_factor=3.5,
    ),
}
"""By their names as results trees have them; plugins add to them."""
