"""Axes with round numbers, and SVG that a screen reader can read."""

import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from storagebench.report import plots
from storagebench.report.plots import Caption, Line, Series

CAPTION = Caption(slug="x", title="Throughput <b>", description="In samples/s", unit="samples/s")
SVG = "{http://www.w3.org/2000/svg}"

amounts = st.floats(1e-6, 1e15)


@given(st.just(0.0) | amounts, amounts)
def test_an_axis_holds_its_values_on_a_handful_of_ticks(low, high):
    assume(low < high)
    ticks = plots.axis(low, high).ticks
    assert 2 <= len(ticks) <= 7
    assert ticks[0] <= low * (1 + 1e-6)
    assert ticks[-1] >= high * (1 - 1e-6)


@given(amounts)
def test_ticks_are_round_numbers(high):
    ticks = plots.axis(0, high).ticks
    digit = float(f"{ticks[1]:.9e}".split("e")[0])
    assert any(math.isclose(digit, round_digit) for round_digit in (1, 2, 5))


@given(amounts)
def test_the_texts_of_ticks_differ(high):
    scale = plots.axis(0, high)
    assert len({scale.text(tick) for tick in scale.ticks}) == len(scale.ticks)


@pytest.mark.parametrize("value", [0.0, 1.0, 98.4])
def test_an_axis_of_a_single_value_is_still_an_axis(value):
    ticks = plots.axis(value, value).ticks
    assert ticks[0] <= value <= ticks[-1]
    assert len(ticks) >= 2


def test_values_are_placed_between_the_ends_of_the_axis():
    scale = plots.axis(0, 100)
    assert scale.y(0) == plots.BOTTOM
    assert scale.y(100) == plots.TOP


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def test_a_plot_has_a_title_and_a_description_that_it_refers_to():
    root = parsed(plots.points(CAPTION, Series("AU", (1.0, 2.0)), plots.axis(0, 2)))
    assert root.get("role") == "img"
    names = {root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")}
    assert set(root.get("aria-labelledby").split()) == names
    assert root.find(f"{SVG}title").text == "Throughput <b>"


def test_an_epoch_without_a_value_leaves_a_gap():
    root = parsed(plots.points(CAPTION, Series("AU", (1.0, None, 2.0)), plots.axis(0, 2)))
    assert len(root.findall(f"{SVG}circle")) == 2


def test_bars_are_named_by_a_legend_and_by_a_hint_each():
    root = parsed(plots.bars(CAPTION, [Series("nominal", (3.0, 3.0)), Series("device", (1.0, 0.0))], plots.axis(0, 3)))
    hints = [rect.find(f"{SVG}title").text for rect in root.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    assert hints[0] == "epoch 1: nominal 3.00 samples/s"
    assert {"nominal", "device"} <= {text.text for text in root.iter(f"{SVG}text")}


@given(st.integers(1, 300))
def test_labels_of_many_epochs_are_thinned_out_and_nothing_leaves_the_picture(count):
    root = parsed(plots.bars(CAPTION, [Series("nominal", (1.0,) * count)], plots.axis(0, 1)))
    labels = [
        text
        for text in root.iter(f"{SVG}text")
        if (text.text or "").isdecimal() and float(text.get("y")) > plots.BOTTOM
    ]
    assert len(labels) <= plots.MOST_LABELS
    for rect in root.iter(f"{SVG}rect"):
        assert 0 <= float(rect.get("x")) <= float(rect.get("x")) + float(rect.get("width")) <= plots.WIDTH


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=300), st.floats(0.1, 1e6))
def test_lines_over_time_stay_within_the_picture(course, duration_s):
    line = Line("read", [(share * duration_s, value) for share, value in course])
    root = parsed(plots.lines(CAPTION, [line], plots.axis(0, 1), duration_s))
    path = root.find(f"{SVG}polyline").get("points")
    for x, y in (map(float, point.split(",")) for point in path.split()):
        assert plots.LEFT - 0.1 <= x <= plots.RIGHT + 0.1
        assert plots.TOP - 0.1 <= y <= plots.BOTTOM + 0.1
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x")) <= plots.WIDTH


@pytest.mark.parametrize(("duration_s", "unit"), [(40, "seconds"), (1200, "minutes"), (18 * 3600, "hours")])
def test_time_is_said_in_the_unit_that_makes_short_numbers(duration_s, unit):
    root = parsed(plots.lines(CAPTION, [Line("read", [(0, 1), (duration_s, 2)])], plots.axis(0, 2), duration_s))
    assert f"time in {unit}" in {text.text for text in root.iter(f"{SVG}text")}


def test_what_the_benchmark_counted_is_told_from_what_hosts_did_without_colours():
    drawn = [Line("read", [(0, 1), (1, 1)]), Line("counted", [(0, 1), (1, 1)], counted=True)]
    first, second = parsed(plots.lines(CAPTION, drawn, plots.axis(0, 1), 1)).findall(f"{SVG}polyline")
    assert "counted" not in first.get("class")
    assert "counted" in second.get("class")
