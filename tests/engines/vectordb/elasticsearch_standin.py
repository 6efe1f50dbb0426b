"""A stand-in for Elasticsearch, over real HTTP, after its documented API: no server of it can be installed here.

It knows the requests that our backend sends and refuses every parameter beside them, as the server does. Documents
are seen after a refresh only; its graphs are exact scans. `busy` has searches refused, as a server does whose queue is
full.
"""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np

SIMILARITIES = {"dot_product", "l2_norm", "max_inner_product", "cosine"}


class RefusedError(Exception):
    def __init__(self, status, kind, reason):
        super().__init__(reason)
        self.status, self.kind, self.reason = status, kind, reason


class Index:
    """One index: its mapping, its documents, and how many of them a search sees."""

    def __init__(self, body):
        only(body, {"settings", "mappings"})
        only(body["settings"], {"number_of_shards", "number_of_replicas", "refresh_interval"})
        self.mapping = body["mappings"]
        ((self.field, vector),) = self.mapping["properties"].items()
        only(vector, {"type", "dims", "index", "similarity", "index_options"})
        only(vector["index_options"], {"type", "m", "ef_construction"})
        if not (0 < vector["dims"] <= 4096 and vector["similarity"] in SIMILARITIES and vector["index"] is True):
            raise RefusedError(400, "mapper_parsing_exception", f"failed to parse the field {vector}")
        if vector["index_options"]["type"] not in {"hnsw", "int8_hnsw"}:
            raise RefusedError(400, "mapper_parsing_exception", "unknown vector index options type")
        self.vector = vector
        self.documents = {}
        self.seen = []
        self.segments = 0

    def add(self, name, document):
        if name in self.documents:
            raise RefusedError(
                409, "version_conflict_engine_exception", f"[{name}]: version conflict, document already exists"
            )
        row = np.array(document[self.field], np.float32)
        if len(row) != self.vector["dims"]:
            reason = f"The [dense_vector] field [vector] in doc [{name}] has a different number of dimensions"
            raise RefusedError(400, "document_parsing_exception", reason)
        if self.vector["similarity"] == "dot_product" and abs(float(row @ row) - 1) > 1e-4:
            raise RefusedError(
                400,
                "document_parsing_exception",
                "The [dot_product] similarity can only be used with unit-length vectors",
            )
        self.documents[name] = row

    def refresh(self):
        self.segments += len(self.seen) < len(self.documents)
        self.seen = list(self.documents)
        self.rows = np.array([self.documents[name] for name in self.seen])

    def nearest(self, knn, size):
        only(knn, {"field", "query_vector", "k", "num_candidates"})
        query = np.array(knn["query_vector"], np.float32)
        if len(query) != self.vector["dims"]:
            raise RefusedError(400, "illegal_argument_exception", "the query vector has a different dimension")
        if not knn["k"] <= knn["num_candidates"] <= 10_000:
            raise RefusedError(
                400, "illegal_argument_exception", "[num_candidates] cannot be less than [k] nor above 10000"
            )
        rows = self.rows
        near = rows @ query if self.vector["similarity"] != "l2_norm" else -((rows - query) ** 2).sum(axis=1)
        return [self.seen[place] for place in np.argsort(-near, kind="stable")[: min(knn["k"], size)]]

    def search(self, body):
        only(body, {"knn", "query", "size", "_source", "fields"})
        if "knn" in body:
            hits = [{"_id": name} for name in self.nearest(body["knn"], body["size"])]
        else:
            wanted = [name for name in body["query"]["ids"]["values"] if name in set(self.seen)][: body["size"]]
            hits = [{"_id": name, "fields": {self.field: self.documents[name].tolist()}} for name in wanted]
        shards = {"total": 1, "successful": 1, "failed": 0}
        return {"took": 1, "timed_out": False, "_shards": shards, "hits": {"hits": hits}}


