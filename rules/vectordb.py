"""Chapter 5 of the rules, vector databases; in the order of the text.

Where a leaf lacks summary.json, its figures are taken from the files beside it (see `rules.vectordb_places`), and
x-vdb-no-summary says so. What only CLOSED forbids lands in OPEN, as in chapter 3.
"""

import functools
from collections.abc import Iterator

from rules.registry import Breach, rule
from rules.vectordb_places import (
    DIMENSION,
    INDEX_TYPE,
    VECTORS,
    database_of,
    either,
    is_object,
    queries_of,
    recall_of,
)
from storagebench.model import Edition, Group, Lands, Record

vectordb = functools.partial(rule, family="vector_database", editions="3.0")


@vectordb("run", "check_runtime", numbers="minimum_runtime_s default_runtime_s")
def queries_ran_long_enough(record: Record, edition: Edition) -> Iterator[Breach]:
    """The query phase is asked to last at least 30 seconds.

    The edition's tool takes 60 s where nothing is said. Reads: config.runtime_seconds, parameters.runtime, args.runtime.
    """
    least, places = edition["vector_database.minimum_runtime_s"], ("config.runtime_seconds", "parameters.runtime")
    said = next((name for name in (*places, "args.runtime") if record.has(name)), None)
    runtime = record.number(said) if said else edition["vector_database.default_runtime_s"]
    if runtime < least:
        yield Breach(Lands.INVALID, f"{runtime:g} s of queries", f"at least {least} s")


@vectordb("5.1.1", "vdbDatasetScale", numbers="scales")
def collection_has_a_defined_scale(record: Record, edition: Edition) -> Iterator[Breach]:
    """The number of vectors and their dimension are a scale that the edition defines.

    The text defines no scales and upstream only asks that both are said. Our reading: the scales of the edition's
    declared comparability classes; any other is for OPEN, as a run of no class is (a remark while the round was open).
    Reads: summary.{num_vectors,dimension}, else result_verdict.flat_setup.total_vectors, config.vector_dim.
    """
    scale = [record.count(either(record, VECTORS)), record.count(either(record, DIMENSION))]
    scales = edition["vector_database.scales"]
    if scale not in scales:
        lands = Lands.ADVICE if edition.as_of_round else Lands.OPEN
        needs = " or ".join(f"{vectors:,} x {dimension:,}" for vectors, dimension in scales)
        yield Breach(lands, f"{scale[0]:,} vectors of {scale[1]:,} dimensions", needs)


@vectordb("5.1.2", "vdbDimensionConsistency")
def run_queries_the_dimension_it_loaded(record: Record, edition: Edition) -> Iterator[Breach]:
    """The run queries vectors of the dimension that was loaded.

    The round's checker passed over a load without summary.json; now it cannot be judged.
    Reads: datagen.summary.dimension, summary.dimension (else config.vector_dim).
    """
    if _load_was_passed_over(record, edition):
        yield Breach(Lands.ADVICE, "the load left no summary.json", "the load's dimension, to compare with the run's")
        return
    loaded, queried = record.count("datagen.summary.dimension"), record.count(either(record, DIMENSION))
    if loaded != queried:
        yield Breach(Lands.INVALID, f"loaded {loaded:,} dimensions, queried {queried:,}", "the same in both phases")


@vectordb("5.2.1", "vdbCollectionPopulated")
def every_declared_vector_was_inserted(record: Record, edition: Edition) -> Iterator[Breach]:
    """The load inserted at least as many vectors as it declared.

    The text says "equal", the code "at least": the minimum. Reads: datagen.summary.{inserted_vectors,num_vectors}.
    """
    if _load_was_passed_over(record, edition):
        yield Breach(Lands.ADVICE, "the load left no summary.json", "the numbers of vectors declared and inserted")
        return
    declared = record.count("datagen.summary.num_vectors")
    inserted = record.count("datagen.summary.inserted_vectors")
    if inserted < declared:
        yield Breach(Lands.INVALID, f"{inserted:,} vectors inserted", f"the {declared:,} that were declared")


@vectordb("5.2.2", "vdbIndexBuildCompleted")
def index_was_built_and_is_the_one_queried(record: Record, edition: Edition) -> Iterator[Breach]:
    """The load records the index that it built, and the run queries an index of that type.

    Reads: datagen.summary.index_type, summary.index_type (else config.index_type).
    """
    if _load_was_passed_over(record, edition):
        yield Breach(Lands.ADVICE, "the load left no summary.json", "a record of the index that was built")
        return
    built, queried = record.text("datagen.summary.index_type"), record.text(either(record, INDEX_TYPE))
    if built != queried:
        yield Breach(Lands.INVALID, f"built {built:.60}, queried {queried:.60}", "one index in both phases")


