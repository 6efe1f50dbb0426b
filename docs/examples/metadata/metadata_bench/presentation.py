"""Metadata rates in reports."""

from collections.abc import Iterable

from storagebench.report.presentation import Figure, Plot, Presentation, Record, Table


def _rate(operation: str) -> Figure:
    unit = f"{operation}s/s"
    return Figure(metric=f"{operation}s_per_s", name=unit, heading=unit, unit=unit, decimals=0, short=f"{{}} {unit}")


class Metadata:
    """Three rates, nothing to draw."""

    figures: tuple[Figure, ...] = (_rate("create"), _rate("stat"), _rate("unlink"))

    def plots(self, record: Record) -> Iterable[Plot]:
        """Draw nothing."""
        return ()

    def tables(self, record: Record) -> Iterable[Table]:
        """Have no table."""
        return ()


PRESENTATION: Presentation = Metadata()
