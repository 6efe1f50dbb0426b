"""What a reviewer of a vector-database run would ask, although no rule forbids it."""

import functools
import re
from collections.abc import Iterator

from rules.registry import Breach, rule
from rules.vectordb_places import (
    DIMENSION,
    FLOAT32_BYTES,
    INDEX_TYPE,
    LATENCY,
    RECALL,
    THROUGHPUT,
    VECTORS,
    WINDOW,
    database_of,
    either,
    invocation_s,
    queries_of,
    recall_of,
)
from storagebench.model import DATABASES, Edition, Lands, Record
from storagebench.units import bytes_text

advice = functools.partial(rule, "x", family="vector_database", editions="3.0", warns=True)


@advice("x-vdb-no-summary")
def summary_exists(record: Record, edition: Edition) -> Iterator[Breach]:
    """The leaf holds summary.json, from which its row in the table is made.

    Reads: summary; the same figures are judged from statistics.json and its neighbours.
    """
    if not record.has("summary"):
        yield Breach(Lands.ADVICE, "no summary.json: judged by statistics.json and config.json", "a summary.json")


@advice("x-vdb-low-recall", numbers="advice.low_recall advice.no_recall")
def recall_is_worth_its_speed(record: Record, edition: Edition) -> Iterator[Breach]:
    """Throughput means something only at a recall that a user would accept, 0.9 or more.

    No rule sets a limit (mlcommons/storage#820): recall 0.57 at 142 and 0.21 at 59,000 queries/s were published side
    by side, and five runs that found nothing at all were marked valid (#805). Reads: what 5.3.2 reads; throughput_qps.
    """
    if not any(record.has(source) for source in RECALL):
        return
    recall, throughput = recall_of(record), record.number(either(record, THROUGHPUT))
    limit, none = (edition[f"vector_database.advice.{name}"] for name in ("low_recall", "no_recall"))
    saw = f"recall {recall:.4g} at {throughput:,.0f} queries/s"
    if recall < none:
        yield Breach(Lands.ADVICE, f"{saw}: nearly every answer is wrong", "a look at the index and the exact copy")
    elif recall < limit:
        yield Breach(Lands.ADVICE, saw, f"search parameters that reach {limit}; quote neither figure without the other")


@advice("x-vdb-disk-reads", numbers="advice.disk_share")
def disks_delivered_the_answers(record: Record, edition: Edition) -> Iterator[Breach]:
    """The client's disks delivered at least a tenth of the vectors that the queries returned.

    Otherwise memory served them, or storage that the client's counters cannot see (3.6 million queries with 64 KiB
    read from disk were published). Reads: statistics.disk_io.total_bytes_read, total_queries, dimension, search_limit.
    """
    if not record.has("statistics.disk_io.total_bytes_read"):
        return
    share, read = edition["vector_database.advice.disk_share"], record.number("statistics.disk_io.total_bytes_read")
    answers = queries_of(record) * record.number(either(record, ("config.search_limit", "args.search_limit")))
    answered = answers * record.number(either(record, DIMENSION)) * FLOAT32_BYTES
    if read < share * answered:
        saw = f"{bytes_text(read)} read from the client's disks for answers of {bytes_text(answered)}"
        yield Breach(Lands.ADVICE, saw, "evidence of what served them: memory, or storage behind a network")


@advice("x-vdb-fits-memory")
def vectors_outgrow_the_memory(record: Record, edition: Edition) -> Iterator[Breach]:
    """The vectors do not fit into the memory of the hosts that query them.

    Reads: num_vectors, dimension, cluster.memory_bytes (absent where the tool collected nothing).
    """
    if not record.has("cluster.memory_bytes"):
        return
    vectors = record.number(either(record, VECTORS)) * record.number(either(record, DIMENSION)) * FLOAT32_BYTES
    memory = sum(record.numbers("cluster.memory_bytes"))
    if vectors < memory:
        saw = f"{bytes_text(vectors)} of vectors, {bytes_text(memory)} of memory in the hosts"
        yield Breach(Lands.ADVICE, saw, "more vectors, or evidence that the page cache did not serve them")


