"""What pytest loads: it says where the parts are and imports none of them."""

from pathlib import Path

from storagebench.hookspec import Benchmark

HERE = Path(__file__).resolve().parents[1]


def pytest_storagebench_contribute() -> list[Benchmark]:
    """Add the family."""
    return [
        Benchmark(
            suite="metadata",
            official="metadata",
            description="making, looking at and removing files in one directory",
            folder=HERE,
            configurations=HERE / "configs",
            course="metadata_bench.course",
            presentation="metadata_bench.presentation",
            rules="metadata_bench.rules",
        )
    ]
