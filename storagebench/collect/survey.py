"""What each host sees of what they must share: the storage, the checkout, the interpreter with its packages."""

import contextlib
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storagebench.collect import Collector, probe
from storagebench.collect.cluster import ask
from storagebench.collect.versions import CHECKOUT
from storagebench.model import Plan

SENTINEL = ".storagebench-sentinel-"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one host, named as the user did, sees; `answer` is the probe's."""

    host: str
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Survey:
    """What the launch host sees, what each host of the run sees, and the sentinel's text (None: none was laid)."""

    here: Sight
    hosts: tuple[Sight, ...]
    sentinel: str | None


def survey(plan: Plan, collector: Collector) -> Survey:
    """Lay a sentinel into the storage under test, ask every host what it sees, and take the sentinel away.

    Raises:
        ClusterError: a host does not answer.
    """
    with _sentinel(plan.storage_dir) as (path, text):
        asked = {
            "paths": [plan.storage_dir, plan.results_dir],
            "sentinel": path,
            "python": sys.executable,
            "checkout": str(CHECKOUT / "storagebench"),
        }
        here = Sight("this host", probe.answer(asked))
        answers = ask(plan.hosts, asked, collector)
    seen = (Sight(host.name, answer) for host, answer in zip(plan.hosts, answers, strict=True))
    return Survey(here, tuple(seen), text)


@contextlib.contextmanager
def _sentinel(folder: str) -> Iterator[tuple[str, str | None]]:
    """Lay a file of a new name: no host can have it, or its absence, in a cache."""
    path, text = Path(folder, SENTINEL + uuid.uuid4().hex), uuid.uuid4().hex
    try:
        path.write_text(text, encoding="utf-8")
    except OSError:  # there is no such folder, or nobody may write there: the environment's other checks say it
        yield str(path), None
        return
    try:
        yield str(path), text
    finally:
        path.unlink(missing_ok=True)
