"""The plan of a vector-database run: the collection, its index, the window, and what they take."""

from collections.abc import Iterator, Mapping
from typing import Any

from storagebench import parameters
from storagebench.errors import ConfigError, PlanError
from storagebench.model import (
    DATABASES,
    DEPTH,
    Cluster,
    Edition,
    Index,
    IndexType,
    Override,
    Prediction,
    Search,
    VectorDatabasePlan,
    Vectors,
    truth_bytes,
)
from storagebench.plan.chosen import chosen
from storagebench.plan.description import described, working
from storagebench.plan.wishes import VectorWishes, Wishes
from storagebench.select import Point
from storagebench.units import MIB, bytes_text, duration_text

RANK_BYTES = 160 * MIB
"""A process with numpy, the database's client and an open index, without its share of vectors."""
NEVER_BUILT_WITH = ("index_type", "metric_type")


def make_plan(point: Point, wishes: Wishes, edition: Edition, cluster: Cluster, seed: int) -> VectorDatabasePlan:
    """Make a point concrete on a cluster.

    Raises:
        ConfigError: an option or a parameter is wrong.
        PlanError: the point makes no sense with them.
    """
    overrides = wishes.overrides(point.workload)
    tree = parameters.with_values(
        point.workload.parameters, {name: override.value for name, override in overrides.items()}
    )
    vectors, asked = _vectors(tree, wishes.vectordb), wishes.vectordb
    index = _index(tree, overrides)
    search = _search(tree, asked)
    kind = DATABASES[index.database].indexes[index.type]
    for problem in _problems(vectors, index, kind, search):
        raise PlanError(f"{point.id}: {problem}")
    settings = {"run.num_query_processes": point.accelerators, "storage.storage_root": wishes.data_dir}
    told = {"benchmark.runtime": search.runtime_s, "dataset.num_vectors": vectors.num_vectors}
    tree = parameters.with_values(tree, settings | told | {"dataset.dimension": vectors.dimension})
    return VectorDatabasePlan(
        **chosen(point, wishes, edition),
        parameters=tree,
        overrides=overrides,
        settings=settings,
        prediction=_prediction(vectors, index, search, point.accelerators, len(cluster.hosts)),
        seed=seed,
        vectors=vectors,
        index=index,
        search=search,
        regime=asked.regime or _regime(index, kind, asked),
        dsn=asked.dsn,
        fresh=asked.fresh,
        data_dir=wishes.data_dir,
    )


def describe(plan: VectorDatabasePlan) -> tuple[str, ...]:
    """Say a plan in lines for a person: collection, index, window, and what they take."""
    vectors, index, search = plan.vectors, plan.index, plan.search
    built = ", ".join(f"{name} {value}" for name, value in index.parameters.items())
    effort = f"effort {search.effort}" if search.effort else f"the effort that reaches recall {search.target_recall:g}"
    resident = DATABASES[index.database].indexes[index.type].resident
    pace = f"at {search.rate:g} queries/s" if search.rate else "as fast as answers come"
    return described(
        plan,
        (
            (
                f"  collection  {vectors.num_vectors:,} {vectors.distribution} vectors of {vectors.dimension:,} dimensions, "
                f"{bytes_text(vectors.nominal_bytes)}, metric {vectors.metric}, as {plan.collection}"
            ),
            (
                f"  index       {index.type} of {index.database}"
                + (f" with {built}" if built else "")
                + (", resident in memory" if resident else "")
            ),
            (
                f"  run         {search.mode}, {duration_text(search.runtime_s)} after {duration_text(search.warm_up_s)} of "
                f"warm-up, {search.batch} queries a request, top {search.k}, {effort}, {pace}, {plan.regime}"
            ),
            *working(plan.prediction.working),
        ),
    )


def _vectors(tree: Mapping[str, Any], asked: VectorWishes) -> Vectors:
    dataset = dict(tree["dataset"])
    shape = {name: dataset[name] for name in ("latent", "clusters", "spread") if name in dataset}
    if asked.file:
        held = asked.file.count - tree["benchmark"]["query_pool"]
        if held < 1:
            raise ConfigError(
                f"--vdb-vectors: {asked.file.name} holds {asked.file.count:,} vectors, of which the last "
                f"{tree['benchmark']['query_pool']:,} are queries: lower benchmark.query_pool, or bring more"
            )
        dataset |= {"num_vectors": held, "dimension": asked.file.dimension, "distribution": "file"}
        shape |= {"file": asked.file.name, "file_digest": asked.file.digest}
    return Vectors(
        num_vectors=dataset["num_vectors"],
        dimension=dataset["dimension"],
        distribution=dataset["distribution"],
        metric=tree["index"]["metric_type"],
        seed=dataset.get("seed", 42),
        **shape,
    )


def _index(tree: Mapping[str, Any], overrides: Mapping[str, Override]) -> Index:
    """Take the index's own parameters; one of another index that the user gave is a mistake.

    Raises:
        ConfigError: there is no such index, or a parameter is not one of its own.
    """
    database, kind = tree["database"]["database"], tree["index"]["index_type"]
    indexes = DATABASES[database].indexes
    if kind not in indexes:
        raise ConfigError(f"index.index_type={kind}: {database} has no such index; choose one of {', '.join(indexes)}")
    known = indexes[kind].build
    for name in overrides:
        group, _, word = name.partition(".")
        if group == "index" and word not in (*known, *NEVER_BUILT_WITH):
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise ConfigError(
                f"--param {name}={overrides[name].value}: {kind} of {database} is not built with it; {takes}"
            )
    given = {name: tree["index"][name] for name in known if name in tree["index"]}
    for name, value in given.items():
        least, most = known[name]
        if not least <= value <= most:
            raise ConfigError(f"index.{name}={value}: {kind} of {database} takes {least:,} to {most:,}")
    if missing := next((name for name in known if name not in given), None):
        raise ConfigError(
            f"index.{missing} is missing: {kind} of {database} is built with it; give --param index.{missing}=…"
        )
    return Index(database, kind, given, tree["dataset"]["num_shards"])


