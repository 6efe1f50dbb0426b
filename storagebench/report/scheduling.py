"""One benchmark at a time under xdist: all items of `suites/` and of families from plugins go to one worker, in order.

xdist's own groups (`--dist loadgroup`) cannot promise that: with pytest 9.2 and xdist 3.8 they are silently ignored
(pytest-dev/pytest-xdist#1386), and the user would have to ask for them.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

SUITES = "suites"
PARALLEL = "submission"
"""The folder below `suites/` whose items only read records, and may run side by side."""


class Homes:
    """Where benchmarks are: `suites/` and the folders that plugins add, but not where records are merely read."""

    def __init__(self, root: Path, added: Iterable[Path] = ()) -> None:
        self._root = root
        self._folders = [(root / SUITES).resolve(), *(folder.resolve() for folder in added)]
        self._parallel = self._folders[0] / PARALLEL

    def hold(self, path: Path) -> bool:
        """Say whether a folder or file holds benchmarks."""
        path = path.resolve()
        return any(map(path.is_relative_to, self._folders)) and not path.is_relative_to(self._parallel)

    def scope_of(self, nodeid: str) -> str:
        """Name the group that an item runs in: one for all benchmarks, one of its own for anything else.

        Pytest names a file outside of its root by what follows the folder that was asked for.
        """
        name = nodeid.split("::", 1)[0]
        outside = (folder / name for folder in self._folders[1:])
        return SUITES if self.hold(self._root / name) or any(path.is_file() for path in outside) else nodeid


def make_scheduler(config: pytest.Config, log: Any, added: Iterable[Path]) -> "LoadScopeScheduling | None":
    """Return a scheduler that keeps benchmarks together; None leaves a session without any to xdist's default.

    A session has some when its command line names a folder or file that holds them; `added` are those of plugins.
    """
    homes, start = Homes(config.rootpath, added), config.invocation_params.dir
    if not any(homes.hold(start / arg.split("::", 1)[0]) for arg in config.args):
        return None
    from xdist.scheduler import LoadScopeScheduling

    class OneBenchmarkAtATime(LoadScopeScheduling):  # type: ignore[misc]  # xdist is imported untyped
        def _split_scope(self, nodeid: str) -> str:
            return homes.scope_of(nodeid)

    return OneBenchmarkAtATime(config, log)
