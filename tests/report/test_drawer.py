"""Drawing: the live line leaves pytest's own line as it was, plain lines come now and then."""

import json

import pytest

from storagebench.report.drawer import Drawer
from storagebench.report.progress import Progress

STEP = {"kind": "progress", "stage": "epoch 1/1", "done": 1, "total": 4, "unit": "steps", "bytes": 0}


@pytest.fixture
def channel(tmp_path):
    path = tmp_path / "progress.jsonl"
    path.touch()
    return path


def drawer_of(path, *, live, width=60):
    written = []
    return Drawer(str(path), written.append, live=live, width=lambda: width), written


def tell(path, *events):
    with path.open("a") as file:
        file.writelines(json.dumps({"item": "unet3d", "at": 100.0, **event}) + "\n" for event in events)


def test_a_live_line_is_drawn_while_the_item_runs_and_erased_when_it_stops(channel, screen):
    drawer, written = drawer_of(channel, live=True)
    tell(channel, {"kind": "start"}, STEP)
    drawer.tick(101.0)
    assert screen("test_run[unet3d] ", *written) == [
        "test_run[unet3d] ",
        "unet3d  epoch 1/1   25 %  1.0 s gone, 3.0 s left",
    ]
    tell(channel, {"kind": "stop"})
    drawer.tick(102.0)
    assert screen("test_run[unet3d] ", *written, "CLOSED") == ["test_run[unet3d] CLOSED", ""]


def test_a_live_line_never_fills_the_terminal_to_its_edge(channel, screen):
    drawer, written = drawer_of(channel, live=True, width=20)
    tell(channel, {"kind": "start"}, STEP)
    drawer.tick(101.0)
    assert len(screen(*written)[1]) == 19


def test_the_live_line_is_hidden_while_pytest_prints(channel, screen):
    drawer, written = drawer_of(channel, live=True)
    tell(channel, {"kind": "start"}, STEP)
    drawer.tick(101.0)
    with drawer.hidden():
        assert screen(*written)[1] == ""
    drawer.tick(101.5)
    assert screen(*written)[1].startswith("unet3d")


def test_plain_lines_come_every_ten_seconds(channel):
    drawer, written = drawer_of(channel, live=False)
    tell(channel, {"kind": "start"}, STEP)
    for now in (101.0, 109.0, 110.5, 111.0, 119.0, 121.0):
        drawer.tick(now)
    assert len(written) == 2
    assert written[0].startswith("\n")
    assert all(line.endswith("\n") for line in written)


def test_the_verdict_follows_the_name_of_the_item_after_plain_lines(channel, screen):
    drawer, written = drawer_of(channel, live=False)
    tell(channel, {"kind": "start"}, STEP)
    drawer.tick(110.0)
    tell(channel, {"kind": "stop"})
    with drawer.hidden(verdict=True):
        written.append("CLOSED")
    assert screen("test_run[unet3d] ", *written)[-1] == "unet3d CLOSED"


def test_an_item_too_short_for_a_plain_line_leaves_no_trace(channel):
    drawer, written = drawer_of(channel, live=False)
    tell(channel, {"kind": "start"}, STEP, {"kind": "stop"})
    drawer.tick(101.0)
    with drawer.hidden(verdict=True):
        pass
    assert written == []


STALL = {"kind": "stall", "text": "no progress and no I/O for 10 min 0 s: rank 0 on h1 (pid 7) D io_schedule"}


@pytest.mark.parametrize("live", [True, False])
def test_a_stall_is_a_line_of_its_own_at_once(channel, screen, live):
    drawer, written = drawer_of(channel, live=live)
    tell(channel, {"kind": "start"}, STEP)
    drawer.tick(100.5)
    tell(channel, STALL)
    drawer.tick(101.0)
    tell(channel, {"kind": "stop"})
    drawer.tick(102.0)
    with drawer.hidden(verdict=True):
        written.append("CLOSED")
    shown = screen("test_run[unet3d] ", *written)
    assert shown[0] == "test_run[unet3d] "
    assert shown[1].endswith(f"unet3d stands still: {STALL['text']}")
    assert shown[2] == "unet3d CLOSED"


def test_half_a_line_waits_for_its_other_half(channel):
    drawer, written = drawer_of(channel, live=True)
    start = json.dumps({"kind": "start", "item": "unet3d", "at": 100.0}) + "\n"
    with channel.open("a") as file:
        file.write(start[:9])
        file.flush()
        drawer.tick(101.0)
        file.write(start[9:])
    drawer.tick(101.0)
    assert len(written) == 1


def test_a_closed_drawer_leaves_no_line_and_draws_no_more(channel, screen):
    drawer, written = drawer_of(channel, live=True)
    tell(channel, {"kind": "start"}, STEP)
    drawer.start()
    drawer.tick(101.0)
    drawer.close()
    drawer.tick(102.0)
    assert screen(*written)[1] == ""


def test_the_writer_stamps_every_event_with_its_item(channel):
    with Progress(str(channel)).item("unet3d") as told:
        told(STEP)
    kinds = [json.loads(line) for line in channel.read_text().splitlines()]
    assert [event["kind"] for event in kinds] == ["start", "progress", "stop"]
    assert {event["item"] for event in kinds} == {"unet3d"}
    assert all(event["at"] > 0 for event in kinds)


def test_an_item_that_fails_stops_too(channel):
    with pytest.raises(RuntimeError), Progress(str(channel)).item("unet3d"):
        raise RuntimeError
    assert json.loads(channel.read_text().splitlines()[-1])["kind"] == "stop"


def test_a_writer_outlives_the_file_that_nobody_reads_any_more(tmp_path):
    with Progress(str(tmp_path / "gone.jsonl")).item("unet3d") as told:
        told(STEP)
