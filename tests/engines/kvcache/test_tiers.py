"""The logical cache: what it holds never passes its capacity, and memory in front only filters."""

from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.kvcache.nouns import Chunk
from storagebench.engines.kvcache.tiers import DELETE, DRAM, GET, HBM, MISS, PUT, STORAGE, LogicalCache
from storagebench.model import Tiers


def cache(hbm=0, dram=0, storage=10, placement="through", promote=True, eviction="lru"):
    return LogicalCache(
        Tiers(
            hbm_bytes=hbm,
            dram_bytes=dram,
            storage_bytes=storage,
            placement=placement,
            promote=promote,
            eviction=eviction,
        )
    )


def chunk(name, size=1):
    return Chunk(name, size, 1)


def kinds(steps):
    return [(step.kind, step.chunk.object) for step in steps]


def test_what_is_new_goes_to_the_storage_at_once_and_is_found_in_memory():
    tiers = cache(dram=2)
    assert kinds(tiers.write(chunk(1))) == [(PUT, 1)]
    assert tiers.find(chunk(1)) == DRAM
    assert tiers.write(chunk(1)) == []


def test_a_full_storage_deletes_the_oldest_before_it_writes():
    tiers = cache(storage=2)
    tiers.write(chunk(1))
    tiers.write(chunk(2))
    assert tiers.find(chunk(1)) == STORAGE  # which makes 2 the one used longest ago
    assert kinds(tiers.write(chunk(3))) == [(DELETE, 2), (PUT, 3)]


def test_first_in_first_out_does_not_mind_use():
    tiers = cache(storage=2, eviction="fifo")
    tiers.write(chunk(1))
    tiers.write(chunk(2))
    tiers.find(chunk(1))
    assert kinds(tiers.write(chunk(3))) == [(DELETE, 1), (PUT, 3)]


def test_demotion_writes_only_what_memory_pushes_out():
    tiers = cache(dram=2, placement="demote", promote=False)
    assert tiers.write(chunk(1)) == tiers.write(chunk(2)) == []
    assert kinds(tiers.write(chunk(3))) == [(PUT, 1)]
    assert tiers.find(chunk(1)) == STORAGE
    assert kinds(tiers.read(chunk(1))) == [(GET, 1)]
    assert tiers.find(chunk(1)) == STORAGE  # not promoted


def test_what_no_memory_can_hold_goes_straight_down():
    tiers = cache(hbm=1, dram=2, placement="demote", promote=False)
    assert kinds(tiers.write(chunk(1, 5))) == [(PUT, 1)]
    tiers.write(chunk(2))
    assert tiers.find(chunk(2)) == HBM


def test_a_hit_in_storage_is_copied_up():
    tiers = cache(dram=1)
    tiers.write(chunk(1))
    tiers.write(chunk(2))
    assert tiers.find(chunk(1)) == STORAGE
    tiers.read(chunk(1))
    assert tiers.find(chunk(1)) == DRAM


def test_what_can_never_fit_is_never_stored():
    tiers = cache(storage=3)
    assert tiers.write(chunk(1, 4)) == []
    assert tiers.find(chunk(1, 4)) == MISS


@given(
    st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=80),
    st.integers(0, 6),
    st.integers(0, 6),
    st.integers(1, 15),
    st.sampled_from(["through", "demote"]),
    st.booleans(),
    st.sampled_from(["lru", "fifo"]),
)
def test_steps_describe_exactly_what_the_storage_holds(asked, hbm, dram, storage, placement, promote, eviction):
    tiers = cache(hbm, dram, storage, placement, promote, eviction)
    held = {}
    for name, writes in asked:
        one = chunk(name, 1 + name % 4)
        where = tiers.find(one)
        steps = tiers.read(one) if where == STORAGE else tiers.write(one) if writes and where == MISS else []
        for kind, moved in steps:
            if kind == GET:
                assert moved.object in held
            elif kind == PUT:
                assert moved.object not in held
                held[moved.object] = moved.size_bytes
            else:
                del held[moved.object]
            assert sum(held.values()) <= tiers.peak_bytes <= storage
    assert sum(held.values()) == tiers.stored_bytes
    assert len(held) == tiers.stored_objects
