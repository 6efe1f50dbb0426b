"""How far an item is, in one line."""

from hypothesis import given
from hypothesis import strategies as st

from storagebench.report.gauge import Gauge

MIB = 1024**2


def at(seconds, **event):
    return {"kind": "progress", "at": 1000.0 + seconds, **event}


def test_a_gauge_says_stage_percentage_rate_and_both_times():
    gauge = Gauge("unet3d-b200-x2", 1000.0)
    gauge.hear(at(0, stage="epoch 1/5", done=0, total=100, unit="steps", bytes=0))
    gauge.hear(at(20, stage="epoch 1/5", done=25, total=100, unit="steps", bytes=2000 * MIB))
    assert gauge.text(1020.0) == "unet3d-b200-x2  epoch 1/5   25 %  100 MiB/s  20 s gone, 1 min 0 s left"


def test_the_rate_is_that_of_the_last_seconds_and_shows_a_stall():
    gauge = Gauge("x", 1000.0)
    for second in range(61):
        gauge.hear(
            at(second, stage="datagen", done=min(second, 30), total=60, unit="files", bytes=min(second, 30) * MIB)
        )
    assert "MiB/s" not in gauge.text(1060.0)


def test_a_stage_without_bytes_has_a_rate_in_its_unit():
    gauge = Gauge("x", 1000.0)
    gauge.hear(at(0, stage="cache drop", done=0, total=90, unit="files"))
    gauge.hear(at(2, stage="cache drop", done=30, total=90, unit="files"))
    assert gauge.text(1002.0) == "x  cache drop   33 %  15 files/s  2.0 s gone, 4.0 s left"


def test_a_new_stage_starts_from_zero():
    gauge = Gauge("x", 1000.0)
    gauge.hear(at(0, stage="epoch 1/2", done=0, total=10, unit="steps", bytes=0))
    gauge.hear(at(5, stage="epoch 1/2", done=10, total=10, unit="steps", bytes=900 * MIB))
    gauge.hear(at(6, stage="epoch 2/2", done=1, total=10, unit="steps", bytes=10 * MIB))
    assert "epoch 2/2   10 %" in gauge.text(1006.0)
    assert "890" not in gauge.text(1006.0)


def test_nothing_is_promised_before_the_first_event():
    assert Gauge("x", 1000.0).text(1003.0) == "x  starting  3.0 s gone"


counts = st.integers(0, 10**15) | st.none()


@given(st.lists(st.tuples(st.floats(-10, 1e6), st.text(max_size=3), counts, counts, counts)), st.floats(-10, 1e7))
def test_any_events_make_a_single_line(events, now):
    gauge = Gauge("x", 1000.0)
    for seconds, stage, done, total, count in events:
        gauge.hear(at(seconds, stage=stage, done=done, total=total, bytes=count, unit="steps"))
    assert gauge.text(1000.0 + now).startswith("x  ")


def test_ranks_on_several_hosts_are_counted_and_those_of_one_are_not():
    gauge = Gauge("unet3d", 1000.0)
    gauge.meet([{"rank": rank, "host": "h1", "pid": rank} for rank in range(4)])
    assert gauge.text(1001.0) == "unet3d  starting  1.0 s gone"
    gauge.meet([{"rank": rank, "host": f"h{rank // 2}", "pid": rank} for rank in range(4)])
    assert gauge.text(1001.0) == "unet3d  starting  4 ranks on 2 hosts  1.0 s gone"