@vectordb("5.3.1", "vdbRunCount", scope="group", numbers="runs")
def exactly_five_runs(group: Group, edition: Edition) -> Iterator[Breach]:
    """A result is made of exactly five run directories; there is no warm-up.

    The load is not counted; nor are directories whose name begins with a dot. Reads: folders.run.
    """
    needed, runs = edition["vector_database.runs"], len(group.shared.items("folders.run"))
    if runs != needed:
        yield Breach(Lands.INVALID, f"{runs} run directories", f"exactly {needed}", "run")


@vectordb("5.3.2", "vdbRecallReported", numbers="minimum_recall")
def recall_is_reported(record: Record, edition: Edition) -> Iterator[Breach]:
    """The run reports its recall, and it is above the minimum.

    The text's table of minima was never written: above zero (mlcommons/storage#805, #820); x-vdb-low-recall says more.
    Of a table of recall figures the mean is taken. Reads: summary.recall, else recall_stats, else statistics.recall.
    """
    least, recall = edition["vector_database.minimum_recall"], recall_of(record)
    if not least < recall <= 1:
        yield Breach(Lands.INVALID, f"recall {recall:g}", f"above {least:g}, at most 1")


@vectordb("5.3.3", "vdbQueryCountMinimum", numbers="minimum_queries")
def enough_queries_were_asked(record: Record, edition: Edition) -> Iterator[Breach]:
    """The run says how many queries it asked, or what it can be worked out from, and they are enough.

    The text's table of minima was never written: at least one.
    Reads: summary.query_count, else summary.{throughput_qps,total_time_seconds}, else statistics.total_queries.
    """
    least, queries = edition["vector_database.minimum_queries"], queries_of(record)
    if queries < least:
        yield Breach(Lands.INVALID, f"{queries:g} queries", f"at least {least}")


@vectordb("5.3.4", "vdbMetricsReported", numbers="required_metrics")
def throughput_and_latencies_are_reported(record: Record, edition: Edition) -> Iterator[Breach]:
    """The run reports its throughput, and the mean, P95, P99 and P99.9 of latency.

    Reads: summary and statistics: throughput_qps, {mean,p95,p99,p999}_latency_ms.
    """
    for name in edition["vector_database.required_metrics"]:
        places = (f"summary.{name}", f"statistics.{name}")
        if (value := record.number(either(record, places))) < 0:
            yield Breach(Lands.INVALID, f"{name} {value:g}", "a number of zero or more")


@vectordb("5.3.5", "vdbGroundTruthIntegrity", numbers="ground_truth_coverage")
def ground_truth_is_complete(record: Record, edition: Edition) -> Iterator[Breach]:
    """Recall was measured against an exact copy of the whole collection.

    The tool's own word "valid" is ignored (mlcommons/storage#808). No verdict file was a warning during the round and
    is INVALID now; one without flat_setup (an old tool's) is only remarked on. Runs of this project look at the
    collection and at every answer too, and say what is wrong with them.
    Reads: result_verdict.flat_setup.{ok,coverage}, result_verdict.problems.
    """
    if record.has("result_verdict.problems"):
        for problem in record.items("result_verdict.problems"):
            yield Breach(Lands.INVALID, f"{problem!s:.300}", "the planned collection, and answers that can be right")
    if edition.as_of_round and not record.has("result_verdict"):
        yield Breach(Lands.ADVICE, "no result_verdict.json", "the record of the exact copy that recall was measured by")
    elif not record.table("result_verdict").get("flat_setup"):
        yield Breach(Lands.ADVICE, "the verdict file says nothing of the exact copy", "flat_setup in it")
    elif record.value("result_verdict.flat_setup.ok") is False:
        yield Breach(Lands.INVALID, "the exact copy failed", "flat_setup.ok")
    elif (coverage := record.number("result_verdict.flat_setup.coverage")) < (
        least := edition["vector_database.ground_truth_coverage"]
    ):
        yield Breach(Lands.INVALID, f"an exact copy of {coverage:.2%} of the vectors", f"{least:.0%}")


@vectordb("5.4.1", "vdbPathArgs")
def paths_are_given_and_differ(record: Record, edition: Edition) -> Iterator[Breach]:
    """The storage root and the results directory are both given and are not the same.

    Object storage is exempt; a warning during the round.
    Reads: args.{storage_root,results_dir}; older tools: args.data_dir, args.vdb_data_path.
    """
    if is_object(record):
        return
    root = record.text(either(record, ("args.storage_root", "args.data_dir", "args.vdb_data_path")))
    if root == record.text("args.results_dir"):
        yield Breach(Lands.INVALID, f"vectors and results both in {root}", "a --results-dir other than --storage-root")


