"""A plan under execution: the same operations with any number of threads, in an order that holds."""

import threading
import time
from collections import Counter
from dataclasses import replace

import pytest

from storagebench.engines.kvcache.load import Run
from storagebench.engines.kvcache.payload import Payload
from storagebench.engines.kvcache.samples import NEVER
from storagebench.engines.kvcache.share import fill_of, share_of
from storagebench.engines.kvcache.stores import Place, StoreError, open_backend
from storagebench.engines.kvcache.stores.memory import MemoryBackend
from storagebench.engines.kvcache.tiers import DELETE
from storagebench.engines.kvcache.trace import make_trace
from storagebench.engines.kvcache.window import stored_peak
from storagebench.engines.kvcache.workers import Executor
from storagebench.errors import EngineError
from storagebench.units import MIB
from tests.engines.kvcache import stages

PAYLOAD = Payload(7)


def execute(stage, trace, backend, readers=4, writers=2, rank=0, size=1):
    """Fill and run a whole plan; return what was done."""
    share = share_of(trace, rank, size)

    def means(count):
        return [Executor(backend, PAYLOAD, stage.storing.part_bytes) for _ in range(count)]

    if len(share.trace.fill):
        Run(fill_of(share.trace), replace(stage.load, kind="closed"), [], means(2)).complete()
    run = Run(share, stage.load, means(readers), means(writers))
    run.complete()
    return run


def done(run):
    rows = run.trace.operations[run.samples.ended != NEVER]
    return Counter((int(row["object"]), int(row["kind"]), int(row["version"])) for row in rows)


@pytest.mark.parametrize("profile", ["chat", "rag", "v3"])
def test_threads_change_nothing_about_what_is_done(profile):
    stage = stages.edition_stage() if profile == "v3" else stages.stage(profile, prompts=50)
    stage = replace(stage, load=replace(stage.load, most_gib_per_s=0.1))
    trace = make_trace(stage, 42)
    alone, crowd = (execute(stage, trace, MemoryBackend(), n, n) for n in (1, 32))
    assert done(alone) == done(crowd)
    assert sum(done(alone).values()) == len(trace.operations)


@pytest.mark.parametrize("threads", [1, 16])
def test_never_more_is_stored_than_the_plan_says(threads):
    stage = stages.stage("chat")
    trace = make_trace(stage, 42)
    run = execute(stage, trace, MemoryBackend(), threads, threads)
    filled = sum(int(row["size_bytes"]) * (1 if row["kind"] == 1 else -1) for row in trace.fill)
    assert filled + stored_peak(run.trace, run.samples) <= trace.peak_bytes


class Held(MemoryBackend):
    """Memory that counts what it holds as a storage would: a write from its begin, a deletion once it is done."""

    def __init__(self):
        super().__init__()
        self.held_bytes = self.peak_bytes = 0
        self.counting = threading.Lock()

    def session(self):
        session = super().session()
        create, delete = session.create, session.delete

        def counted_create(name, size_bytes):
            self.count(size_bytes)
            create(name, size_bytes)

        def counted_delete(name):
            size_bytes = len(self.objects[name])
            delete(name)
            self.count(-size_bytes)

        session.create, session.delete = counted_create, counted_delete
        return session

    def count(self, change_bytes):
        with self.counting:
            self.held_bytes += change_bytes
            self.peak_bytes = max(self.peak_bytes, self.held_bytes)


@pytest.mark.parametrize("threads", [1, 16])
def test_the_storage_itself_never_holds_more_than_the_plan_says(threads):
    stage = stages.stage("chat", tiers={"storage_bytes": 24 * MIB})
    trace = make_trace(stage, 42)
    held = Held()
    execute(stage, trace, held, threads, threads)
    assert (trace.operations["kind"] == DELETE).any()
    assert 0 < held.peak_bytes <= trace.peak_bytes <= 24 * MIB


def test_no_operation_begins_before_those_it_must_wait_for():
    stage = stages.stage("chat")
    trace = make_trace(stage, 42)
    samples = execute(stage, trace, MemoryBackend(), 16, 16).samples
    written = {}
    for row, operation in enumerate(trace.operations):
        name = int(operation["object"])
        if operation["kind"] == 1:
            written[name] = row
        elif name in written:
            assert samples.started[row] >= samples.ended[written[name]]


def test_ranks_that_share_keys_do_together_what_one_does_alone():
    stage = stages.stage("chat", tiers={"storage_bytes": 1024 * MIB}, storing={"keys": "shared"})
    trace = make_trace(stage, 42)
    whole = done(execute(stage, trace, MemoryBackend()))
    assert sum(whole.values()) == len(trace.operations)
    parts = [share_of(trace, rank, 2).trace.operations for rank in range(2)]
    assert sum(map(len, parts)) == len(trace.operations)


