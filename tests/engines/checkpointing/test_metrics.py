"""Rates are those of the slowest rank, and the published one is the mean of the rates."""

import statistics

import pytest

from storagebench.engines.checkpointing import upstream
from storagebench.engines.checkpointing.metrics import measure
from storagebench.engines.checkpointing.outcome import RankResult, Residency, Transferred
from storagebench.units import GIB


def moved(number, duration_s, gib=1.0, **more):
    return Transferred(
        **{
            "number": number,
            "checkpoint": number,
            "started_at": f"2026-07-12T12:0{number}:00.000000",
            "ended_at": f"2026-07-12T12:0{number}:0{duration_s:.6f}",
            "duration_s": duration_s,
            "bytes": int(gib * GIB),
            "process_bytes": 5,
            "device_bytes": None,
            "dirty_bytes": None,
            "cpu_s": 0.25,
            "residency": None,
        }
        | more
    )


def rank_of(number, host, saves, loads=()):
    return RankResult(
        rank=number,
        local_rank=number % 2,
        hostname=host,
        reads_rank=number,
        saves=tuple(saves),
        loads=tuple(loads),
        device=None,
        device_reason=None,
        peak_memory_bytes=1,
    )


COUNTED = {"device_bytes": 100, "dirty_bytes": 7}
COLD = Residency(pages=10, before=8, after=1, refused_files=0)
RANKS = [
    rank_of(0, "h1", [moved(1, 1.0, **COUNTED), moved(2, 1.0, **COUNTED)], [moved(3, 0.5, residency=COLD)]),
    rank_of(1, "h1", [moved(1, 2.0), moved(2, 1.0)], [moved(3, 0.5, residency=COLD)]),
    rank_of(2, "h2", [moved(1, 1.0, 2.0, **COUNTED), moved(2, 4.0, 2.0, **COUNTED)], [moved(3, 0.25, residency=COLD)]),
]


def test_a_checkpoint_takes_as_long_as_its_slowest_rank():
    metrics = measure(RANKS)
    assert [one.duration_s for one in metrics.of("save")] == [2.0, 4.0]
    assert [one.gib_per_s for one in metrics.of("save")] == [2.0, 1.0]
    assert metrics.checkpoint_bytes == 4 * GIB


def test_the_mean_is_that_of_the_rates_and_not_the_total_by_the_total():
    save = measure(RANKS).save
    assert (save.gib_per_s, save.duration_s) == (1.5, 3.0)
    assert save.gib_per_s != 8 / 6
    assert save.gib_per_s_stdev == statistics.pstdev([2.0, 1.0])


def test_hosts_have_rates_of_their_own():
    first, second = measure(RANKS).of("save")
    assert first.gib_per_s_of_host == {"h1": 1.0, "h2": 2.0}
    assert second.gib_per_s_of_host == {"h1": 2.0, "h2": 0.5}


def test_what_one_rank_of_a_host_counts_is_added_up_and_a_host_that_cannot_count_makes_it_unknown():
    (first, _) = measure(RANKS).of("save")
    assert (first.device_bytes, first.dirty_bytes, first.process_bytes, first.cpu_s) == (200, 14, 15, 0.75)
    (load,) = measure(RANKS).of("load")
    assert (load.device_bytes, load.pages, load.resident_pages) == (None, 30, 3)


def test_the_time_between_saves_and_loads_is_told():
    assert measure(RANKS).save_to_load_s == pytest.approx(56.0)
    assert measure([rank_of(0, "h1", [moved(1, 1.0)])]).save_to_load_s is None


def test_upstreams_summary_has_a_phase_only_when_it_took_place():
    whole = upstream.summary_metric(measure(RANKS))
    assert whole["save_checkpoint_io_mean_GB_per_second"] == 1.5
    assert whole["checkpoint_size_GB"] == 4.0
    written = upstream.summary_metric(measure([rank_of(0, "h1", [moved(1, 1.0)])]))
    assert not [name for name in written if name.startswith("load")]


def test_rank_0_speaks_for_all_and_the_others_for_themselves():
    metrics = measure(RANKS)
    first, second = (upstream.per_epoch_stats(rank, metrics, "a", "b")["1"] for rank in RANKS[:2])
    assert list(first) == ["start", "save_ckpt1", "save_ckpt2", "load_ckpt3", "end"]
    assert (first["save_ckpt2"]["duration"], first["save_ckpt2"]["throughput"]) == (4.0, 1.0)
    assert (second["save_ckpt2"]["duration"], second["save_ckpt2"]["throughput"]) == (1.0, 1.0)