@vectordb("5.4.2", "vdbFilesystemCheck")
def results_live_on_another_filesystem(record: Record, edition: Edition) -> Iterator[Breach]:
    """The storage under test and the results are on different filesystems, and the run has the evidence.

    Object storage is exempt; a warning during the round. Reads: fs_separation.same_filesystem.
    """
    if not is_object(record) and record.value("fs_separation.same_filesystem"):
        yield Breach(Lands.INVALID, "vectors and results share a filesystem", "a --results-dir on another filesystem")


@vectordb("5.5.1", "vdbObjectStorageBackend", numbers="object_backends object_backend_prefix")
def object_backend_is_recorded(record: Record, edition: Edition) -> Iterator[Breach]:
    """A run through the object API records an S3-compatible storage backend.

    Reads: system.system_under_test.solution.architecture.benchmark_API, args.data_access_protocol,
    summary.database.storage_backend.
    """
    if not is_object(record):
        return
    backend, known = record.text("summary.database.storage_backend"), edition["vector_database.object_backends"]
    prefix = edition["vector_database.object_backend_prefix"]
    if backend.lower() not in known and not backend.lower().startswith(prefix):
        yield Breach(Lands.INVALID, f"storage backend {backend:.60}", f"one of {', '.join(known)}, {prefix}*")


@vectordb("5.6.2", "vdbClosedDatabaseBackend", numbers="closed_database")
def closed_runs_milvus(record: Record, edition: Edition) -> Iterator[Breach]:
    """A CLOSED run queries Milvus.

    Reads: summary.database.database (else engine_folder, args.vdb_engine).
    """
    needed, database = edition["vector_database.closed_database"], database_of(record)
    if database != needed:
        yield Breach(Lands.OPEN, f"database {database:.60}", needed)


@vectordb("5.6.3", "vdbClosedIndexTypes", numbers="closed_index_types")
def closed_uses_a_listed_index(record: Record, edition: Edition) -> Iterator[Breach]:
    """A CLOSED run uses one of the listed index types, and its directory is named after it.

    Reads: index_folder, summary.index_type (else config.index_type).
    """
    allowed, folder = edition["vector_database.closed_index_types"], record.text("index_folder")
    index = record.text(either(record, INDEX_TYPE))
    if index not in allowed:
        yield Breach(Lands.OPEN, f"index type {index:.60}", f"one of {', '.join(allowed)}")
    elif index != folder:
        yield Breach(
            Lands.OPEN, f"index type {index:.60} in the directory {folder:.60}", "a directory named after the index"
        )


@vectordb("5.6.4", "vdbClosedSubmissionParameters", numbers="parameters")
def closed_changes_only_what_it_may(record: Record, edition: Edition) -> Iterator[Breach]:
    """A CLOSED run changes only the parameters on the edition's list, to the values listed there.

    Reads: overrides.
    """
    allowed = edition["vector_database.parameters"]
    for name, value in record.table("overrides").items():
        if name in allowed["open"]:
            yield Breach(Lands.OPEN, f"{name}={value!s:.60}", "this parameter as it is; only OPEN may change it")
        elif name in allowed["closed_values"] and str(value) not in allowed["closed_values"][name]:
            needs = f"{' or '.join(allowed['closed_values'][name])} for CLOSED"
            yield Breach(Lands.OPEN, f"{name}={value!s:.60}", needs)


@vectordb("5.6.5", "vdbOpenSubmissionParameters", numbers="parameters open_databases open_index_types closed_database")
def open_changes_only_what_it_may(record: Record, edition: Edition) -> Iterator[Breach]:
    """Any run changes only the parameters that CLOSED or OPEN list, on a supported database.

    The text demands a supported database and index, upstream does not look: we do. The parameters of a database other
    than Milvus cannot be listed: upstream warns, and so do we.
    Reads: overrides, summary.database.database (else engine_folder, args.vdb_engine), summary.index_type.
    """
    allowed, database = edition["vector_database.parameters"], database_of(record)
    milvus, index = database == edition["vector_database.closed_database"], record.text(either(record, INDEX_TYPE))
    if database not in (known := edition["vector_database.open_databases"]):
        yield Breach(Lands.INVALID, f"database {database:.60}", f"one of {', '.join(known)}")
    if milvus and index not in (known := edition["vector_database.open_index_types"]):
        yield Breach(Lands.INVALID, f"index type {index:.60}", f"one of {', '.join(known)}")
    for name in record.table("overrides"):
        if name not in (*allowed["closed"], *allowed["open"]):
            needs = "a parameter that CLOSED or OPEN lists" if milvus else "a word on what it changes"
            yield Breach(Lands.INVALID if milvus else Lands.ADVICE, f"{name!s:.60} changed", needs)


def _load_was_passed_over(record: Record, edition: Edition) -> bool:
    """Say whether the round's checker would have passed over this load, which left no summary."""
    return edition.as_of_round and not record.has("datagen.summary")
