"""One channel for progress, one drawer for it.

Whoever runs an item appends JSON lines to the channel's file; the main process tails the file and draws: a live line
below pytest's own on a terminal, plain lines every ten seconds elsewhere. Workers of xdist get the path of the file
in their `workerinput`. A fixture uses it as::

    with open_progress(request.config).item(plan.id) as tell:
        engine.run(plan, launcher, tell)

A context manager around the run and no fixture of its own, because pytest prints the verdict before fixtures end.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from storagebench.report.drawer import Drawer

WORKERINPUT = "storagebench_progress"


class Item:
    """The writer for one item: a context manager that is itself the `Tell` to hand to launchers and engines."""

    def __init__(self, progress: "Progress", item: str) -> None:
        self._progress = progress
        self._item = item

    def __enter__(self) -> Self:
        self({"kind": "start"})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self({"kind": "stop"})
        self._progress.settle()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Append an event; never fails the run that it tells of."""
        self._progress.append({**event, "item": self._item, "at": time.time()})


class Progress:
    """The file that all processes of a session append to, with the drawer in the process that owns the terminal."""

    def __init__(self, path: str, drawer: Drawer | None = None) -> None:
        self.path = path
        self.drawer = drawer

    def item(self, name: str) -> Item:
        """Return the writer for one item, to be entered around its run."""
        self.draw()
        return Item(self, name)

    def append(self, event: Mapping[str, Any]) -> None:
        """Append one JSON line in a single write, so that lines of several processes never mix."""
        line = json.dumps(event, default=str) + "\n"
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        except OSError:  # the session is over and took the file along: nobody is left to look
            return
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)

    def draw(self) -> None:
        """Start drawing, if this process draws and has not started yet."""
        if self.drawer is not None:
            self.drawer.start()

    def settle(self) -> None:
        """Wait until everything written so far is drawn, and the live line gone: pytest may print now."""
        if self.drawer is not None:
            self.drawer.tick()

    @contextmanager
    def hidden(self, *, prints: bool = True, verdict: bool = False) -> Iterator[None]:
        """Keep the live line off the terminal while pytest prints, perhaps a verdict behind an item's name."""
        if self.drawer is None:
            yield
            return
        with self.drawer.hidden(prints=prints, verdict=verdict):
            yield

    def end(self) -> None:
        """Stop drawing for good; pytest has the terminal to itself."""
        if self.drawer is not None:
            self.drawer.close()

    def close(self) -> None:
        """Stop drawing and remove the file; a worker leaves both to the main process."""
        self.end()
        if self.drawer is not None:
            Path(self.path).unlink()


PROGRESS = pytest.StashKey[Progress]()


def open_progress(config: pytest.Config) -> Progress:
    """Return the session's channel; the plugin opens it in `pytest_configure`, when descriptor 1 is the terminal."""
    if PROGRESS not in config.stash:
        config.stash[PROGRESS] = _inherited(config) or _owned(config)
    return config.stash[PROGRESS]


def _inherited(config: pytest.Config) -> Progress | None:
    path = getattr(config, "workerinput", {}).get(WORKERINPUT)
    return Progress(path) if path is not None else None


def _owned(config: pytest.Config) -> Progress:
    file, path = tempfile.mkstemp(prefix="storagebench-progress-", suffix=".jsonl")
    os.close(file)
    terminal = os.dup(1)
    live = os.isatty(terminal) and os.environ.get("TERM", "dumb") != "dumb"
    drawer = Drawer(path, lambda text: _put(terminal, text), live=live, width=lambda: _columns(terminal))
    progress = Progress(path, drawer)
    config.add_cleanup(lambda: os.close(terminal))
    config.add_cleanup(progress.close)  # cleanups run last in, first out
    return progress


def _put(terminal: int, text: str) -> None:
    os.write(terminal, text.encode(errors="replace"))


def _columns(terminal: int) -> int:
    try:
        return os.get_terminal_size(terminal).columns or 80
    except OSError:
        return 80
