"""Training runs in reports: AU and throughput, epoch by epoch."""

from collections.abc import Iterable

from storagebench.report import digest, epochs
from storagebench.report.presentation import Figure, Plot, Presentation, Record, Table
from storagebench.units import bytes_text, duration_text


class Training:
    """Epochs as plots and as a table."""

    figures: tuple[Figure, ...] = (
        Figure(
            metric="au_percent",
            name="accelerator utilisation",
            heading="AU %",
            unit="%",
            decimals=1,
            short="AU {} %",
            spread="au_percent_stdev",
        ),
        Figure(
            metric="samples_per_s",
            name="throughput",
            heading="samples/s",
            unit="samples/s",
            decimals=1,
            short="{} samples/s",
            spread="samples_per_s_stdev",
        ),
        Figure(metric="nominal_mib_per_s", name="nominal", heading="MiB/s", unit="MiB/s", decimals=0),
        # Fewer bytes from the device may mean a slower device or a page cache that helps: neither is better.
        Figure(
            metric="device_mib_per_s",
            name="from the device",
            heading="device MiB/s",
            unit="MiB/s",
            decimals=0,
            better="neither",
        ),
    )

    def plots(self, record: Record) -> Iterable[Plot]:
        """Draw throughput, AU and bytes over epochs."""
        yield Plot("Throughput", epochs.throughput(record))
        yield Plot("Accelerator utilisation", epochs.accelerator_utilisation(record))
        yield Plot("Bytes read", epochs.bytes_read(record), digest.page_cache(record))

    def tables(self, record: Record) -> Iterable[Table]:
        """List the epochs."""
        headings = ("epoch", "AU %", "samples/s", "duration", "nominal", "device")
        rows = [
            (
                str(epoch["epoch"]),
                digest.figure(epoch.get("au_percent"), 2),
                digest.figure(epoch.get("samples_per_s"), 1),
                duration_text(epoch["duration_s"]),
                bytes_text(epoch["nominal_bytes"]),
                digest.UNKNOWN if epoch.get("device_bytes") is None else bytes_text(epoch["device_bytes"]),
            )
            for epoch in record.get("epochs") or ()
        ]
        yield Table("Figures of each epoch", headings, rows)


PRESENTATION: Presentation = Training()
