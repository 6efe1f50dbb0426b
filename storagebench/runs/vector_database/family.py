"""Vector databases as a family: load, index, tune, and ask by the clock."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from storagebench.collect.filesystem import existing_parent, filesystem_of
from storagebench.engines.vectordb.databases import backend_of
from storagebench.engines.vectordb.direct import check_direct
from storagebench.engines.vectordb.regime import LEAST_CAP_BYTES, Cap
from storagebench.errors import ClusterError, ConfigError
from storagebench.launch import Launching, Tell
from storagebench.model import DATABASES, Cluster, Edition, VectorDatabasePlan
from storagebench.plan import Wishes, check_disk, check_memory
from storagebench.plan import vectordb as planning
from storagebench.runs.family import Family
from storagebench.runs.vector_database import course, preparation
from storagebench.runs.vector_database.preparation import Prepared
from storagebench.select import Point


class VectorDatabase:
    """Plan, collection, window."""

    name = "vector_database"

    def plan(self, point: Point, wishes: Wishes, edition: Edition, cluster: Cluster, seed: int) -> VectorDatabasePlan:
        """Take the collection as its point says."""
        return planning.make_plan(point, wishes, edition, cluster, seed)

    def describe(self, plan: VectorDatabasePlan) -> tuple[str, ...]:
        """Say collection, index and window."""
        return planning.describe(plan)

    def check(self, plan: VectorDatabasePlan, cluster: Cluster) -> None:
        """Refuse a database that is not installed or does not answer, what cannot fit, and storage that only caches.

        Raises:
            PlanError: it fits neither memory nor disk.
            ClusterError: the database is not named, does not answer, or cannot do what is asked.
            ConfigError: a server is named for a database that has none.
        """
        database = DATABASES[plan.index.database]
        check_memory(plan, cluster, "lower --accelerators, benchmark.scored_queries or dataset.num_vectors")
        if not Path(plan.collection_dir).exists():
            check_disk(plan, filesystem_of(plan.data_dir).free_bytes)
        if database.server and not plan.dsn and not database.starts_itself:
            raise ClusterError(
                f"--vdb-dsn is missing: {plan.index.database} is a server that you run; name it as {database.server}"
            )
        if plan.dsn and not database.server:
            raise ConfigError(f"--vdb-dsn={plan.dsn}: {plan.index.database} lives in the process and has no server")
        if len(plan.hosts) > 1 and database.server and not plan.dsn:
            raise ClusterError(
                f"--vdb-dsn is missing: many hosts need a server of {plan.index.database} that all reach"
            )
        if plan.regime == "direct" and not database.direct:
            raise ClusterError(
                f"--vdb-regime=direct: {plan.index.database} does not read past the page cache; choose cold"
            )
        if plan.regime in {"cold", "capped"} and database.server and not database.starts_itself:
            raise ClusterError(
                f"--vdb-regime={plan.regime}: the files of {plan.index.database} are its server's; empty its host's caches "
                "there, and choose warm"
            )
        if plan.regime == "capped":
            Cap("check", LEAST_CAP_BYTES).release()
        backend_of(plan.index.database).version(plan.dsn)
        if database.direct:
            check_direct(existing_parent(plan.data_dir))

    def prepare(self, plan: VectorDatabasePlan, cluster: Cluster, launching: Launching, tell: Tell) -> Prepared:
        """Load and index the collection where it is missing, and find the effort."""
        with served(plan) as reached:
            return preparation.prepare(reached, cluster, launching, tell)

    def run(
        self, plan: VectorDatabasePlan, prepared: Prepared, cluster: Cluster, launching: Launching, tell: Tell
    ) -> Path:
        """Ask for the length of the window."""
        with served(plan) as reached:
            return course.run(reached, prepared, cluster, launching, tell)


@contextlib.contextmanager
def served(plan: VectorDatabasePlan) -> Iterator[VectorDatabasePlan]:
    """Start the server of a plan that names none, and stop it afterwards; yield the plan with its DSN."""
    if not DATABASES[plan.index.database].starts_itself or plan.dsn:
        yield plan
        return
    from storagebench.engines.vectordb.postgres import running

    with running(plan.data_dir) as dsn:
        yield dataclasses.replace(plan, dsn=dsn)


FAMILY: Family[VectorDatabasePlan, Prepared] = VectorDatabase()
