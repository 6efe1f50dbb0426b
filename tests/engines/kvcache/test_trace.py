"""The plan: the same bytes for the same seed, everywhere and for ever, and true to what it says of itself."""

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from storagebench.engines.kvcache.share import share_of
from storagebench.engines.kvcache.tiers import GET, PUT
from storagebench.engines.kvcache.trace import make_trace
from storagebench.errors import ConfigError, PlanError
from storagebench.units import GIB, MIB
from tests.engines.kvcache import stages

STAGES = {
    "chat": stages.stage("chat"),
    "burst": stages.stage("burst", burstiness=4.0),
    "rag": stages.stage("rag", prompts=200),
    "v3": stages.edition_stage(),
    "decode": stages.stage("chat", mode="decode"),
    "prefill": stages.stage("chat", mode="prefill"),
    "padded": stages.stage("chat", partial_chunks="padded"),
}

GOLDEN = {
    "chat 1": "95420c2b3155f8a9",
    "chat 42": "a5ce7fe654160378",
    "chat 1099511627776": "5692ce1043a6babc",
    "burst 1": "c2c601dbf83294c1",
    "burst 42": "2e2616210ca52fce",
    "burst 1099511627776": "154eb2d6c43416af",
    "rag 1": "6791ae7d5a9bf8e6",
    "rag 42": "2d032957a3db2163",
    "rag 1099511627776": "2a56276b636cb639",
    "v3 1": "c5948dfd355e94c3",
    "v3 42": "b87ea3a291eca115",
    "v3 1099511627776": "e68989669bb43a92",
    "decode 1": "e0444e9d406529a1",
    "decode 42": "897aba4b4a4e749d",
    "decode 1099511627776": "c4c0724ada2163bf",
    "prefill 1": "1c7ec7810ecbfdee",
    "prefill 42": "3cc217c39709d5e0",
    "prefill 1099511627776": "9a0bc5ed979ac457",
    "padded 1": "1b2fe17fabe0cc29",
    "padded 42": "0fed2d781d27246c",
    "padded 1099511627776": "09697a58528dea00",
}


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name in STAGES for seed in (1, 42, 2**40)])
def test_the_plan_of_a_seed_never_changes(name, seed):
    assert make_trace(STAGES[name], seed).sha256[:16] == GOLDEN[f"{name} {seed}"]


def test_another_process_with_another_hash_seed_makes_the_same_plan():
    script = "from tests.engines.kvcache import stages; from storagebench.engines.kvcache.trace import make_trace; print(make_trace(stages.stage('chat'), 42).sha256)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONHASHSEED": "123", "PYTHONPATH": ":".join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == make_trace(STAGES["chat"], 42).sha256


@pytest.mark.parametrize("name", STAGES)
def test_reads_follow_writes_and_the_peak_is_exact(name):
    trace = make_trace(STAGES[name], 7)
    held, peak = {}, 0
    for table in (trace.fill, trace.operations):
        for row in table:
            kind, thing = row["kind"], int(row["object"])
            if kind == PUT:
                assert thing not in held
                held[thing] = (int(row["size_bytes"]), int(row["version"]))
            elif kind == GET:
                assert held[thing] == (int(row["size_bytes"]), int(row["version"]))
            else:
                del held[thing]
            peak = max(peak, sum(size for size, _ in held.values()))
    assert peak == trace.peak_bytes <= STAGES[name].tiers.storage_bytes
    assert len(held) == trace.stored_objects


@pytest.mark.parametrize("name", STAGES)
def test_requests_know_their_rows_and_come_in_the_order_of_their_due_times(name):
    trace = make_trace(STAGES[name], 7)
    assert trace.requests["operations"].sum() == len(trace.operations)
    assert (trace.requests["due_ns"][1:] >= trace.requests["due_ns"][:-1]).all()
    assert trace.requests["due_ns"][0] == 0
    for number, row in enumerate(trace.requests):
        own = trace.operations[row["first"] : row["first"] + row["operations"]]
        assert (own["request"] == number).all()
        assert (own["part"][1:] >= own["part"][:-1]).all()


def test_a_closed_plan_is_as_long_as_the_fastest_storage_needs():
    stage = STAGES["chat"]
    trace = make_trace(stage, 7)
    assert trace.moved_bytes(GET) + trace.moved_bytes(PUT) >= stage.most_bytes


def test_an_open_plan_covers_warm_up_and_window_at_its_rate():
    stage = stages.stage("chat", load={"kind": "open", "rate": 2.0, "warmup_s": 1.0, "window_s": 4.0})
    trace = make_trace(stage, 7)
    assert 8e9 < trace.requests["due_ns"][-1] <= 10e9


