"""Figures of several ranks, merged exactly; what makes them worth less is beside them."""

import dataclasses

import numpy as np
import pytest

from storagebench.engines.storage.histogram import encoded
from storagebench.engines.vectordb.measure import measure
from storagebench.engines.vectordb.outcome import Counted, Evidence, RankSearch, Step
from storagebench.engines.vectordb.recall import Scores
from storagebench.errors import EngineError
from tests.engines.vectordb.plans import make_plan

MS = 1_000_000
EVIDENCE = Evidence(
    regime="direct", direct_files=1, data_files=1, evicted="", resident_share=0.0, limit_bytes=None, quiet=True,
    quiet_waited_s=1.0, written_mib_per_s=0.0, compared=64, problems=(),
)  # fmt: skip
COUNTED = Counted(
    process_read_bytes=409_600, server_read_bytes=None, device_read_bytes=None, device_reads=None,
    device_written_bytes=None, asked_bytes=None, cpu_s=0.5,
)  # fmt: skip


def rank(number, latencies, **changes):
    done = RankSearch(
        rank=number,
        local_rank=number,
        hostname="h",
        steps=(Step(ranks=2, started_s=0.0, elapsed_s=1.0 + number, answered=len(latencies)),),
        requests=len(latencies),
        failed=0,
        first_failure="",
        successes=encoded(np.array(latencies, np.int64) * MS),
        failures=encoded(np.array([], np.int64)),
        per_second=(len(latencies),),
        scores=Scores((0, 1), (1, 1), (1.0, 0.5), (1.0, 0.5)),
        digests=(11, 12),
        different_answers=0,
        problems=(),
        counted=COUNTED,
        harness_us=1.0,
        device=None,
        device_reason=None,
        peak_memory_bytes=1,
    )
    return dataclasses.replace(done, **changes)


def measured(tmp_path, *ranks, evidence=EVIDENCE, **search):
    plan = make_plan(tmp_path, ranks=2)
    plan = dataclasses.replace(plan, search=dataclasses.replace(plan.search, **search))
    return measure(plan, ranks, evidence)


def test_percentiles_are_those_of_all_requests_not_means_of_ranks(tmp_path):
    found = measured(tmp_path, rank(0, [1] * 98), rank(1, [100, 100]))
    assert found.latency_ms["p50"] == pytest.approx(1, rel=0.01)
    assert found.latency_ms["p99"] == pytest.approx(100, rel=0.01)
    assert found.latency_ms["mean"] == pytest.approx((98 + 200) / 100, rel=0.01)
    assert found.queries_per_s == 100 / 2.0


def test_a_batch_multiplies_queries_and_divides_no_latency(tmp_path):
    found = measured(tmp_path, rank(0, [10] * 4), rank(1, [10] * 4), batch=100)
    assert (found.queries, found.requests) == (800, 8)
    assert found.latency_ms["mean"] == pytest.approx(10, rel=0.01)


def test_a_missing_rank_leaves_no_figures(tmp_path):
    with pytest.raises(EngineError, match="1 of 2 ranks"):
        measured(tmp_path, rank(1, [1]))


def test_a_window_without_answers_quotes_the_first_failure(tmp_path):
    silent = {"scores": Scores((), (), (), ()), "digests": (), "first_failure": "refused"}
    with pytest.raises(EngineError, match="no scored query was answered in the window: refused"):
        measured(tmp_path, rank(0, [], **silent), rank(1, [], **silent))


def test_ranks_that_disagree_are_counted(tmp_path):
    found = measured(tmp_path, rank(0, [1]), rank(1, [1], digests=(11, 99), different_answers=3))
    assert found.disagreements == 4


def test_the_client_is_told_from_the_database(tmp_path):
    assert not measured(tmp_path, rank(0, [1]), rank(1, [1])).client_bound
    assert measured(tmp_path, rank(0, [1], harness_us=60.0), rank(1, [1])).client_bound


@pytest.mark.parametrize(
    ("read", "asked", "device", "served"),
    [(100, 100, 100, "storage"), (0, 100, 0, "memory"), (40, 100, 40, "memory"), (100, 100, 10, "memory"), (0, None, 0, "memory"), (9, None, 9, "unknown"), (9, 0, 9, "unknown"), (0, 0, 0, "memory")],
)  # fmt: skip
def test_what_served_the_queries_is_told_by_bytes(tmp_path, read, asked, device, served):
    counted = dataclasses.replace(
        COUNTED, process_read_bytes=0, server_read_bytes=read, asked_bytes=asked, device_read_bytes=device
    )
    buffered = dataclasses.replace(EVIDENCE, direct_files=0)
    other = dataclasses.replace(COUNTED, process_read_bytes=0)
    found = measured(tmp_path, rank(0, [1], counted=counted), rank(1, [1], counted=other), evidence=buffered)
    assert found.storage.served_by == served


def test_files_out_of_sight_leave_it_unknown(tmp_path):
    hidden = dataclasses.replace(EVIDENCE, data_files=0, direct_files=0)
    found = measured(tmp_path, rank(0, [1]), rank(1, [1]), evidence=hidden)
    assert found.storage.served_by == "unknown"
    assert found.storage.kib_per_query is None


def test_a_sweep_has_its_knee_where_more_ranks_bring_little(tmp_path):
    def steps(*answered):
        return tuple(
            Step(ranks=count, started_s=0.0, elapsed_s=1.0, answered=one)
            for count, one in zip((1, 2, 4), answered, strict=True)
        )

    found = measured(tmp_path, rank(0, [1], steps=steps(100, 90, 50)), rank(1, [1], steps=steps(0, 90, 50)))
    assert [step.queries_per_s for step in found.sweep] == [100, 180, 100]
    assert found.knee == 2
    assert measured(tmp_path, rank(0, [1]), rank(1, [1])).knee is None
