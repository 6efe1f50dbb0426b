"""zvec of Alibaba (Apache-2.0): an embedded database whose DiskANN graph is read 4 KiB at a time with O_DIRECT and io_uring.

Vectors are inserted as documents by one process and indexed when all are there. In memory are the compressed vectors.
"""

import functools
from collections.abc import Mapping
from importlib import metadata
from types import TracebackType
from typing import Any

import numpy as np

from storagebench.engines.vectordb.backend import RequestError, Stats, Target
from storagebench.engines.vectordb.folder import Folder
from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Ids
from storagebench.errors import ClusterError, DatasetError
from storagebench.model import DATABASES

PACKAGE = "zvec"
COLLECTION = "collection"
FIELD = "vector"
INSERT_ROWS = 1000
"""Documents in one insert; it takes 1,024 at most."""
BUILT_WITH = {"max_degree": "max_degree", "search_list_size": "list_size", "pq_chunks": "pq_chunk_num"}


def library() -> Any:
    """Import the library and set it up.

    Raises:
        ClusterError: it is not installed.
    """
    try:
        import zvec
    except ImportError:
        raise ClusterError(f"the database zvec is not installed: python -m pip install {PACKAGE}") from None
    _set_up(zvec)
    return zvec


@functools.cache
def _set_up(zvec: Any) -> None:
    """Give queries one thread, and the console errors only; the library takes such words once a process."""
    zvec.init(log_level=zvec.LogLevel.ERROR, query_threads=1)


class ZvecSearcher:
    """One collection, opened by one process for reading."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self._ask = collection.query_internal_ids
        self._query = library().Query
        self._parameters = library().DiskAnnQueryParam
        self._effort = -1
        self._how: Any = None

    def search(self, queries: Rows, k: int, effort: int) -> Ids:
        """Walk the graph, once for each query; numbers of documents are ids, as `searcher` has made sure of."""
        if effort != self._effort:
            self._effort, self._how = effort, self._parameters(list_size=effort)
        try:
            found = [self._ask(self._query(FIELD, vector=query, param=self._how), topk=k) for query in queries]
        except Exception as error:  # noqa: BLE001 - the library raises what its native part hands it
            raise RequestError(f"zvec did not answer: {error}") from None
        return np.array(found, np.int64)

    def close(self) -> None:
        """Close the collection."""
        self._collection.close()


class ZvecSession(Folder):
    """A folder with a collection of zvec in it: open for writing until it is settled, then for reading."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._open: Any = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def create(self) -> None:
        """Make the collection; its vectors have no index until all are there."""
        zvec = library()
        super().create()
        plain = zvec.FlatIndexParam(metric_type=self._metric)
        vectors = zvec.VectorSchema(FIELD, zvec.DataType.VECTOR_FP32, self.target.dimension, plain)
        schema = zvec.CollectionSchema(name=COLLECTION, fields=[], vectors=vectors)
        self._open = self._told(lambda: zvec.create_and_open(str(self.path / COLLECTION), schema))

    def load(self, first_id: int, rows: Rows) -> None:
        """Insert vectors as documents that are named by their ids.

        Raises:
            DatasetError: any of them was refused.
        """
        self.check(first_id, rows)
        document = library().Doc
        for at in range(0, len(rows), INSERT_ROWS):
            part = [
                document(id=str(first_id + at + place), vectors={FIELD: row})
                for place, row in enumerate(rows[at : at + INSERT_ROWS])
            ]
            for done in self._told(lambda part=part: self._open.insert(part)):
                if not done.ok():
                    raise DatasetError(f"zvec refused a vector in {self.path}: {done.message()}")

    def build(self) -> Mapping[str, Any]:
        """Build the graph with every core; return the parameters as the collection's schema has them."""
        asked = {BUILT_WITH[name]: value for name, value in self.target.parameters.items()}
        parameters = library().DiskAnnIndexParam(metric_type=self._metric, **asked)
        self._told(self._open.flush)
        self._told(lambda: self._open.create_index(FIELD, parameters))
        self._told(self._open.optimize)
        told = self._open.schema.vectors[0].index_param.to_dict()
        reads = library().io_backend_type().name
        return {name: told[word] for name, word in BUILT_WITH.items()} | {"type": told["type"], "reads": reads}

    def settle(self, deadline_s: float) -> None:
        """Close the collection, make its files durable, and see that its index is complete.

        Raises:
            DatasetError: the index does not cover every vector.
        """
        self._close()
        super().settle(deadline_s)
        share = self._reading().stats.index_completeness[FIELD]
        if share < 1:
            raise DatasetError(
                f"the index in {self.path} covers {share:.1%} of its vectors: --vdb-fresh builds it anew"
            )

    def searcher(self) -> ZvecSearcher:
        """Open the collection.

        Raises:
            DatasetError: it is damaged, or its documents are numbered otherwise than they were inserted.
        """
        collection = self._opened()
        last = collection.stats.doc_count - 1
        if (told := collection.resolve_internal_ids([0, last // 2, last])) != [
            str(one) for one in (0, last // 2, last)
        ]:
            raise DatasetError(
                f"{self.path}: zvec numbers its vectors {', '.join(map(str, told))}: --vdb-fresh loads it anew"
            )
        return ZvecSearcher(collection)

    def fetch(self, ids: Ids) -> Rows:
        """Get vectors by their ids.

        Raises:
            DatasetError: there is none of such an id.
        """
        found = self._told(lambda: self._reading().fetch([str(one) for one in ids.tolist()]))
        if missing := [one for one in ids.tolist() if str(one) not in found]:
            raise DatasetError(f"{self.path} holds no vector {min(missing)}")
        return np.array([found[str(one)].vector(FIELD) for one in ids.tolist()], np.float32)

    def stats(self) -> Stats:
        """Count documents; how much of them lies in memory, zvec does not say."""
        return Stats(rows=self._reading().stats.doc_count, disk_bytes=self.disk_bytes())

    def data_paths(self) -> tuple[str, ...]:
        """Return the files of the graph, one a segment."""
        return tuple(str(path) for path in self.files() if path.name.startswith(f"{FIELD}.index."))

    def drop(self) -> None:
        """Close it first."""
        self._close()
        super().drop()

    @property
    def _metric(self) -> Any:
        return library().MetricType.__members__[self.target.metric]

    def _reading(self) -> Any:
        """Return the collection as this session has it open."""
        if self._open is None:
            self._open = self._opened()
        return self._open

    def _opened(self) -> Any:
        zvec = library()
        how = zvec.CollectionOption(read_only=True, enable_mmap=False)
        return self._told(lambda: zvec.open(str(self.path / COLLECTION), how))

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _told(self, request: Any) -> Any:
        try:
            return request()
        except (ValueError, RuntimeError, KeyError) as error:  # what its native part hands the library
            raise DatasetError(f"zvec refused, in {self.path}: {str(error).splitlines()[0]}") from None


class Zvec:
    """The embedded database."""

    name = "zvec"
    capabilities = DATABASES["zvec"]

    def version(self, dsn: str) -> str:
        """Return the library's version."""
        library()
        return metadata.version(PACKAGE)

    def connect(self, target: Target) -> ZvecSession:
        """Open a session."""
        library()
        return ZvecSession(target)


BACKEND = Zvec()
