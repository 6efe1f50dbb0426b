"""The databases that can be measured, by name; each module is loaded only when its database is asked for."""

import importlib

from storagebench import extensions
from storagebench.engines.vectordb.backend import Backend, Session, Target
from storagebench.errors import ConfigError
from storagebench.model import DATABASES, VectorDatabasePlan

HOMES = {name: f"storagebench.engines.vectordb.backends.{name}" for name in DATABASES}
"""Names as results trees have them, and the module whose BACKEND it is. Plugins add to them."""


def backend_of(name: str) -> Backend:
    """Return a database by its name.

    Raises:
        ConfigError: there is none of that name.
    """
    known = HOMES | extensions.modules("vector database")
    if name not in known:
        raise ConfigError(f"there is no database '{name}'; there are {', '.join(known)}")
    backend: Backend = importlib.import_module(known[name]).BACKEND
    return backend


def target_of(plan: VectorDatabasePlan) -> Target:
    """Return the collection that a plan is about."""
    return Target(
        name=plan.collection,
        folder=plan.collection_dir,
        dsn=plan.dsn,
        rows=plan.vectors.num_vectors,
        dimension=plan.vectors.dimension,
        metric=plan.vectors.metric,
        index=plan.index.type,
        parameters=plan.index.parameters,
        shards=plan.index.shards,
    )


def open_session(plan: VectorDatabasePlan) -> Session:
    """Open a session with the plan's database.

    Raises:
        ClusterError: it is not installed or does not answer.
    """
    return backend_of(plan.index.database).connect(target_of(plan))
