"""A rank that executes its whole plan with few threads and with many, however long it takes, and says what it did."""

from collections import Counter
from dataclasses import replace

from storagebench.engines.kvcache.load import Run
from storagebench.engines.kvcache.payload import Payload
from storagebench.engines.kvcache.samples import NEVER
from storagebench.engines.kvcache.share import fill_of, share_of
from storagebench.engines.kvcache.stores import Place, open_backend
from storagebench.engines.kvcache.trace import make_trace
from storagebench.engines.kvcache.workers import Executor
from storagebench.launch.communicator import run_rank
from storagebench.model import Stage
from storagebench.serial import from_json

PAYLOAD = Payload(7)


def done(run):
    """Count what was executed, by object, kind and version."""
    rows = run.trace.operations[run.samples.ended != NEVER]
    return Counter((int(row["object"]), int(row["kind"]), int(row["version"])) for row in rows)


def work(communicator):
    """Execute the plan once with each number of threads: the payload has stage, seed, cache directory and threads."""
    payload = communicator.payload()
    stage = from_json(Stage, payload["stage"])
    shared = stage.storing.keys == "shared"
    sharers = communicator.size if shared else 1
    trace = make_trace(stage, payload["seed"] + (0 if shared else communicator.rank), sharers)
    share = share_of(trace, communicator.rank, sharers)
    folder = f"{payload['folder']}/{'shared' if shared else communicator.rank}"
    each = [_execute(communicator, stage, share, folder, threads, shared) for threads in payload["threads"]]
    return {"plan": trace.sha256, "done": [[[*row, count] for row, count in sorted(one.items())] for one in each]}


def _execute(communicator, stage, share, folder, threads, shared):
    joins = shared and communicator.rank > 0
    place = Place(
        folder=folder, token=f"{threads}", storing=stage.storing, capacity_bytes=0, object_bytes=None, joins=joins
    )  # fmt: skip
    if joins:
        communicator.barrier()
    backend = open_backend(place)
    if not joins:
        communicator.barrier()

    def means():
        return [Executor(backend, PAYLOAD, stage.storing.part_bytes) for _ in range(threads)]

    Run(fill_of(share.trace), replace(stage.load, kind="closed"), [], means()).complete()
    communicator.barrier()
    run = Run(share, stage.load, means(), means(), backend.session() if shared else None)
    run.complete()
    communicator.barrier()
    return done(run)


if __name__ == "__main__":
    run_rank(work)