def test_modes_read_and_write_what_they_are_named_after():
    assert make_trace(STAGES["decode"], 7).moved_bytes(PUT) == 0
    assert make_trace(STAGES["prefill"], 7).moved_bytes(GET) == 0


def test_the_fill_is_written_before_anything_counts():
    trace = make_trace(STAGES["chat"], 7)
    written = trace.fill["size_bytes"][trace.fill["kind"] == PUT].sum()
    assert STAGES["chat"].load.fill_bytes <= written
    assert GET not in trace.fill["kind"]


def test_edition_3_reads_each_object_again_while_it_decodes():
    trace = make_trace(STAGES["v3"], 7)
    for row in trace.requests[:50]:
        own = trace.operations[row["first"] : row["first"] + row["operations"]]
        again = (own["part"] == 2).sum()
        assert again == (0 if row["input_tokens"] >= 10_000 else 1 + -(-int(row["output_tokens"]) // 32))


def test_what_memory_holds_asks_nothing_of_the_storage():
    reads = [make_trace(stages.stage("chat", tiers={"dram_bytes": size}), 7).moved_bytes(GET) for size in (0, 64 * MIB)]
    assert reads[0] > 0
    assert make_trace(stages.stage("chat", tiers={"dram_bytes": 64 * MIB, "storage_bytes": 64 * MIB}), 7).hit_ratio


def test_shares_of_ranks_are_the_whole_plan():
    stage = stages.stage("chat", tiers={"storage_bytes": 4 * GIB}, storing={"keys": "shared"})
    trace = make_trace(stage, 7, 3)
    whole = Counter((int(row["object"]), int(row["kind"])) for row in trace.operations)
    parts = Counter()
    for rank in range(3):
        share = share_of(trace, rank, 3)
        parts.update((int(row["object"]), int(row["kind"])) for row in share.trace.operations)
        for number, row in enumerate(share.trace.requests):
            assert (share.trace.operations["request"][row["first"] : row["first"] + row["operations"]] == number).all()
    assert parts == whole
    written = {int(row["object"]) for row in share_of(trace, 0, 3).trace.operations if row["kind"] == PUT}
    share = share_of(trace, 1, 3)
    assert all(
        foreign
        for foreign, row in zip(share.foreign, share.trace.operations, strict=True)
        if row["kind"] == GET and int(row["object"]) in written
    )


def test_shared_keys_refuse_to_evict():
    with pytest.raises(PlanError, match="do not hold what ranks share"):
        make_trace(stages.stage("chat", storing={"keys": "shared"}), 7)


def test_a_load_that_never_reaches_the_storage_is_refused():
    with pytest.raises(PlanError, match="ask nothing of the storage"):
        make_trace(stages.stage("chat", mode="decode", tiers={"dram_bytes": 64 * MIB}), 7)


def test_a_fill_that_never_reaches_the_storage_is_refused():
    tiers = {"dram_bytes": 40 * MIB, "storage_bytes": 64 * MIB, "placement": "demote"}
    with pytest.raises(PlanError, match="ask nothing of the storage"):
        make_trace(stages.stage("rag", tiers=tiers, prompts=2, load={"kind": "open"}), 7)


def test_reading_needs_something_to_read():
    with pytest.raises(PlanError, match=r"set load\.fill_gib"):
        make_trace(stages.stage("chat", mode="decode", load={"fill_bytes": 0}), 7)


def test_an_unknown_profile_is_named():
    with pytest.raises(ConfigError, match="no KV-cache profile 'chess'"):
        make_trace(stages.stage("chess"), 7)


def test_ranks_with_private_keys_have_plans_of_their_own():
    assert make_trace(STAGES["chat"], 42).sha256 != make_trace(STAGES["chat"], 43).sha256


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["chat", "rag", "v3"]),
    st.integers(0, 2**32),
    st.integers(0, 40),
    st.integers(8, 90),
    st.sampled_from(["through", "demote"]),
)
def test_no_plan_ever_holds_more_than_its_tier(profile, seed, dram_mib, storage_mib, placement):
    tiers = {"dram_bytes": dram_mib * MIB, "storage_bytes": storage_mib * MIB, "placement": placement}
    try:
        trace = make_trace(
            stages.stage(profile, tiers=tiers, prompts=20, load={"kind": "open", "fill_bytes": 8 * MIB}), seed
        )
    except PlanError:
        reject()  # memory holds all of it
    assert trace.peak_bytes <= storage_mib * MIB
