"""pgvector in PostgreSQL: HNSW or inverted lists in pages of 8 KiB, through the server's buffers and the page cache.

Vectors travel in PostgreSQL's binary format in both directions: as text, one of 1,536 dimensions costs 1.4 ms.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from storagebench.engines.vectordb.backend import RequestError, Stats, Target
from storagebench.engines.vectordb.postgres import binaries
from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Ids
from storagebench.errors import ClusterError, DatasetError, EngineError
from storagebench.model import DATABASES

OPERATORS = {"COSINE": ("vector_cosine_ops", "<=>"), "L2": ("vector_l2_ops", "<->"), "IP": ("vector_ip_ops", "<#>")}
BUILT_WITH = {"M": "m", "ef_construction": "ef_construction", "lists": "lists"}
PAGE_BYTES = 8192
VERSION = "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'"
COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"
BUILD_MEMORY = "1GB"


def library() -> Any:
    """Import the client.

    Raises:
        ClusterError: it is not installed.
    """
    try:
        import psycopg
    except ImportError:
        raise ClusterError("the client of pgvector is not installed: python -m pip install 'psycopg[binary]'") from None
    return psycopg


def connect(dsn: str) -> Any:
    """Connect to a server that has the extension.

    Raises:
        ClusterError: nothing answers, or it has no pgvector.
    """
    psycopg = library()
    try:
        connection = psycopg.connect(dsn, autocommit=True, connect_timeout=10)
        connection.execute("SET client_min_messages = warning")
        found = connection.execute(VERSION).fetchone()
    except psycopg.Error as error:
        raise ClusterError(
            f"--vdb-dsn={dsn}: {str(error).splitlines()[0]}; start the server, or name another"
        ) from None
    if found is None:
        raise ClusterError(f"--vdb-dsn={dsn}: the server has no extension vector; install pgvector there")
    return connection


class PgvectorSearcher:
    """One connection with one prepared statement."""

    def __init__(self, target: Target) -> None:
        self._connection = connect(target.dsn)
        self._wire = self._connection.pgconn
        self._gone: type[Exception] = library().OperationalError
        self._setting = DATABASES["pgvector"].indexes[target.index].effort
        near = OPERATORS[target.metric][1]
        self._query = f"SELECT id FROM {target.name} ORDER BY vector {near} $1 LIMIT $2".encode()  # noqa: S608 - our name
        self._oid = _value(self._connection, "SELECT 'vector'::regtype::oid")
        self._connection.execute("SET enable_seqscan = off")
        self._connection.execute("SET enable_sort = off")
        self._effort = self._prepared = 0

    def search(self, queries: Rows, k: int, effort: int) -> Ids:
        """Ask for each query in turn."""
        if effort != self._effort or not self._prepared:
            self._prepare(effort)
        answer = np.full((len(queries), k), -1, np.int64)
        limit = k.to_bytes(8, "big")
        head = queries.shape[1].to_bytes(2, "big") + b"\0\0"
        for place, query in enumerate(queries):
            values = [head + query.astype(">f4").tobytes(), limit]
            try:
                result = self._wire.exec_prepared(b"nearest", values, param_formats=[1, 1], result_format=1)
            except self._gone as error:
                raise RequestError(f"PostgreSQL did not answer: {_first_line(str(error))}") from None
            if result.error_message:
                raise RequestError(f"PostgreSQL did not answer: {_first_line(result.error_message)}")
            found = [int.from_bytes(result.get_value(row, 0), "big") for row in range(result.ntuples)]
            answer[place, : len(found)] = found
        return answer

    def _prepare(self, effort: int) -> None:
        psycopg = library()
        try:
            self._connection.execute(f"SET {self._setting} = {effort}")
            if not self._prepared:
                self._wire.prepare(b"nearest", self._query, [self._oid, 20])
        except psycopg.Error as error:
            raise RequestError(f"PostgreSQL did not answer: {_first_line(str(error))}") from None
        self._effort, self._prepared = effort, 1

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class PgvectorSession:
    """A table `id bigint, vector vector(n)` with one index on it; the label is the table's comment."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection = connect(target.dsn)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def label(self) -> str | None:
        """Return the table's comment."""
        if self._value("SELECT to_regclass(%s)", self._target.name) is None:
            return None
        return self._value("SELECT obj_description(to_regclass(%s), 'pg_class')", self._target.name) or ""

    def create(self) -> None:
        """Make the table, its vectors stored in line."""
        name = self._target.name
        if self.label() is not None:
            raise DatasetError(f"the table {name} exists: it is never replaced in silence; --vdb-fresh drops it")
        self._do("CREATE EXTENSION IF NOT EXISTS vector")
        self._do(f"CREATE TABLE {name} (id bigint NOT NULL, vector vector({self._target.dimension}) NOT NULL)")
        self._do(f"ALTER TABLE {name} ALTER COLUMN vector SET STORAGE PLAIN")

    def load(self, first_id: int, rows: Rows) -> None:
        """Copy vectors in, in the binary format."""
        psycopg = library()
        try:
            with self._connection.cursor().copy(
                f"COPY {self._target.name} (id, vector) FROM STDIN (FORMAT BINARY)"
            ) as copy:
                copy.write(COPY_HEADER + _tuples(first_id, rows).tobytes() + COPY_END)
        except psycopg.Error as error:
            raise DatasetError(
                f"PostgreSQL refused vectors from id {first_id:,} on: {_first_line(str(error))}"
            ) from None

    def build(self) -> Mapping[str, Any]:
        """Add the primary key, then the index with every core; read back its options."""
        target = self._target
        self._do(f"SET maintenance_work_mem = '{BUILD_MEMORY}'")
        self._do(f"SET max_parallel_maintenance_workers = {os.cpu_count() or 1}")
        self._do(f"ALTER TABLE {target.name} ADD PRIMARY KEY (id)")
        options = ", ".join(f"{BUILT_WITH[name]} = {value}" for name, value in target.parameters.items())
        self._do(
            f"CREATE INDEX {self._index} ON {target.name} USING {target.index.lower()} "
            f"(vector {OPERATORS[target.metric][0]}) WITH ({options})"
        )
        self._do(f"ANALYZE {target.name}")
        told = self._value("SELECT reloptions FROM pg_class WHERE oid = to_regclass(%s)", self._index) or []
        return {"method": target.index.lower()} | dict(option.split("=", 1) for option in told)

    def settle(self, deadline_s: float) -> None:
        """Write everything back, and see that the index is valid."""
        self._do(f"SET statement_timeout = '{int(deadline_s)}s'")
        self._do("CHECKPOINT")
        self._do("RESET statement_timeout")
        if not self._value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", self._index):
            raise DatasetError(f"the index {self._index} is not valid: --vdb-fresh builds it anew")

    def seal(self, label: str) -> None:
        """Write the table's comment."""
        from psycopg import sql

        self._do(sql.SQL("COMMENT ON TABLE {} IS {}").format(sql.Identifier(self._target.name), sql.Literal(label)))

    def searcher(self) -> PgvectorSearcher:
        """Open a connection of its own."""
        return PgvectorSearcher(self._target)

    def fetch(self, ids: Ids) -> Rows:
        """Select vectors by their ids."""
        query = f"SELECT id, vector FROM {self._target.name} WHERE id = ANY(%s)"  # noqa: S608 - our own name
        rows = _rows(self._connection, query, ids.tolist(), binary=True)
        found = {number: np.frombuffer(vector, ">f4", offset=4) for number, vector in rows}
        if missing := set(ids.tolist()) - set(found):
            raise DatasetError(f"the table {self._target.name} holds no vector {min(missing)}")
        return np.array([found[number] for number in ids.tolist()], np.float32)

    def stats(self) -> Stats:
        """Count rows exactly, and pages as the server's statistics have them (they lag by a second)."""
        name = self._target.name
        columns = "heap_blks_read, heap_blks_hit, idx_blks_read, idx_blks_hit"
        self._do("SELECT pg_stat_clear_snapshot()")
        asked = "SELECT {} FROM pg_statio_user_tables WHERE relid = to_regclass(%s)"
        pages = self._value(asked.format(" + ".join(f"coalesce({one}, 0)" for one in columns.split(", "))), name)
        return Stats(
            rows=self._value(f"SELECT count(*) FROM {name}"),  # noqa: S608 - our own name
            disk_bytes=self._value("SELECT pg_total_relation_size(to_regclass(%s))", name),
            asked_bytes=None if pages is None else int(pages) * PAGE_BYTES,
        )

    def evict(self) -> str:
        """Empty the server's buffers, where it has the extension for it."""
        if self._value("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_buffercache'") is None:
            return ""
        self._do("CREATE EXTENSION IF NOT EXISTS pg_buffercache")
        self._do("SELECT pg_buffercache_evict_all()")
        return "pg_buffercache_evict_all()"

    def data_paths(self) -> tuple[str, ...]:
        """Return the files of index and table; none where the server is elsewhere or hides them."""
        try:
            home = Path(self._value("SHOW data_directory"))
            files = [
                home / self._value("SELECT pg_relation_filepath(%s)", name) for name in (self._index, self._target.name)
            ]
            found = [path for file in files for path in (file, *sorted(file.parent.glob(f"{file.name}.[0-9]*")))]
            return tuple(map(str, found)) if self._local and all(os.access(path, os.R_OK) for path in found) else ()
        except EngineError:  # hidden from users who do not own the server
            return ()

    def pids(self) -> tuple[int, ...]:
        """Return the server's processes where it runs here: backends, and the workers that read for them."""
        if not self._local:
            return ()
        return tuple(row[0] for row in _rows(self._connection, "SELECT pid FROM pg_stat_activity"))

    def drop(self) -> None:
        """Drop the table."""
        self._do(f"DROP TABLE IF EXISTS {self._target.name}")

    @property
    def _index(self) -> str:
        return f"{self._target.name}_index"

    @property
    def _local(self) -> bool:
        """A server on a unix socket is on this host."""
        return self._value("SELECT inet_server_addr()") is None

    def _value(self, query: str, *arguments: Any) -> Any:
        return _value(self._connection, query, *arguments)

    def _do(self, statement: Any) -> None:
        psycopg = library()
        try:
            self._connection.execute(statement)
        except psycopg.Error as error:
            raise DatasetError(f"PostgreSQL refused: {_first_line(str(error))}") from None


