"""Plans for small collections."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from storagebench.model import DATABASES, LOCALHOST, Index, Prediction, Search, VectorDatabasePlan, Vectors, Workload

WORKLOAD = Workload(
    family="vector_database",
    model="flat",
    accelerator="",
    variant="tiny",
    editions=("3.0",),
    status="own",
    divisions=("whatif",),
    parameters={"dataset": {}},
    quick=None,
    core_config_hashes=(),
    comparability_class=None,
    source="tests",
    where="tests",
)
VECTORS = Vectors(
    num_vectors=3000, dimension=24, distribution="clustered", metric="COSINE", seed=7, latent=12, clusters=20
)
SEARCH = Search(
    k=10, batch=1, pool=400, scored=200, tuning=100, effort=0, target_recall=0.9, mode="timed", runtime_s=0.5, queries=0,
    warm_up_s=0.1, rate=0.0, quiet_s=0.0,
)  # fmt: skip
INDEXES = {
    "flat": Index("flat", "FLAT", {}),
    "fault": Index("fault", "ZEROS", {}),
    "null": Index("null", "NONE", {}),
    "diskann": Index("diskann", "DISKANN", {"max_degree": 16, "search_list_size": 30, "pq_chunks": 12}),
    "pgvector": Index("pgvector", "HNSW", {"M": 8, "ef_construction": 32}),
    "zvec": Index("zvec", "DISKANN", {"max_degree": 16, "search_list_size": 30, "pq_chunks": 12}),
    "elasticsearch": Index("elasticsearch", "INT8_HNSW", {"M": 8, "ef_construction": 32}),
    "milvus": Index("milvus", "HNSW", {"M": 8, "ef_construction": 32}),
}


def make_plan(folder: Path, database: str = "flat", *, ranks: int = 1, **changes: Any) -> VectorDatabasePlan:
    """A plan on a small collection in `folder`; `changes` are fields of the plan."""
    plan: dict[str, Any] = {
        "id": "example",
        "workload": WORKLOAD,
        "division": "whatif",
        "edition": "3.0",
        "run": "",
        "quick": False,
        "hosts": (LOCALHOST,),
        "accelerators": ranks,
        "parameters": {"dataset": {}},
        "overrides": {},
        "settings": {},
        "prediction": Prediction(disk_bytes=0, memory_bytes_per_host=0, least_duration_s=0.0, working=()),
        "seed": 42,
        "engine": "native",
        "launcher": "local",
        "organisation": "example",
        "system": "example",
        "results_dir": str(folder / "results"),
        "vectors": VECTORS,
        "index": INDEXES[database],
        "search": SEARCH,
        "regime": "direct" if DATABASES[database].direct else "warm",
        "dsn": "",
        "fresh": False,
        "data_dir": str(folder),
    }
    return VectorDatabasePlan(**plan | changes)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter: PostgreSQL runs as nobody where tests run as root, and pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="storagebench-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
