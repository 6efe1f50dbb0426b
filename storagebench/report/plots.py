"""Three kinds of plot as accessible SVG: points over epochs (or checkpoints), bars over
them, and lines over time.

Pure functions from numbers to text. Colours come from `report.css` by class, so that a page in dark mode keeps its
contrast; sizes are those of a plot 400 px wide, which stays readable on a phone.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 400, 236
LEFT, RIGHT, TOP, BOTTOM = 58, 388, 40, 196
TIME_UNITS = (("seconds", 1, 180), ("minutes", 60, 3 * 3600), ("hours", 3600, math.inf))
"""Unit of the time axis, its seconds, and the duration up to which it is used."""
SQUARE = 11
NARROW, WIDE = frozenset("fijlrtI/|.,:;'()[] "), frozenset("mwMW%@")
NARROW_PX, COMMON_PX, WIDE_PX = 5.0, 8.0, 12.0
"""Widths of letters at the size of a plot's text, as in the widest of the usual fonts."""
MOST_LABELS = 12
"""More epochs than this and only some of them are labelled."""


@dataclass(frozen=True, slots=True)
class Series:
    """One value for each epoch or checkpoint, None where the record has none, and the name that the legend gives them."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Points of seconds and values, and the name that the legend gives them; `counted` ones are drawn dashed."""

    name: str
    points: Sequence[Sequence[float]]
    counted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What a plot is called: `slug` is unique on its page, `description` is for people who cannot see it.

    `along` is what the horizontal axis counts, `names` are its places where they are not counted from 1.
    """

    slug: str
    title: str
    description: str
    unit: str
    along: str = "epoch"
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """The vertical axis: round tick values from bottom to top."""

    ticks: tuple[float, ...]

    def y(self, value: float) -> float:
        """Place a value; the axis reaches from its first tick to its last."""
        low, high = self.ticks[0], self.ticks[-1]
        return BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP)

    def text(self, value: float) -> str:
        """Say a tick with as many decimals as the step between two ticks has."""
        step = self.ticks[1] - self.ticks[0]
        return f"{value:,.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"


def axis(low: float, high: float, most: int = 7) -> Axis:
    """Lay an axis of at most `most` ticks at 1, 2 or 5 times a power of ten that holds both values.

    >>> axis(0, 87.5).ticks
    (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
    """
    span = high - low if high > low else abs(high) or 1.0
    magnitude = 10.0 ** math.floor(math.log10(span / most))
    for step in (magnitude * factor for factor in (1, 2, 5, 10, 20, 50)):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        last = max(last, first + 1)
        if last - first < most:
            break
    return Axis(tuple(float(f"{index * step:.12g}") for index in range(first, last + 1)))


def points(caption: Caption, series: Series, scale: Axis, threshold: float | None = None, mark: str = "") -> str:
    """Draw one series as points joined by a line, each with its value, and a dashed threshold named `mark`."""
    parts = [*_frame(caption, scale), *_epoch_axis(caption, len(series.values))]
    if threshold is not None:
        y, dash = scale.y(threshold), RIGHT - 7.2 * len(mark) - 12
        parts.append(f'<line class="threshold" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<line class="threshold" x1="{dash - 26:.0f}" x2="{dash:.0f}" y1="10" y2="10"/>')
        parts.append(f'<text class="mark" x="{RIGHT}" y="14" text-anchor="end">{escape(mark)}</text>')
    known = [(_x(i, len(series.values)), value) for i, value in enumerate(series.values) if value is not None]
    path = " ".join(f"{x:.1f},{scale.y(value):.1f}" for x, value in known)
    parts.append(f'<polyline class="series-1" fill="none" points="{path}"/>')
    for x, value in known:
        parts.append(f'<circle class="series-1" cx="{x:.1f}" cy="{scale.y(value):.1f}" r="4"/>')
        if len(known) <= MOST_LABELS / 2:
            text = _short(value)
            parts.append(
                f'<text class="value" x="{x:.1f}" y="{scale.y(value) - 9:.1f}" text-anchor="middle">{text}</text>'
            )
    return _svg(caption, parts)


def bars(caption: Caption, series: Sequence[Series], scale: Axis) -> str:
    """Draw several series as bars side by side, with a legend above; the axis must begin at zero."""
    count = len(series[0].values)
    parts = [*_frame(caption, scale), *_epoch_axis(caption, count)]
    width = min(36.0, 0.76 * (RIGHT - LEFT) / count / len(series))
    for number, one in enumerate(series):
        for i, value in enumerate(one.values):
            if value is not None:
                x, y = _x(i, count) + (number - len(series) / 2) * width, scale.y(value)
                shape = f'x="{x:.1f}" y="{y:.1f}" width="{0.94 * width:.2f}" height="{BOTTOM - y:.1f}"'
                hint = f"{caption.along} {i + 1}: {one.name} {_short(value)} {caption.unit}"
                parts.append(f'<rect class="series-{number + 1}" {shape}><title>{escape(hint)}</title></rect>')
    parts.extend(_legend([one.name for one in series]))
    return _svg(caption, parts)


def lines(caption: Caption, drawn: Sequence[Line], scale: Axis, duration_s: float) -> str:
    """Draw several lines over the time of a run, with a legend above; the axis must begin at zero."""
    parts = [*_frame(caption, scale), *_time_axis(duration_s)]
    for number, line in enumerate(drawn, 1):
        path = " ".join(
            f"{LEFT + at / duration_s * (RIGHT - LEFT):.1f},{scale.y(value):.1f}" for at, value in line.points
        )
        look = f"series-{number}" + (" counted" if line.counted else "")
        parts.append(f'<polyline class="line {look}" fill="none" points="{path}"/>')
    parts.extend(_legend([line.name for line in drawn]))
    return _svg(caption, parts)


def _frame(caption: Caption, scale: Axis) -> Iterator[str]:
    yield f'<text class="unit" x="4" y="14">{escape(caption.unit)}</text>'
    for tick in scale.ticks:
        y = scale.y(tick)
        yield f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 7}" y="{y + 4.5:.1f}" text-anchor="end">{scale.text(tick)}</text>'


def _time_axis(duration_s: float) -> Iterator[str]:
    """Label whole seconds, minutes or hours, whichever makes short numbers."""
    unit, unit_s = next((name, size) for name, size, most in TIME_UNITS if duration_s < most)
    scale = axis(0, duration_s / unit_s)
    for tick in scale.ticks:
        x = LEFT + tick * unit_s / duration_s * (RIGHT - LEFT)
        if x <= RIGHT + 0.05:
            yield f'<text x="{x:.1f}" y="{BOTTOM + 18}" text-anchor="middle">{scale.text(tick)}</text>'
    yield f'<text x="{(LEFT + RIGHT) / 2:.0f}" y="{HEIGHT - 4}" text-anchor="middle">time in {unit}</text>'


def _epoch_axis(caption: Caption, count: int) -> Iterator[str]:
    every = math.ceil(count / MOST_LABELS)
    for i in range(0, count, every):
        name = escape(caption.names[i]) if caption.names else str(i + 1)
        yield f'<text x="{_x(i, count):.1f}" y="{BOTTOM + 18}" text-anchor="middle">{name}</text>'
    yield f'<text x="{(LEFT + RIGHT) / 2:.0f}" y="{HEIGHT - 4}" text-anchor="middle">{escape(caption.along)}</text>'


def _legend(names: Sequence[str]) -> Iterator[str]:
    """Name the series from right to left; each name begins right behind its square, however wide the reader's font."""
    x = float(RIGHT)
    for number, name in reversed(list(enumerate(names))):
        x -= _text_width(name)
        yield f'<text x="{x:.0f}" y="14">{escape(name)}</text>'
        x -= SQUARE + 5
        yield f'<rect class="series-{number + 1}" x="{x:.0f}" y="4" width="{SQUARE}" height="{SQUARE}"/>'
        x -= 14


def _text_width(text: str) -> float:
    """Estimate the width of a text from above, in the pixels of the plot."""
    return sum(NARROW_PX if char in NARROW else WIDE_PX if char in WIDE else COMMON_PX for char in text)


def _x(index: int, count: int) -> float:
    return LEFT + (index + 0.5) * (RIGHT - LEFT) / count


def _short(value: float) -> str:
    digits = math.floor(math.log10(abs(value))) if value else 0
    return f"{value:,.{max(0, min(2, 2 - digits))}f}"


def _svg(caption: Caption, parts: Sequence[str]) -> str:
    title, description = f"{caption.slug}-title", f"{caption.slug}-description"
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{title} {description}">'
        f'<title id="{title}">{escape(caption.title)}</title>'
        f'<desc id="{description}">{escape(caption.description)}</desc>{"".join(parts)}</svg>'
    )
