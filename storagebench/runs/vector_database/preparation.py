"""What outlives a run: the collection with its exact neighbours, the effort that was found, and the leaves that say so."""

import contextlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from storagebench.engines.vectordb import native
from storagebench.engines.vectordb.databases import open_session
from storagebench.engines.vectordb.load import truth_path
from storagebench.engines.vectordb.outcome import Loaded, Tuned
from storagebench.errors import DatasetError, StorageBenchError
from storagebench.launch import Launcher, Launching, Tell
from storagebench.model import DATABASES, Cluster, VectorDatabasePlan
from storagebench.record import RunFolder
from storagebench.record.folder import leaf_parent
from storagebench.record.metadata import invocation
from storagebench.runs.vector_database.leaf import datagen_summary, write_phase
from storagebench.serial import from_json, to_json


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run needs to know of the collection; stamps are those of its datasize and datagen leaves."""

    loaded: Loaded
    tuned: Tuned | None
    datasize: str
    datagen: str


def prepare(plan: VectorDatabasePlan, cluster: Cluster, launching: Launching, tell: Tell) -> Prepared:
    """Make sure that the collection is there and whole, its exact neighbours known, and the effort found.

    Raises:
        ClusterError, DatasetError, EngineError: it cannot be loaded, or a collection of that name is not ours.
        RecordError: the results directory cannot be written.
    """
    datasize = _datasize_leaf(plan, cluster)
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        launcher = launching(stdout, stderr)
        loaded = _collection(plan, launcher, tell)
        datagen = _datagen_leaf(plan, cluster, loaded, stdout, stderr)
        return Prepared(loaded, _effort(plan, loaded, launcher, tell), datasize, datagen)


def _collection(plan: VectorDatabasePlan, launcher: Launcher, tell: Tell) -> Loaded:
    """Return what a whole collection says of itself; load one that is missing or was broken off."""
    with open_session(plan) as session:
        label = session.label()
        if label == "" or (label is not None and plan.fresh):
            session.drop()
            label = None
    truth = not truth_path(plan).exists()
    if label is None:
        with _gone_on_failure(plan):
            loaded = native.load(plan, launcher, tell, insert=True, truth=truth)
        assert loaded is not None
        return loaded
    loaded = _read(label, plan)
    if truth:
        native.load(plan, launcher, tell, insert=False, truth=True)
    return loaded


@contextlib.contextmanager
def _gone_on_failure(plan: VectorDatabasePlan) -> Iterator[None]:
    """Drop what there is of a collection when its load is stopped by whatever: ranks that were killed cannot."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(StorageBenchError, OSError), open_session(plan) as session:
            session.drop()
        for part in Path(plan.collection_dir).glob(".truth-*.npz"):
            part.unlink(missing_ok=True)
        raise


def _read(label: str, plan: VectorDatabasePlan) -> Loaded:
    try:
        return from_json(Loaded, json.loads(label))
    except (ValueError, TypeError, KeyError):
        raise DatasetError(
            f"{plan.index.database} holds a collection {plan.collection} that this project did not make: "
            "--vdb-fresh drops it"
        ) from None


def _effort(plan: VectorDatabasePlan, loaded: Loaded, launcher: Launcher, tell: Tell) -> Tuned | None:
    """Find the least effort for the plan's recall; repeats of a run go by what the first of them found."""
    if plan.search.effort or not DATABASES[plan.index.database].indexes[plan.index.type].effort:
        return None
    search = plan.search
    key = f"{search.target_recall:g}-{search.k}-{search.scored}-{search.known}"
    file = Path(plan.collection_dir, f"tuned-{key}.json")
    made = {"collection": loaded.started_at, "version": loaded.database_version}
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        if held["made"] == made:
            return from_json(Tuned, held["tuned"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or of another collection
    tell({"kind": "progress", "stage": "tune", "done": 0, "total": 1, "unit": "efforts", "bytes": 0})
    tuned = native.tune(plan, launcher, tell)
    part = file.with_name(f".{file.name}.part")
    part.write_text(json.dumps({"made": made, "tuned": to_json(tuned)}), encoding="utf-8")
    part.replace(file)
    return tuned


def _datasize_leaf(plan: VectorDatabasePlan, cluster: Cluster) -> str:
    """Return the stamp of the leaf that holds this collection's size; make it if there is none."""
    parent = leaf_parent(plan, plan.index.database, plan.index.type, "datasize")
    for leaf in sorted(parent.iterdir(), reverse=True) if parent.is_dir() else []:
        if _collection_of(leaf) == plan.collection:
            return leaf.name
    folder = RunFolder.create(parent)
    write_phase(folder, plan, "datasize", cluster, invocation())
    folder.settle()
    return folder.stamp


def _datagen_leaf(
    plan: VectorDatabasePlan, cluster: Cluster, loaded: Loaded, stdout: BinaryIO, stderr: BinaryIO
) -> str:
    """Return the stamp of the leaf that holds the collection's load; make it from its label if there is none."""
    parent = leaf_parent(plan, plan.index.database, plan.index.type, "datagen")
    started, ended = (datetime.fromisoformat(moment) for moment in (loaded.started_at, loaded.ended_at))
    stamp = started.astimezone().strftime("%Y%m%d_%H%M%S")
    if _collection_of(parent / stamp) == plan.collection:
        return stamp
    folder = RunFolder.create(parent, started.timestamp())
    write_phase(folder, plan, "datagen", cluster, invocation(started, ended))
    folder.write_json("summary.json", datagen_summary(plan, loaded))
    folder.write_json("collection.json", to_json(loaded))
    for name, stream in (("stdout", stdout), ("stderr", stderr)):
        stream.seek(0)
        folder.write_text(f"vdb_datagen.{name}.log", stream.read().decode("utf-8", errors="replace"))
    folder.settle()
    return folder.stamp


def _collection_of(leaf: Path) -> str | None:
    """Return the collection that a phase's leaf is about, None when it does not say."""
    for file in sorted(leaf.glob("*_metadata.json")):
        try:
            name: str = json.loads(file.read_text(encoding="utf-8"))["args"]["collection"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        return name
    return None
