"""Checkpointing runs in reports: rates of saves and loads, one by one and host by host."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from storagebench.report import digest, plots
from storagebench.report.plots import Caption, Series
from storagebench.report.presentation import Figure, Plot, Presentation, Record, Table
from storagebench.units import GIB, bytes_text, duration_text

MOST_HOSTS = 2
"""More hosts than this are drawn as the slowest and the fastest of each checkpoint."""
SPREAD = 3.0
"""A fastest save more than so many times as fast as the slowest is the mark of a page cache (x-save-rates-spread)."""
TITLES = {"save": "Saves", "load": "Loads"}

Checkpoints = Sequence[Mapping[str, Any]]


class Checkpointing:
    """Saves and loads as plots and as a table."""

    figures: tuple[Figure, ...] = (
        Figure(
            metric="save_gib_per_s",
            name="mean rate of the saves",
            heading="save GiB/s",
            unit="GiB/s",
            decimals=2,
            short="save {} GiB/s",
            spread="save_gib_per_s_stdev",
        ),
        Figure(
            metric="load_gib_per_s",
            name="mean rate of the loads",
            heading="load GiB/s",
            unit="GiB/s",
            decimals=2,
            short="load {} GiB/s",
            spread="load_gib_per_s_stdev",
        ),
        Figure(metric="save_duration_s", name="mean time of a save", heading="save s", unit="s", decimals=2),
        Figure(metric="load_duration_s", name="mean time of a load", heading="load s", unit="s", decimals=2),
        Figure(metric="remap_s", name="from the last save to the first load", heading="remap s", unit="s", decimals=1),
    )

    def plots(self, record: Record) -> Iterable[Plot]:
        """Draw the rates of each host, and the bytes beside those of the device."""
        for phase, title in TITLES.items():
            yield Plot(title, rates(record, phase), spread(record) if phase == "save" else "")
        for phase, title in TITLES.items():
            yield Plot(f"{title}: bytes", moved(record, phase), page_cache(record, phase))

    def tables(self, record: Record) -> Iterable[Table]:
        """List the checkpoints."""
        headings = ("checkpoint", "GiB/s", "slowest rank", "device", "still to write", "in the page cache", "CPU s/GiB")
        yield Table("Figures of each checkpoint", headings, [_row(one) for one in _checkpoints(record)])


def rates(record: Record, phase: str) -> str:
    """Draw the rate of each checkpoint of a phase, host by host; empty for a record without one."""
    found = _checkpoints(record, phase)
    if not found:
        return ""
    series = list(_hosts(found))
    caption = _caption(record, f"Rate of each {phase}", "GiB/s", series)
    highest = max(value for one in series for value in one.values if value is not None)
    if len(series) == 1:
        return plots.points(caption, series[0], plots.axis(0, 1.08 * highest))
    return plots.bars(caption, series, plots.axis(0, highest))


def moved(record: Record, phase: str) -> str:
    """Draw the bytes of each checkpoint beside those that the device took or delivered meanwhile."""
    found = _checkpoints(record, phase)
    if not any(one.get("device_bytes") is not None for one in found):
        return ""
    series = [
        Series("checkpoint", tuple(one["bytes"] / GIB for one in found)),
        Series(
            "device", tuple(None if one.get("device_bytes") is None else one["device_bytes"] / GIB for one in found)
        ),
    ]
    caption = _caption(record, f"Bytes of each {phase}", "GiB", series)
    highest = max(value for one in series for value in one.values if value is not None)
    return plots.bars(caption, series, plots.axis(0, highest))


def spread(record: Record) -> str:
    """Say so where the saves look as if a page cache took the first of them; empty when they do not."""
    found = [one["gib_per_s"] for one in _checkpoints(record, "save")]
    if not found or max(found) <= SPREAD * min(found):
        return ""
    return (
        f"Saves from {min(found):.2f} to {max(found):.2f} GiB/s: memory may have taken the fast ones. Write more than "
        "three times the hosts' memory, or set checkpoint.odirect=true for a comparison."
    )


def page_cache(record: Record, phase: str) -> str:
    """Say where the bytes went or came from when it was not the device alone; empty when there is nothing to say."""
    ratio = digest.find(record, f"metrics.{phase}_device_to_nominal")
    if ratio is None or ratio >= digest.CACHED_BELOW:
        return ""
    if phase == "save":
        return f"{digest.share(ratio)} of the bytes had reached the device when the saves were over."
    return f"{digest.share(ratio)} of the bytes came from the device: a cache served the rest."


def _checkpoints(record: Record, phase: str = "") -> Checkpoints:
    return [one for one in record.get("checkpoints") or () if phase in ("", one["phase"])]


def _hosts(found: Checkpoints) -> Iterator[Series]:
    by_host = [one.get("gib_per_s_of_host") or {"": one["gib_per_s"]} for one in found]
    names = list(by_host[0])
    if len(names) > MOST_HOSTS:
        yield Series("slowest host", tuple(min(rates.values()) for rates in by_host))
        yield Series("fastest host", tuple(max(rates.values()) for rates in by_host))
        return
    for name in names:
        yield Series(name or "GiB/s", tuple(rates.get(name) for rates in by_host))


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    pages, resident = one.get("pages"), one.get("resident_pages")
    return (
        f"{one['phase']} {one['number']}",
        digest.figure(one["gib_per_s"], 2),
        duration_text(one["duration_s"]),
        _bytes(one.get("device_bytes")),
        _bytes(one.get("dirty_bytes")),
        digest.share(resident / pages) if pages else digest.UNKNOWN,
        digest.figure(one["cpu_s"] / (one["bytes"] / GIB), 2),
    )


def _bytes(count: int | None) -> str:
    return digest.UNKNOWN if count is None else bytes_text(count)


def _caption(record: Record, title: str, unit: str, series: Sequence[Series]) -> Caption:
    slug = re.sub(r"[^a-z0-9]+", "-", f"{record['id']} {title}".lower()).strip("-")
    said = ". ".join(f"{one.name}: " + ", ".join(digest.figure(value, 2) for value in one.values) for one in series)
    return Caption(slug=slug, title=title, unit=unit, description=f"In {unit}. {said}", along="checkpoint")


PRESENTATION: Presentation = Checkpointing()