@advice("x-vdb-resident-index")
def index_lives_on_storage(record: Record, edition: Edition) -> Iterator[Breach]:
    """The index is one that is searched on storage; one that the server holds in its memory says nothing of it.

    CLOSED lists HNSW of Milvus, which is loaded before it is searched (mlcommons/storage#425 asks what that measures).
    Reads: summary.database.database (else engine_folder, args.vdb_engine), summary.index_type (else config, args).
    """
    database = DATABASES.get(database_of(record))
    if database is None or not any(record.has(name) for name in INDEX_TYPE):
        return
    kind = record.text(either(record, INDEX_TYPE))
    if kind in database.indexes and database.indexes[kind].resident:
        saw = f"index {kind} of {database_of(record)} is in the server's memory when it is searched"
        yield Breach(Lands.ADVICE, saw, "throughput that is read as that of memory, or an index on storage")


@advice("x-vdb-collection-name")
def collection_name_tells_the_truth(record: Record, edition: Edition) -> Iterator[Breach]:
    """A collection whose name tells a number of vectors holds that many.

    Reads: config.collection_name (else args.collection), num_vectors.
    """
    name = next((n for n in ("config.collection_name", "args.collection") if record.has(n)), None)
    told = re.search(r"(?<![a-z0-9])(\d{1,6})([kmb])(?![a-z0-9])", record.text(name).lower()) if name else None
    if name and told:
        vectors = int(told[1]) * {"k": 10**3, "m": 10**6, "b": 10**9}[told[2]]
        if vectors != (held := record.count(either(record, VECTORS))):
            saw = f"collection {record.text(name):.80} holds {held:,} vectors"
            yield Breach(Lands.ADVICE, saw, f"the {vectors:,} of its name, or another name")


@advice("x-vdb-window", numbers="advice.window_tolerance advice.invocation_multiple")
def window_is_the_runtime(record: Record, edition: Edition) -> Iterator[Breach]:
    """The window that was measured is the runtime that was asked for, and most of the invocation.

    A run that also copies the whole collection (for recall) takes much longer than its window, and warms every cache.
    Reads: config.runtime_seconds (else args.runtime), total_time_seconds, invocation.{started_at,ended_at}.
    """
    asked = next((name for name in ("config.runtime_seconds", "args.runtime") if record.has(name)), None)
    if asked is None or (runtime := record.number(asked)) <= 0:
        return
    limits = edition["vector_database.advice"]
    window = record.number(either(record, WINDOW))
    if abs(window - runtime) > limits["window_tolerance"] * runtime:
        yield Breach(Lands.ADVICE, f"a window of {window:.0f} s, {runtime:g} s asked for", "a word on the difference")
    elif (invocation := invocation_s(record)) and invocation > limits["invocation_multiple"] * runtime:
        saw = f"a window of {window:.0f} s in an invocation of {invocation:,.0f} s"
        yield Breach(Lands.ADVICE, saw, "a word on the rest, and on what it left in the caches")


@advice("x-vdb-request-latency", numbers="advice.request_multiple")
def latency_is_that_of_a_request(record: Record, edition: Edition) -> Iterator[Breach]:
    """The published latency is that of a request, not of a request divided by the queries in it.

    The edition's tool divides: requests of 610 ms with 100 queries each were published as 6.1 ms.
    Reads: statistics.mean_batch_time_ms, mean_latency_ms.
    """
    if record.has("statistics.mean_batch_time_ms"):
        request = record.number("statistics.mean_batch_time_ms")
        latency = record.number(either(record, LATENCY))
        if request > edition["vector_database.advice.request_multiple"] * latency:
            saw = f"a mean latency of {latency:.3g} ms from requests of {request:.4g} ms"
            yield Breach(Lands.ADVICE, saw, "the latency of requests beside it")
