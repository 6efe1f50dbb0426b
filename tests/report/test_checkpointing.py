"""A checkpointing run in a report: rates host by host, bytes beside the device's, and what looks like a cache."""

import pytest

from storagebench.report.checkpointing import PRESENTATION, SPREAD, moved, page_cache, rates, spread
from storagebench.units import GIB


def checkpoint(phase, number, gib_per_s, hosts=("h1",), **more):
    return {
        "phase": phase,
        "number": number,
        "gib_per_s": gib_per_s,
        "duration_s": 104.7 / gib_per_s,
        "bytes": int(104.7 * GIB),
        "device_bytes": int(104.8 * GIB),
        "dirty_bytes": 4096 if phase == "save" else None,
        "pages": None if phase == "save" else 1000,
        "resident_pages": None if phase == "save" else 20,
        "cpu_s": 20.94,
        "gib_per_s_of_host": {host: gib_per_s + place for place, host in enumerate(hosts)},
    } | more


def record_of(*checkpoints, **metrics):
    return {"id": "llama3-8b-x8", "family": "checkpointing", "checkpoints": list(checkpoints), "metrics": metrics}


TWO_AND_TWO = record_of(*(checkpoint(phase, number, 5.0 + number) for phase in ("save", "load") for number in (1, 2)))


@pytest.mark.parametrize("phase", ["save", "load"])
def test_the_rates_of_one_host_are_points(phase):
    svg = rates(TWO_AND_TWO, phase)
    assert svg.count("<circle") == 2
    assert "In GiB/s. h1: 6.00, 7.00" in svg
    assert ">checkpoint</text>" in svg


def test_two_hosts_stand_side_by_side():
    svg = rates(record_of(checkpoint("save", 1, 3.0, ("h1", "h2"))), "save")
    assert ">h1</text>" in svg
    assert ">h2</text>" in svg


def test_of_many_hosts_the_slowest_and_the_fastest_are_drawn():
    svg = rates(record_of(checkpoint("save", 1, 3.0, tuple(f"h{n}" for n in range(9)))), "save")
    assert "slowest host: 3.00. fastest host: 11.00" in svg


def test_bytes_of_the_device_stand_beside_those_of_the_checkpoint():
    assert "checkpoint: 104.70, 104.70. device: 104.80, 104.80" in moved(TWO_AND_TWO, "save")
    assert moved(record_of(checkpoint("save", 1, 3.0, device_bytes=None)), "save") == ""


def test_saves_that_memory_took_are_named():
    assert spread(record_of(checkpoint("save", 1, 1.0), checkpoint("save", 2, SPREAD))) == ""
    said = spread(record_of(checkpoint("save", 1, 11.5), checkpoint("save", 2, 2.0)))
    assert said.startswith("Saves from 2.00 to 11.50 GiB/s: memory may have taken the fast ones.")


def test_bytes_that_a_cache_kept_are_named():
    assert page_cache(record_of(load_device_to_nominal=0.97), "load") == ""
    assert page_cache(record_of(load_device_to_nominal=0.02), "load").startswith(
        "2.0 % of the bytes came from the device"
    )
    assert page_cache(record_of(save_device_to_nominal=0.5), "save").startswith(
        "50 % of the bytes had reached the device"
    )


def test_the_table_has_a_row_for_each_checkpoint():
    (table,) = PRESENTATION.tables(TWO_AND_TWO)
    assert table.rows[0] == ("save 1", "6.00", "17 s", "104.80 GiB", "4.00 KiB", "-", "0.20")
    assert table.rows[-1][-2] == "2.0 %"


def test_a_record_without_checkpoints_shows_nothing():
    empty = record_of()
    assert [plot.svg for plot in PRESENTATION.plots(empty)] == [""] * 4
    assert [table.rows for table in PRESENTATION.tables(empty)] == [[]]
