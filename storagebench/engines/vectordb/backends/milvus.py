"""Milvus, the database of CLOSED: a client only; the user runs the server and names it with --vdb-dsn=host:port.

Index and search parameters have the edition's names here and Milvus' own on the wire. The label is a property of the
collection. A token is taken from MILVUS_TOKEN. Files and processes of the server are out of sight.
"""

import os
import time
from collections.abc import Mapping
from importlib import metadata
from types import TracebackType
from typing import Any, Self

import numpy as np

from storagebench.engines.vectordb.backend import RequestError, Stats, Target
from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Ids
from storagebench.errors import ClusterError, DatasetError
from storagebench.model import DATABASES

PACKAGE = "pymilvus"
LABEL = "storagebench.label"
INSERT_ROWS = 1000
"""Vectors in one insert, as the edition has it (dataset.batch_size)."""
BUILT_WITH = {
    "max_degree": "max_degree",
    "search_list_size": "search_list_size",
    "inline_pq": "inline_pq",
    "M": "M",
    "ef_construction": "efConstruction",
    "lists": "nlist",
}
REQUEST_S = 30.0
LOOK_S = 1.0


def connect(dsn: str) -> Any:
    """Connect to a server.

    Raises:
        ClusterError: the client is not installed, or nothing answers.
    """
    try:
        from pymilvus import MilvusClient
        from pymilvus.exceptions import MilvusException
    except ImportError:
        raise ClusterError(f"the client of milvus is not installed: python -m pip install {PACKAGE}") from None
    uri = dsn if "://" in dsn or dsn.endswith(".db") else f"http://{dsn}"
    try:
        return MilvusClient(uri=uri, token=os.environ.get("MILVUS_TOKEN", ""), timeout=10)
    except MilvusException as error:
        raise ClusterError(
            f"--vdb-dsn={dsn}: no Milvus answers there ({error.message}); start it, or name another"
        ) from None


