"""What a run of metadata operations is held to."""

from collections.abc import Iterator

from rules.registry import Breach, rule
from storagebench.model import Edition, Lands, Record


@rule("x", "x-metadata-unofficial", family="metadata", editions="3.0")
def no_edition_has_it(record: Record, edition: Edition) -> Iterator[Breach]:
    """No edition of MLPerf Storage has this benchmark, so that its runs are valid in no division."""
    yield Breach(Lands.INVALID, f"a run of {record.family}", "a benchmark of the edition")