def only(given, known):
    if unknown := set(given) - known:
        raise RefusedError(400, "illegal_argument_exception", f"unknown setting or parameter {sorted(unknown)}")


class StandIn(ThreadingHTTPServer):
    """The server; `indices` by name."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.indices = {}
        self.busy = False

    @property
    def dsn(self):
        return f"127.0.0.1:{self.server_address[1]}"

    def stop(self):
        """Stop answering; connections to its port are refused from then on."""
        self.shutdown()
        self.server_close()

    def answer(self, method, path, options, lines):
        parts = path.strip("/").split("/")
        if not parts[0]:
            return {"version": {"number": "9.1.0"}}
        if parts[:2] == ["_cluster", "health"]:
            return {"status": "green"}
        name, what = parts[0], "/".join(parts[1:])
        if method == "PUT" and not what:
            if name in self.indices:
                raise RefusedError(400, "resource_already_exists_exception", f"index [{name}] already exists")
            self.indices[name] = Index(lines[0])
            return {"acknowledged": True}
        if method == "DELETE" and "ignore_unavailable" in options:
            self.indices.pop(name, None)
            return {"acknowledged": True}
        if name not in self.indices:
            raise RefusedError(404, "index_not_found_exception", f"no such index [{name}]")
        if self.busy and what in {"_search", "_msearch"}:
            raise RefusedError(429, "es_rejected_execution_exception", "rejected execution: queue capacity 1000")
        return getattr(self, f"{method.lower()}_{what.strip('_').split('/')[0]}")(self.indices[name], options, lines)

    def head_(self, index, options, lines):
        return {}

    def get_mapping(self, index, options, lines):
        return {next(name for name, one in self.indices.items() if one is index): {"mappings": index.mapping}}

    def put_mapping(self, index, options, lines):
        only(lines[0], {"_meta"})
        index.mapping |= lines[0]
        return {"acknowledged": True}

    def put_bulk(self, index, options, lines):
        items = []
        for action, document in zip(lines[::2], lines[1::2], strict=True):
            name = action["create"]["_id"]
            try:
                index.add(name, document)
                items.append({"create": {"_id": name, "status": 201}})
            except RefusedError as error:
                items.append({"create": {"_id": name, "error": {"type": error.kind, "reason": error.reason}}})
        return {"took": 1, "errors": any("error" in item["create"] for item in items), "items": items}

    def post_refresh(self, index, options, lines):
        index.refresh()
        return {"_shards": {"failed": 0}}

    def post_forcemerge(self, index, options, lines):
        assert options == {"max_num_segments": ["1"]}
        index.segments = 1
        return {"_shards": {"failed": 0}}

    def get_stats(self, index, options, lines):
        size = sum(row.nbytes for row in index.documents.values())
        return {"_all": {"primaries": {"store": {"size_in_bytes": size}, "merges": {"current": 0}}}}

    def post_count(self, index, options, lines):
        return {"count": len(index.seen)}

    def post_search(self, index, options, lines):
        return index.search(lines[0])

    def post_msearch(self, index, options, lines):
        return {"responses": [index.search(body) for body in lines[1::2]]}

    def post_cache(self, index, options, lines):
        return {"_shards": {"failed": 0}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: else each answer waits 40 ms for a delayed acknowledgement

    def handle_any(self):
        address = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        lines = [json.loads(line) for line in content.splitlines() if line]
        options = parse_qs(address.query)
        options.pop("filter_path", None)
        try:
            status, body = 200, self.server.answer(self.command, address.path, options, lines)
        except RefusedError as error:
            reason = {"type": error.kind, "reason": error.reason}
            status, body = error.status, {"error": {"root_cause": [reason], **reason}, "status": error.status}
        said = b"" if self.command == "HEAD" else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any  # noqa: N815 - as http.server wants them

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def standing_in():
    """Serve until the end of the block, or until it is stopped."""
    with StandIn() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.stop()
