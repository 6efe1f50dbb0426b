"""Objects of other ranks are looked for by one thread, which passes on what is there and says what never comes."""

import threading
from queue import SimpleQueue

import numpy as np
import pytest

from storagebench.engines.kvcache import lookout as module
from storagebench.engines.kvcache.lookout import Lookout
from storagebench.engines.kvcache.samples import Samples
from storagebench.engines.kvcache.stores import StoreError
from storagebench.engines.kvcache.stores.memory import MemoryBackend
from storagebench.engines.kvcache.tiers import GET
from storagebench.engines.kvcache.trace import OPERATION, REQUEST, RESTORE, Trace

PATIENCE_S = 60


class Watched:
    """A lookout over two reads, of objects 1 and 2, in a storage that is memory."""

    def __init__(self):
        rows = np.array([(name, 4096, 0, 1, 0, GET, RESTORE) for name in (1, 2)], OPERATION)
        self.store = MemoryBackend()
        self.hands = self.store.session()
        self.coming, self.reads, self.stopping = SimpleQueue(), SimpleQueue(), threading.Event()
        self.samples = Samples(2, 1)
        trace = Trace(rows, np.zeros(1, REQUEST), rows[:0], 0, 0)
        self.lookout = Lookout(trace, self.hands, self.coming, self.reads, self.samples, self.stopping)

    def write(self, name):
        session = self.store.session()
        session.create(name, 4096)
        session.commit()


@pytest.fixture
def watched():
    watched = Watched()
    yield watched
    watched.stopping.set()
    watched.lookout.stop()


def test_what_is_there_is_passed_on_and_what_is_not_waits_without_holding_it_up(watched):
    watched.write(2)
    watched.lookout.start()
    watched.coming.put(0)
    watched.coming.put(1)
    assert watched.reads.get(timeout=PATIENCE_S) == 1
    assert watched.samples.ready[1] > 0
    assert watched.samples.ready[0] == 0
    watched.write(1)
    assert watched.reads.get(timeout=PATIENCE_S) == 0
    assert watched.samples.ready[0] > watched.samples.ready[1]


def test_an_object_that_never_comes_is_named(watched, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.01)
    watched.lookout.start()
    watched.coming.put(1)
    assert watched.stopping.wait(PATIENCE_S)
    watched.lookout.stop()
    assert watched.lookout.failure == (
        "reading object 0000000000000002 (4.00 KiB) failed: another rank has not written it within 0 s"
    )


def test_a_storage_that_cannot_be_looked_into_ends_the_run(watched, monkeypatch):
    def fails(name, size_bytes):
        raise StoreError("it is on fire")

    monkeypatch.setattr(watched.hands, "open", fails)
    watched.lookout.start()
    watched.coming.put(0)
    assert watched.stopping.wait(PATIENCE_S)
    watched.lookout.stop()
    assert watched.lookout.failure == "looking for an object of another rank failed: it is on fire"
