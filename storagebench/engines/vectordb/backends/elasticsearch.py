"""Elasticsearch, for OPEN: a client only; the user runs the server and names it with --vdb-dsn=host:port or https://….

A collection is an index with one `dense_vector` field, whose graphs are built while it loads and merged into one in the
end. Parameters are read back from the mapping, in whose `_meta` the label is. An API key is taken from
ELASTICSEARCH_API_KEY. Files and processes of the server are out of sight.
"""

import functools
import os
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from types import TracebackType
from typing import Any, Self

import numpy as np

from storagebench.engines.vectordb.backend import RequestError, Stats, Target
from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Ids
from storagebench.errors import ClusterError, DatasetError, EngineError
from storagebench.model import DATABASES

PACKAGE = "elasticsearch"
FIELD = "vector"
LABEL = "storagebench"
BULK_BYTES = 4 << 20
"""Vectors in one bulk request; as text they take some five times as much, far below the server's limit of 100 MiB."""
SIMILARITIES = {"COSINE": "dot_product", "L2": "l2_norm", "IP": "max_inner_product"}
"""Vectors of the metric COSINE have length 1 here, for which dot_product is the same, and is what its makers advise."""
BUILT_WITH = {"M": "m", "ef_construction": "ef_construction"}
ANSWER = "hits.hits._id,timed_out,_shards.failed,responses.hits.hits._id,responses.timed_out,responses._shards.failed,responses.error"
"""All of an answer that is wanted: no scores, no documents."""
REQUEST_S = 30.0
LOOK_S = 1.0


def connect(dsn: str) -> Any:
    """Make a client; it connects with its first request, and sends none twice.

    Raises:
        ClusterError: the client is not installed, or the address is none.
    """
    try:
        from elasticsearch import Elasticsearch
    except ImportError:
        raise ClusterError(f"the client of elasticsearch is not installed: python -m pip install {PACKAGE}") from None
    url = dsn if "://" in dsn else f"http://{dsn}"
    key = os.environ.get("ELASTICSEARCH_API_KEY") or None
    try:
        return Elasticsearch(url, api_key=key, request_timeout=REQUEST_S, max_retries=0, connections_per_node=1)
    except ValueError as error:
        raise ClusterError(f"--vdb-dsn={dsn}: {error}; name the server as host:port or https://host:port") from None


def failures() -> tuple[type[Exception], ...]:
    """Return what the client raises where a request failed."""
    from elasticsearch import ApiError, TransportError

    return ApiError, TransportError


