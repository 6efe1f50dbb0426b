"""What a run of this project tells of itself beyond the rules; other people's runs lack it and are not asked."""

import functools
from collections.abc import Iterator

from rules.registry import Breach, rule
from rules.vectordb_places import recall_of
from storagebench.model import Edition, Lands, Record

evidence = functools.partial(rule, "x", family="vector_database", editions="3.0")


@evidence("x-vdb-served-from-memory")
def storage_served_the_queries(record: Record, edition: Edition) -> Iterator[Breach]:
    """A run that memory served is no measurement of storage, and so nothing better than whatif.

    The one rule of this project's own that rejects: no official rule asks for a byte of I/O, and an index of 0.3 GiB gave
    2,019 queries/s from memory and 27 from storage at the same recall. Reads: result_verdict.served_by.
    """
    if record.has("result_verdict.served_by") and record.value("result_verdict.served_by") == "memory":
        reason = str(record.value("result_verdict.served_by_reason"))
        yield Breach(Lands.INVALID, f"served from memory: {reason:.200}", "a regime of storage: direct, cold or capped")


@evidence("x-vdb-failed-requests", warns=True)
def every_request_was_answered(record: Record, edition: Edition) -> Iterator[Breach]:
    """Every request of the window was answered; those that were not count nowhere in throughput and latency.

    The edition's tool counts them as served. Reads: result_verdict.failed_requests, statistics.batch_count.
    """
    if record.has("result_verdict.failed_requests") and (failed := record.count("result_verdict.failed_requests")):
        saw = f"{failed:,} of {record.count('statistics.batch_count'):,} requests failed"
        yield Breach(Lands.ADVICE, saw, "a look at the database's log")


@evidence("x-vdb-target-recall", warns=True)
def recall_surely_reaches_its_target(record: Record, edition: Edition) -> Iterator[Breach]:
    """The lower bound of the recall reaches the target that the search was tuned to; throughput is compared at it.

    Reads: result_verdict.target_recall, recall_stats.interval_95.
    """
    if not record.has("result_verdict.target_recall") or not record.has("recall_stats.interval_95"):
        return
    target, low = record.number("result_verdict.target_recall"), record.numbers("recall_stats.interval_95")[0]
    if low < target:
        saw = f"recall {recall_of(record):.4g}, by its interval perhaps {low:.4g}"
        yield Breach(Lands.ADVICE, saw, f"{target:g}: more effort (search.search_ef), or a longer window")


@evidence("x-vdb-not-quiet", warns=True)
def device_was_at_rest(record: Record, edition: Edition) -> Iterator[Breach]:
    """The device had stopped writing before the window: no build or compaction was measured with the queries.

    A published run wrote 11 GB while it searched. Reads: result_verdict.evidence.{quiet,written_mib_per_s}.
    """
    if record.has("result_verdict.evidence.written_mib_per_s") and not record.value("result_verdict.evidence.quiet"):
        rate = record.number("result_verdict.evidence.written_mib_per_s")
        yield Breach(Lands.ADVICE, f"not quiet: {rate:.1f} MiB/s written before the window", "a device at rest")


@evidence("x-vdb-client-bound", warns=True)
def database_was_the_limit(record: Record, edition: Edition) -> Iterator[Breach]:
    """The database, not the client that asks it, was the limit of the throughput.

    Reads: result_verdict.{client_bound,harness_share}.
    """
    if record.has("result_verdict.client_bound") and record.value("result_verdict.client_bound"):
        share = record.number("result_verdict.harness_share")
        saw = f"client-bound: the harness takes {share:.1%} of a request, or its processes are out of CPU"
        yield Breach(Lands.ADVICE, saw, "more client hosts, or fewer --accelerators")
