"""Metadata rates in reports."""

from collections.abc import Iterable

from storagebench.report.presentation import Figure, Plot, Presentation, Record, Table


def _rate(operation: str, name: str) -> Figure:
    unit = f"{operation}s/s"
    return Figure(metric=f"{operation}s_per_s", name=name, heading=unit, unit=unit, decimals=0, short=f"{{}} {unit}")


class Metadata:
    """Three rates, nothing to draw."""

    figures: tuple[Figure, ...] = (
        _rate("create", "creation of files"),
        _rate("stat", "looking at files, in the client's cache"),
        _rate("unlink", "removal of files"),
    )

    def plots(self, record: Record) -> Iterable[Plot]:
        """Draw nothing."""
        return ()

    def tables(self, record: Record) -> Iterable[Table]:
        """Have no table."""
        return ()


PRESENTATION: Presentation = Metadata()