def _value(connection: Any, query: str, *arguments: Any) -> Any:
    rows = _rows(connection, query, *arguments)
    return rows[0][0] if rows else None


def _rows(connection: Any, query: str, *arguments: Any, binary: bool = False) -> list[tuple[Any, ...]]:
    """Ask a question.

    Raises:
        EngineError: the server is gone, or refuses.
    """
    psycopg = library()
    try:
        found: list[tuple[Any, ...]] = connection.cursor(binary=binary).execute(query, arguments or None).fetchall()
    except psycopg.Error as error:
        raise EngineError(f"PostgreSQL does not answer: {_first_line(str(error))}") from None
    return found


def _tuples(first_id: int, rows: Rows) -> np.ndarray[tuple[int, ...], np.dtype[Any]]:
    """Lay out rows as COPY reads them: two fields, each after its length; a vector after its dimension."""
    dimension = rows.shape[1]
    fields: Any = [("fields", ">i2"), ("id_bytes", ">i4"), ("id", ">i8"), ("vector_bytes", ">i4"), ("dimension", ">i2")]
    table = np.zeros(len(rows), [*fields, ("unused", ">i2"), ("vector", ">f4", dimension)])
    table["fields"], table["id_bytes"], table["vector_bytes"], table["dimension"] = 2, 8, 4 + 4 * dimension, dimension
    table["id"] = np.arange(first_id, first_id + len(rows))
    table["vector"] = rows
    return table


def _first_line(text: str | bytes) -> str:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return said.strip().splitlines()[0] if said.strip() else "it says nothing"


class Pgvector:
    """PostgreSQL with pgvector."""

    name = "pgvector"
    capabilities = DATABASES["pgvector"]

    def version(self, dsn: str) -> str:
        """Return the versions of server and extension; of a server that is yet to be started, see that it is installed."""
        library()
        if not dsn:
            return binaries().parent.name
        with connect(dsn) as connection:
            server = _value(connection, "SHOW server_version").split()[0]
            return f"PostgreSQL {server}, pgvector {_value(connection, VERSION)}"

    def connect(self, target: Target) -> PgvectorSession:
        """Open a session."""
        return PgvectorSession(target)


BACKEND = Pgvector()