class MilvusSearcher:
    """One connection."""

    def __init__(self, target: Target) -> None:
        from pymilvus.exceptions import MilvusException

        self._client = connect(target.dsn)
        self._name = target.name
        self._failure: type[Exception] = MilvusException
        self._metric = target.metric
        self._word = DATABASES["milvus"].indexes[target.index].effort
        self._parameters: dict[str, Any] = {}
        self._effort = -1
        try:
            self._client.load_collection(target.name)
        except MilvusException as error:
            raise DatasetError(f"Milvus cannot load {target.name}: {error.message}") from None

    def search(self, queries: Rows, k: int, effort: int) -> Ids:
        """Send one request for all queries."""
        if effort != self._effort:
            self._effort = effort
            self._parameters = {"metric_type": self._metric, "params": {self._word: effort} if self._word else {}}
        try:
            found = self._client.search(
                self._name,
                data=list(queries),
                limit=k,
                search_params=self._parameters,
                anns_field="vector",
                timeout=REQUEST_S,
            )
        except self._failure as error:
            raise RequestError(f"Milvus did not answer: {error}") from None
        answer = np.full((len(queries), k), -1, np.int64)
        for place, hits in enumerate(found):
            answer[place, : len(hits)] = [hit["id"] for hit in hits]
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class MilvusSession:
    """A collection with the fields id and vector."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._client = connect(target.dsn)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def label(self) -> str | None:
        """Return the collection's property."""
        name = self._target.name
        if not self._client.has_collection(name):
            return None
        return str(self._client.describe_collection(name).get("properties", {}).get(LABEL, ""))

    def create(self) -> None:
        """Make the collection without an index: it is built when all vectors are there."""
        from pymilvus import DataType

        target = self._target
        if self.label() is not None:
            raise DatasetError(f"Milvus holds {target.name}: it is never replaced in silence; --vdb-fresh drops it")
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=target.dimension)
        self._refused(lambda: self._client.create_collection(target.name, schema=schema, num_shards=target.shards))

    def load(self, first_id: int, rows: Rows) -> None:
        """Insert vectors, and count those that were taken."""
        for at in range(0, len(rows), INSERT_ROWS):
            part = rows[at : at + INSERT_ROWS]
            data = [{"id": first_id + at + place, "vector": row} for place, row in enumerate(part)]
            done = self._refused(lambda data=data: self._client.insert(self._target.name, data))
            if done["insert_count"] != len(part):
                raise DatasetError(
                    f"Milvus took {done['insert_count']} of {len(part)} vectors from id {first_id + at:,} on"
                )

    def build(self) -> Mapping[str, Any]:
        """Flush once, build the index, and read back what Milvus says of it."""
        target = self._target
        self._refused(lambda: self._client.flush(target.name))
        index = self._client.prepare_index_params()
        options = {BUILT_WITH[name]: value for name, value in target.parameters.items()}
        index.add_index(
            "vector", index_type=target.index, metric_type=target.metric, index_name="vector", params=options
        )
        self._refused(lambda: self._client.create_index(target.name, index))
        told = self._client.describe_index(target.name, index_name="vector")
        names = {wire: name for name, wire in BUILT_WITH.items()}
        return {
            names.get(word, word): value
            for word, value in told.items()
            if word in (*names, "index_type", "metric_type")
        }

    def settle(self, deadline_s: float) -> None:
        """Wait until no row waits for its index."""
        deadline = time.monotonic() + deadline_s
        while (told := self._client.describe_index(self._target.name, index_name="vector")).get(
            "pending_index_rows", 0
        ):
            if time.monotonic() > deadline:
                raise DatasetError(
                    f"after {deadline_s:,.0f} s {told['pending_index_rows']} rows still wait for their index"
                )
            time.sleep(LOOK_S)

    def seal(self, label: str) -> None:
        """Set the property."""
        self._refused(lambda: self._client.alter_collection_properties(self._target.name, {LABEL: label}))

    def searcher(self) -> MilvusSearcher:
        """Open a connection of its own."""
        return MilvusSearcher(self._target)

    def fetch(self, ids: Ids) -> Rows:
        """Get vectors by their ids."""
        self._client.load_collection(self._target.name)
        rows = self._client.get(self._target.name, ids=ids.tolist(), output_fields=["id", "vector"])
        found = {row["id"]: row["vector"] for row in rows}
        if missing := set(ids.tolist()) - set(found):
            raise DatasetError(f"Milvus holds no vector {min(missing)} in {self._target.name}")
        return np.array([found[number] for number in ids.tolist()], np.float32)

    def stats(self) -> Stats:
        """Count rows; Milvus says nothing of its files."""
        self._client.load_collection(self._target.name)
        counted = self._client.query(self._target.name, output_fields=["count(*)"])
        return Stats(rows=int(counted[0]["count(*)"]))

    def evict(self) -> str:
        """Release the collection: its next load begins with nothing in memory."""
        self._client.release_collection(self._target.name)
        self._client.load_collection(self._target.name)
        return "release_collection, load_collection"

    def data_paths(self) -> tuple[str, ...]:
        """See none: they are the server's."""
        return ()

    def pids(self) -> tuple[int, ...]:
        """See none: they are the server's."""
        return ()

    def drop(self) -> None:
        """Drop the collection."""
        self._client.drop_collection(self._target.name)

    def _refused(self, request: Any) -> Any:
        from pymilvus.exceptions import MilvusException

        try:
            return request()
        except MilvusException as error:
            raise DatasetError(f"Milvus refused: {error.message}") from None


class Milvus:
    """A Milvus server."""

    name = "milvus"
    capabilities = DATABASES["milvus"]

    def version(self, dsn: str) -> str:
        """Return the versions of server and client."""
        client = connect(dsn)
        try:
            return f"Milvus {client.get_server_version()}, {PACKAGE} {metadata.version(PACKAGE)}"
        finally:
            client.close()

    def connect(self, target: Target) -> MilvusSession:
        """Open a session."""
        return MilvusSession(target)


BACKEND = Milvus()