@pytest.mark.parametrize(
    ("layout", "durability"),
    [("objects", "none"), ("objects", "data"), ("objects", "all"), ("slab", "none"), ("slab", "data")],
)
@pytest.mark.parametrize("direct", [True, False], ids=["direct", "buffered"])
def test_files_come_back_as_they_were_written_and_leave_nothing(tmp_path, layout, durability, direct):
    stage = stages.stage(
        "chat", storing={"layout": layout, "durability": durability, "direct": direct}, load={"most_gib_per_s": 0.05}
    )
    trace = make_trace(stage, 42)
    place = Place(
        folder=str(tmp_path),
        token="t",
        storing=stage.storing,
        capacity_bytes=stage.tiers.storage_bytes,
        object_bytes=int(trace.operations["size_bytes"][0]),
    )
    backend = open_backend(place)
    run = execute(stage, trace, backend)
    assert len(done(run)) > 0
    if layout == "objects":
        assert sum(1 for path in (tmp_path / "t").rglob("*") if path.is_file()) == trace.stored_objects
    backend.clear()
    assert list(tmp_path.iterdir()) == []


def test_what_was_swapped_on_the_storage_is_found_out(tmp_path):
    stage = stages.stage("chat")
    trace = make_trace(stage, 42)
    place = Place(
        folder=str(tmp_path),
        token="t",
        storing=stage.storing,
        capacity_bytes=stage.tiers.storage_bytes,
        object_bytes=None,
    )
    backend = open_backend(place)
    write, read = (Executor(backend, PAYLOAD, 128 * 1024) for _ in range(2))
    write.put(1, 3 * 131072, 1)
    write.put(2, 3 * 131072, 1)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    files[0].rename(files[1])
    with pytest.raises(Exception, match="block 0 is not what was written"):
        read.get(2, 3 * 131072, 1)
    assert len(trace.operations)


def test_the_same_object_of_another_run_is_not_taken_for_ours(tmp_path):
    stage = stages.stage("chat")
    mine, theirs = (
        open_backend(
            Place(folder=str(tmp_path), token=token, storing=stage.storing, capacity_bytes=0, object_bytes=None)
        )
        for token in ("mine", "theirs")
    )
    write = Executor(theirs, Payload(8), 128 * 1024)
    write.put(1, 131072, 1)
    read = Executor(mine, PAYLOAD, 128 * 1024)
    with pytest.raises(FileNotFoundError):
        read.get(1, 131072, 1)
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    path.rename(str(path).replace("theirs", "mine"))
    with pytest.raises(StoreError, match="block 0 is not what was written"):
        read.get(1, 131072, 1)
    mine.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def test_a_plan_that_is_too_short_for_its_window_says_so():
    stage = stages.stage("chat", load={"most_gib_per_s": 0.05, "window_s": 5.0, "warmup_s": 0.0})
    share = share_of(make_trace(stage, 42))
    backend = MemoryBackend()
    execute(stage, share.trace, backend)
    again = MemoryBackend()
    Run(fill_of(share.trace), replace(stage.load, kind="closed"), [], [Executor(again, PAYLOAD, MIB)]).complete()
    run = Run(share, stage.load, [Executor(again, PAYLOAD, MIB)], [Executor(again, PAYLOAD, MIB)])
    with pytest.raises(EngineError, match=r"raise load\.most_gib_per_s"):
        run.drive(time.perf_counter_ns(), lambda _: None)


def test_a_mistake_in_a_backend_ends_the_run_with_its_name(monkeypatch):
    def mistaken(self, part, offset):
        raise IndexError("a part too many")

    stage, backend = stages.stage("chat"), MemoryBackend()
    monkeypatch.setattr(type(backend.session()), "write", mistaken)
    with pytest.raises(EngineError, match=r"writing object \w{16} .* failed: IndexError: a part too many"):
        execute(stage, make_trace(stage, 42), backend)


def test_a_plan_without_requests_is_done_at_once():
    trace = make_trace(stages.stage("chat"), 42)
    nothing = share_of(
        replace(trace, operations=trace.operations[:0], requests=trace.requests[:0], fill=trace.fill[:0])
    )
    run = Run(nothing, stages.stage("chat").load, [], [Executor(MemoryBackend(), PAYLOAD, MIB)])
    run.complete()
    assert not done(run)
