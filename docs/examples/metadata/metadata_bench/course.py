"""The course of a metadata run: make, look at and remove files, and write down how fast that went."""

import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from storagebench.collect.cluster import collect
from storagebench.errors import EngineError, PlanError
from storagebench.launch import Launching, Tell
from storagebench.model import Cluster, Edition
from storagebench.plan import Wishes
from storagebench.plan.description import described
from storagebench.record.folder import leaf_parent
from storagebench.record.metadata import invocation, write_metadata
from storagebench.runs import document as common
from storagebench.runs.family import Family
from storagebench.runs.folder import opened
from storagebench.select import Point

from .plan import MetadataPlan, make_plan


class Metadata:
    """Nothing outlives a run."""

    name = "metadata"

    def plan(self, point: Point, wishes: Wishes, edition: Edition, cluster: Cluster, seed: int) -> MetadataPlan:
        """Make a point concrete."""
        return make_plan(point, wishes, edition, seed)

    def describe(self, plan: MetadataPlan) -> tuple[str, ...]:
        """Say how many files, and where."""
        return described(plan, [f"  files       {plan.files:,} below {plan.data_dir}"])

    def check(self, plan: MetadataPlan, cluster: Cluster) -> None:
        """Refuse more than the one process that there is."""
        if plan.accelerators != 1 or len(plan.hosts) != 1:
            raise PlanError(f"{plan.id}: one process on one host makes the files; leave --accelerators and --hosts out")

    def prepare(self, plan: MetadataPlan, cluster: Cluster, launching: Launching, tell: Tell) -> None:
        """Make the directory under test."""
        try:
            Path(plan.data_dir).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EngineError(
                f"{plan.data_dir}: cannot be made ({error.strerror}); choose another --data-dir"
            ) from None

    def run(self, plan: MetadataPlan, prepared: None, cluster: Cluster, launching: Launching, tell: Tell) -> Path:
        """Measure, and leave the record."""
        with opened(leaf_parent(plan, plan.workload.model, "run")) as folder:
            started = datetime.now(UTC)
            metrics = measure(plan.data_dir, plan.files)
            ended = datetime.now(UTC)
            write_metadata(folder, plan, "run", cluster, invocation(started, ended), {})
            folder.write_json("summary.json", metrics)
            found = {"engine": {"name": "metadata", "version": "1"}, "evidence": {}, "metrics": metrics}
            clusters = cluster, collect(plan.hosts, launching(None, None))
            folder.complete(common.document(plan, folder, (started, ended), clusters, found))
        return folder.path


def measure(data_dir: str, files: int) -> dict[str, float]:
    """Make, look at and remove files in a new directory; operations per second.

    Whoever made a file has its attributes in the client's cache, and nothing empties that in between: the rate of looking is
    that of the client, not of the storage.

    Raises:
        EngineError: the storage refused.
    """
    try:
        with tempfile.TemporaryDirectory(dir=data_dir) as folder:
            paths = [Path(folder, str(number)) for number in range(files)]
            return {
                "creates_per_s": _rate(Path.touch, paths),
                "stats_per_s": _rate(Path.stat, paths),
                "unlinks_per_s": _rate(Path.unlink, paths),
            }
    except OSError as error:
        raise EngineError(f"{error.filename}: {error.strerror}; choose another --data-dir or fewer files") from None


def _rate(operation: Callable[[Path], object], paths: Iterable[Path]) -> float:
    begin, count = time.perf_counter(), 0
    for path in paths:
        operation(path)
        count += 1
    return count / (time.perf_counter() - begin)


FAMILY: Family[MetadataPlan, None] = Metadata()
