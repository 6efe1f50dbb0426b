"""One benchmark at a time under xdist: all items of `suites/` go to one worker, in order.

xdist's own groups (`--dist loadgroup`) cannot promise that: with pytest 9.2 and xdist 3.8 they are silently ignored
(pytest-dev/pytest-xdist#1386), and the user would have to ask for them.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

SUITES = "suites"
PARALLEL = "submission"
"""The folder below `suites/` whose items only read records, and may run side by side."""


def scope_of(nodeid: str) -> str:
    """Name the group that an item runs in: one for all benchmarks, one of its own for anything else."""
    parts = nodeid.split("::", 1)[0].split("/")
    return SUITES if parts[0] == SUITES and parts[1:2] != [PARALLEL] else nodeid


def selects_benchmarks(config: pytest.Config) -> bool:
    """Say whether the command line names a folder or file below `suites/` that holds benchmarks."""
    start = config.invocation_params.dir
    return any(_holds_benchmarks(start / arg.split("::", 1)[0], config.rootpath) for arg in config.args)


def _holds_benchmarks(path: Path, root: Path) -> bool:
    suites = (root / SUITES).resolve()
    path = path.resolve()
    return path.is_relative_to(suites) and not path.is_relative_to(suites / PARALLEL)


def make_scheduler(config: pytest.Config, log: Any) -> "LoadScopeScheduling | None":
    """Return a scheduler that keeps benchmarks together; None leaves a session without any to xdist's default."""
    if not selects_benchmarks(config):
        return None
    from xdist.scheduler import LoadScopeScheduling

    class OneBenchmarkAtATime(LoadScopeScheduling):  # type: ignore[misc]  # xdist is imported untyped
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

    return OneBenchmarkAtATime(config, log)
