"""The plots of a training run: throughput, AU and bytes over its epochs."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from storagebench.report import digest, plots
from storagebench.report.plots import Caption, Series
from storagebench.units import GIB, MIB

Epochs = Sequence[Mapping[str, Any]]


def throughput(record: Mapping[str, Any]) -> str:
    """Draw samples/s for each epoch from zero up; empty for a record without epochs."""
    series = _series("samples/s", record, "samples_per_s")
    if series is None:
        return ""
    caption = _caption(record, "Throughput over epochs", "samples/s", series)
    return plots.points(caption, series, plots.axis(0, 1.08 * _highest(series)))


def accelerator_utilisation(record: Mapping[str, Any]) -> str:
    """Draw AU for each epoch with the threshold of the workload; empty where the run has no AU.

    The axis begins above zero, for a tenth of a per cent around the threshold decides.
    """
    series = _series("AU %", record, "au_percent")
    if series is None:
        return ""
    threshold = au_threshold(record)
    seen = [value for value in (*series.values, threshold) if value is not None]
    margin = max(1.0, 0.25 * (max(seen) - min(seen)))
    scale = plots.axis(max(0.0, min(seen) - margin), min(100.0, max(seen) + margin))
    mark = f"threshold {threshold:g} %" if threshold is not None else ""
    caption = _caption(record, "Accelerator utilisation (AU) over epochs", "AU %", series, mark)
    return plots.points(caption, series, scale, threshold, mark)


def bytes_read(record: Mapping[str, Any]) -> str:
    """Draw, for each epoch, the bytes that the samples amount to beside those that the device delivered.

    Where the device cannot be asked (NFS, tmpfs), the bytes that the kernel fetched for the processes stand in.
    """
    nominal = _series("nominal", record, "nominal_bytes")
    if nominal is None:
        return ""
    fetched = _series("from the device", record, "device_bytes")
    fetched = fetched or _series("fetched by processes", record, "process_bytes")
    unit, text = (GIB, "GiB") if _highest(nominal) >= GIB else (MIB, "MiB")
    both = [_divided(series, unit) for series in (nominal, fetched) if series is not None]
    caption = _caption(record, "Bytes read in each epoch", text, *both)
    return plots.bars(caption, both, plots.axis(0, max(map(_highest, both))))


def au_threshold(record: Mapping[str, Any]) -> float | None:
    """Return the AU that the workload demands, in per cent."""
    fraction = digest.find(record, "plan.parameters.metric.au")
    return None if fraction is None else round(100 * float(fraction), 6)


def _series(name: str, record: Mapping[str, Any], key: str) -> Series | None:
    values = tuple(epoch.get(key) for epoch in record.get("epochs") or ())
    return Series(name, values) if any(value is not None for value in values) else None


def _divided(series: Series, unit: int) -> Series:
    return Series(series.name, tuple(None if value is None else value / unit for value in series.values))


def _highest(series: Series) -> float:
    return max(value for value in series.values if value is not None)


def _caption(record: Mapping[str, Any], title: str, unit: str, *series: Series | str) -> Caption:
    slug = re.sub(r"[^a-z0-9]+", "-", f"{record['id']} {title}".lower()).strip("-")
    said = [one if isinstance(one, str) else _said(one) for one in series if one]
    return Caption(slug=slug, title=title, unit=unit, description=f"In {unit}, epoch by epoch. " + ". ".join(said))


def _said(series: Series) -> str:
    return f"{series.name}: " + ", ".join(digest.figure(value, 1) for value in series.values)
