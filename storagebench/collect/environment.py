"""Everything that is wrong with a machine for a plan, in one report before anything starts."""

import resource
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from storagebench.collect.agreement import DESCRIPTORS_APART
from storagebench.collect.filesystem import existing_parent, filesystem_of
from storagebench.collect.problem import Problem, refused
from storagebench.collect.volatile import VOLATILE
from storagebench.launch.mpirun import spread_ranks
from storagebench.model import Plan

DESCRIPTORS_PER_RANK = 4
"""A socket, two pipes, and the socket's other end while a rank starts."""


def problems(plan: Plan, *checks: Callable[[], object]) -> list[Problem]:
    """Return all that is wrong, what stops the run first; `checks` are a family's own, which raise what stops it."""
    found = [
        *_launcher(plan),
        *_storage_dir(plan),
        *_results_dir(plan),
        *_descriptors(plan),
        *refused(*checks),
    ]
    return sorted(found, key=lambda problem: not problem.stops)


def _launcher(plan: Plan) -> Iterator[Problem]:
    if plan.launcher == "mpi":
        yield from refused(lambda: spread_ranks(plan.hosts, plan.accelerators))


def _storage_dir(plan: Plan) -> Iterator[Problem]:
    if not Path(plan.storage_dir).is_dir() and not plan.quick:
        yield Problem(
            f"{plan.storage_option}={plan.storage_dir} is no directory: mount the storage or create it, so that a forgotten mount "
            "is never measured by mistake",
            stops=True,
        )
        return
    yield from _unwritable(plan.storage_option, plan.storage_dir)
    filesystem = filesystem_of(plan.storage_dir)
    if filesystem.type in VOLATILE:
        yield Problem(
            f"{plan.storage_option}={plan.storage_dir} is on {filesystem.type}, {VOLATILE[filesystem.type]}: figures will not "
            "be those of storage",
            stops=False,
        )


def _results_dir(plan: Plan) -> Iterator[Problem]:
    yield from _unwritable("--results-dir", plan.results_dir)
    data, results = existing_parent(plan.storage_dir), existing_parent(plan.results_dir)
    if data.stat().st_dev == results.stat().st_dev:
        yield Problem(
            f"--results-dir={plan.results_dir} is on the filesystem of {plan.storage_option} "
            f"({filesystem_of(str(data)).mount_point}): rule {plan.separation_rule} wants them apart",
            stops=False,
        )


def _unwritable(option: str, path: str) -> Iterator[Problem]:
    """Try a file without a name in the nearest folder that exists; permissions alone do not tell."""
    try:
        with tempfile.TemporaryFile(dir=existing_parent(path)):
            return
    except OSError as error:
        yield Problem(f"{option}={path} cannot be written: {error.strerror}; choose another", stops=True)


def _descriptors(plan: Plan) -> Iterator[Problem]:
    """Count for the process that needs most: a rank with its readers, or the launcher with its ranks."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    need = DESCRIPTORS_APART + max(plan.open_files_per_rank, DESCRIPTORS_PER_RANK * plan.accelerators)
    if limit != resource.RLIM_INFINITY and limit < need:
        yield Problem(f"{need:,} open files are needed and {limit:,} allowed: run `ulimit -n {need}` first", stops=True)
