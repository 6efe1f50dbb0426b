"""A whole small plan against a server: every thread's bytes come back, and nothing stays."""

import socket
from contextlib import closing
from dataclasses import replace

import pytest

from storagebench.engines.kvcache.load import Run
from storagebench.engines.kvcache.payload import Payload
from storagebench.engines.kvcache.share import fill_of, share_of
from storagebench.engines.kvcache.stores import Place, open_backend
from storagebench.engines.kvcache.trace import make_trace
from storagebench.engines.kvcache.workers import Executor
from tests.engines.kvcache import stages

START_S = 30


def free_port():
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def store_of(backend, address):
    stage = stages.stage(
        "chat", storing={"backend": backend, "address": address}, load={"most_gib_per_s": 0.02, "fill_bytes": 4 << 20}
    )
    stage = replace(stage, tiers=replace(stage.tiers, dram_bytes=1 << 20, storage_bytes=8 << 20))
    place = Place(folder="rank_0", token="t", storing=stage.storing, capacity_bytes=0, object_bytes=None)
    return stage, open_backend(place)


def check(backend, address):
    """Run a whole small plan, then see that nothing is left."""
    stage, store = store_of(backend, address)
    trace, payload = make_trace(stage, 42), Payload(3)

    def means(count):
        return [Executor(store, payload, stage.storing.part_bytes) for _ in range(count)]

    Run(fill_of(trace), stage.load, [], means(2)).complete()
    Run(share_of(trace), stage.load, means(3), means(2)).complete()
    one = means(1)[0]
    with pytest.raises(FileNotFoundError):
        one.get(12345, 393_216, 1)
    one.put(12345, 393_216, 1)
    store.clear()
    with pytest.raises(FileNotFoundError):
        one.get(12345, 393_216, 1)