class ElasticsearchSearcher:
    """One connection."""

    def __init__(self, target: Target) -> None:
        self._client = connect(target.dsn)
        self._name = target.name
        self._failures = failures()

    def search(self, queries: Rows, k: int, effort: int) -> Ids:
        """Send one request for all queries."""
        bodies = [_body(query, k, effort) for query in queries]
        try:
            if len(bodies) == 1:
                answers = [self._client.search(index=self._name, filter_path=ANSWER, **bodies[0])]
            else:
                lines = [line for body in bodies for line in ({}, _line(body))]
                answers = self._client.msearch(index=self._name, filter_path=ANSWER, searches=lines)["responses"]
        except self._failures as error:
            raise RequestError(f"Elasticsearch did not answer: {_said(error)}") from None
        found = np.full((len(queries), k), -1, np.int64)
        for place, answer in enumerate(answers):
            if "error" in answer or answer.get("timed_out") or answer["_shards"]["failed"]:
                raise RequestError(f"Elasticsearch answered in part only: {dict(answer)!s:.200}")
            hits = answer.get("hits", {}).get("hits", ())
            found[place, : len(hits)] = [int(hit["_id"]) for hit in hits]
        return found

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class ElasticsearchSession:
    """An index with the field `vector`; documents are named by their ids."""

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
        """Return what the mapping's `_meta` holds."""
        if not self._asked(lambda: self._client.indices.exists(index=self._target.name)):
            return None
        return str(self._mapping().get("_meta", {}).get(LABEL, ""))

    def create(self) -> None:
        """Make the index, without replicas, and without refreshing while it loads."""
        target = self._target
        if self.label() is not None:
            raise DatasetError(
                f"Elasticsearch holds {target.name}: it is never replaced in silence; --vdb-fresh drops it"
            )
        options = {BUILT_WITH[name]: value for name, value in target.parameters.items()}
        vector = {
            "type": "dense_vector",
            "dims": target.dimension,
            "index": True,
            "similarity": SIMILARITIES[target.metric],
            "index_options": {"type": target.index.lower(), **options},
        }
        settings = {"number_of_shards": target.shards, "number_of_replicas": 0, "refresh_interval": "-1"}
        mappings = {"dynamic": "strict", "properties": {FIELD: vector}}
        self._refused(lambda: self._client.indices.create(index=target.name, settings=settings, mappings=mappings))

    def load(self, first_id: int, rows: Rows) -> None:
        """Insert vectors, and see that each was taken as new."""
        step = max(1, BULK_BYTES // (4 * self._target.dimension))
        for at in range(0, len(rows), step):
            operations: list[Any] = []
            for place, row in enumerate(rows[at : at + step].tolist(), first_id + at):
                operations += [{"create": {"_id": str(place)}}, {FIELD: row}]
            done = self._refused(functools.partial(self._bulk, operations))
            if done["errors"]:
                wrong = next(item["create"]["error"] for item in done["items"] if "error" in item.get("create", {}))
                raise DatasetError(
                    f"Elasticsearch refused vectors from id {first_id + at:,} on: {wrong.get('reason', wrong)}"
                )

    def _bulk(self, operations: list[Any]) -> Any:
        return self._client.bulk(index=self._target.name, operations=operations, filter_path="errors,items.*.error")

    def build(self) -> Mapping[str, Any]:
        """Merge the graphs of all segments into one for each shard; read back what the index is made with."""
        patient = self._client.options(request_timeout=None).indices
        self._refused(lambda: patient.refresh(index=self._target.name))
        self._refused(lambda: patient.forcemerge(index=self._target.name, max_num_segments=1))
        self._refused(lambda: patient.refresh(index=self._target.name))
        vector = self._mapping()["properties"][FIELD]
        options = dict(vector["index_options"])
        told = {name: options.pop(word) for name, word in BUILT_WITH.items() if word in options}
        return {**told, **options, "dims": vector["dims"], "similarity": vector["similarity"]}

    def settle(self, deadline_s: float) -> None:
        """Wait until every shard is there and none merges."""
        deadline = time.monotonic() + deadline_s
        while True:
            health = self._asked(lambda: self._client.cluster.health(index=self._target.name))
            merging = self._primaries("merge")["merges"]["current"]
            if health["status"] == "green" and not merging:
                return
            if time.monotonic() > deadline:
                raise DatasetError(
                    f"after {deadline_s:,.0f} s {self._target.name} is {health['status']}, and {merging} merges go on"
                )
            time.sleep(LOOK_S)

    def seal(self, label: str) -> None:
        """Set the mapping's `_meta`."""
        self._refused(lambda: self._client.indices.put_mapping(index=self._target.name, meta={LABEL: label}))

    def searcher(self) -> ElasticsearchSearcher:
        """Open a connection of its own."""
        return ElasticsearchSearcher(self._target)

    def fetch(self, ids: Ids) -> Rows:
        """Search for documents by their ids."""
        names = [str(one) for one in ids.tolist()]
        query = {"ids": {"values": names}}
        answer = self._asked(
            lambda: self._client.search(
                index=self._target.name, query=query, size=len(names), source=False, fields=[FIELD]
            )
        )
        found = {hit["_id"]: hit["fields"][FIELD] for hit in answer["hits"]["hits"]}
        if missing := [name for name in names if name not in found]:
            raise DatasetError(f"Elasticsearch holds no vector {missing[0]} in {self._target.name}")
        return np.array([found[name] for name in names], np.float32)

    def stats(self) -> Stats:
        """Count documents and the bytes of their shards."""
        counted = self._asked(lambda: self._client.count(index=self._target.name))["count"]
        return Stats(rows=counted, disk_bytes=self._primaries("store")["store"]["size_in_bytes"])

    def evict(self) -> str:
        """Empty the server's own caches; the page cache of its host keeps the graphs."""
        self._refused(lambda: self._client.indices.clear_cache(index=self._target.name))
        return "_cache/clear"

    def data_paths(self) -> tuple[str, ...]:
        """See none: they are the server's."""
        return ()

    def pids(self) -> tuple[int, ...]:
        """See none: they are the server's."""
        return ()

    def drop(self) -> None:
        """Delete the index."""
        self._refused(lambda: self._client.indices.delete(index=self._target.name, ignore_unavailable=True))

    def _mapping(self) -> Mapping[str, Any]:
        found = self._asked(lambda: self._client.indices.get_mapping(index=self._target.name))
        mapping: Mapping[str, Any] = found[self._target.name]["mappings"]
        return mapping

    def _primaries(self, metric: str) -> Mapping[str, Any]:
        found = self._asked(lambda: self._client.indices.stats(index=self._target.name, metric=metric))
        primaries: Mapping[str, Any] = found["_all"]["primaries"]
        return primaries

    def _asked(self, request: Callable[[], Any]) -> Any:
        """Ask a question; no answer is the failure of a run."""
        try:
            return request()
        except failures() as error:
            raise EngineError(f"Elasticsearch does not answer: {_said(error)}") from None

    def _refused(self, request: Callable[[], Any]) -> Any:
        """Change something; a refusal says that the collection is not what it should be."""
        try:
            return request()
        except failures() as error:
            raise DatasetError(f"Elasticsearch refused: {_said(error)}") from None


def _body(query: Rows, k: int, effort: int) -> dict[str, Any]:
    knn = {"field": FIELD, "query_vector": query.tolist(), "k": k, "num_candidates": effort}
    return {"knn": knn, "size": k, "source": False}


def _line(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request as a line of many: there its words are those of the wire."""
    return {("_source" if name == "source" else name): value for name, value in body.items()}


def _said(error: Exception) -> str:
    """Return the reason that the server gives, else the client's, in one line."""
    body = getattr(error, "body", None)
    reason = body.get("error") if isinstance(body, dict) else None
    if isinstance(reason, dict):
        causes = reason.get("root_cause") or [reason]
        reason = causes[0].get("reason")
    words = str(reason or getattr(error, "message", "") or error).strip()
    return words.splitlines()[0] if words else type(error).__name__


class Elasticsearch:
    """An Elasticsearch server."""

    name = "elasticsearch"
    capabilities = DATABASES["elasticsearch"]

    def version(self, dsn: str) -> str:
        """Return the versions of server and client."""
        client = connect(dsn)
        try:
            number = client.info()["version"]["number"]
        except failures() as error:
            raise ClusterError(
                f"--vdb-dsn={dsn}: no Elasticsearch answers there ({_said(error)}); start it, or name another"
            ) from None
        finally:
            client.close()
        return f"Elasticsearch {number}, {PACKAGE} {metadata.version(PACKAGE)}"

    def connect(self, target: Target) -> ElasticsearchSession:
        """Open a session."""
        return ElasticsearchSession(target)


BACKEND = Elasticsearch()