def _search(tree: Mapping[str, Any], asked: VectorWishes) -> Search:
    benchmark, run = tree["benchmark"], tree["run"]
    return Search(
        k=benchmark["search_limit"],
        batch=run["batch_size"],
        pool=benchmark["query_pool"],
        scored=min(benchmark["scored_queries"], benchmark["query_pool"]),
        tuning=benchmark["tuning_queries"],
        effort=tree.get("search", {}).get("search_ef", 0),
        target_recall=asked.recall or benchmark["target_recall"],
        mode=run["mode"],
        runtime_s=float(asked.runtime_s or benchmark["runtime"]),
        queries=benchmark.get("queries", 0),
        warm_up_s=float(benchmark["warm_up"]),
        rate=asked.rate,
        quiet_s=float(benchmark["quiet"]),
    )


def _problems(vectors: Vectors, index: Index, kind: IndexType, search: Search) -> Iterator[str]:
    """Say what cannot be, worst first; nothing is made to fit in silence."""
    name, effort, built = f"{index.type} of {index.database}", search.effort, index.parameters
    listed = kind.effort in {"search_list", "list_size", "ef", "hnsw.ef_search", "num_candidates"}
    lists, chunks = built.get("lists", 0), built.get("pq_chunks", 0)
    wrong = {
        f"{name} knows no metric {vectors.metric}; it has {', '.join(kind.metrics)}": vectors.metric
        not in kind.metrics,
        (
            f"{name} takes {kind.most_dimensions:,} dimensions at most, not {vectors.dimension:,}; lower dataset.dimension "
            "or choose another database"
        ): vectors.dimension > kind.most_dimensions,
        (f"{search.k:,} neighbours of {vectors.num_vectors:,} vectors: lower benchmark.search_limit"): search.k
        > vectors.num_vectors,
        f"{search.k:,} neighbours: exact ones are kept of {DEPTH}; lower benchmark.search_limit": search.k > DEPTH,
        f"{chunks:,} chunks of {vectors.dimension:,} dimensions: lower index.pq_chunks": chunks > vectors.dimension,
        f"{lists:,} lists for {vectors.num_vectors:,} vectors: lower index.lists": lists > vectors.num_vectors,
        (f"search.search_ef={effort} is less than the {search.k} neighbours asked for: raise it"): listed
        and 0 < effort < search.k,
        f"search.search_ef={effort}: {name} has no search parameter; leave it out": effort and not kind.effort,
        f"search.search_ef={effort}: {name} takes {kind.most_effort:,} at most": kind.effort
        and effort > kind.most_effort,
        f"search.search_ef={effort} is more than the {lists:,} lists: lower it": lists and effort > lists,
        "run.mode=query_count needs benchmark.queries: give --param benchmark.queries=N": (
            search.mode == "query_count" and not search.queries
        ),
        "no query is left to tune by: lower benchmark.scored_queries, or give search.search_ef": (
            kind.effort and not effort and search.known <= search.scored
        ),
    }
    yield from (sentence for sentence, is_so in wrong.items() if is_so)


def _regime(index: Index, kind: IndexType, asked: VectorWishes) -> str:
    """Choose the most honest regime that needs no rights: past the caches, else with cold ones, else as they are."""
    database = DATABASES[index.database]
    if kind.resident or (database.server and (asked.dsn or not database.starts_itself)):
        return "warm"
    return "direct" if database.direct else "cold"


def _prediction(vectors: Vectors, index: Index, search: Search, ranks: int, hosts: int) -> Prediction:
    database = DATABASES[index.database]
    here = -(-ranks // hosts)
    disk = int(1.2 * database.disk_factor * vectors.nominal_bytes)
    queries = 4 * vectors.dimension * search.pool
    compressed = vectors.num_vectors * index.parameters.get("pq_chunks", 0)
    searching = here * (RANK_BYTES + queries + compressed)
    loading = here * (RANK_BYTES + queries + truth_bytes(search.known, vectors.dimension))
    building = RANK_BYTES + 2 * vectors.nominal_bytes if index.type == "DISKANN" and not database.server else 0
    memory = max(searching, loading, building)
    return Prediction(
        disk_bytes=disk,
        memory_bytes_per_host=memory,
        least_duration_s=search.warm_up_s + search.runtime_s,
        working=(
            f"disk: {bytes_text(vectors.nominal_bytes)} of vectors × {database.disk_factor:g} and a fifth = {bytes_text(disk)}",
            f"time: at least {duration_text(search.warm_up_s + search.runtime_s)} a run, beside load and build",
            (
                f"memory: the most of {bytes_text(loading)} to load with {here} ranks, {bytes_text(building)} to build, "
                f"{bytes_text(searching)} to search = {bytes_text(memory)}"
            ),
        ),
    )
