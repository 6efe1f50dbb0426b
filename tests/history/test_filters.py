"""Filters of --history."""

import pytest

from storagebench.errors import ConfigError
from storagebench.history.filters import parse_filters
from tests.history.shelves import record, shelf


@pytest.fixture
def runs(tmp_path):
    return shelf(tmp_path, record("closed", tag="base"), record("open"), record("invalid"), record("quick")).runs


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", [1, 2, 3, 4]),
        ("verdict=closed", [1]),
        ("verdict=CLOSED,model=unet3d", [1]),
        ("family=training", [1, 2, 3, 4]),
        ("family=kvcache", []),
        ("tag=b*", [1]),
        ("host=client-1,verdict=closed", [1]),
        ("host=no-such-host", []),
        ("date=2026-11", [1, 2, 3, 4]),
        ("date=2026-12", []),
        ("since=2026-11-01T13:30+00:00", [3, 4]),
        ("until=2026-11-01T13:30+00:00", [1, 2]),
        ("since=2026-10-30, until=2026-11-03", [1, 2, 3, 4]),
    ],
)
def test_runs_pass_when_they_pass_all(runs, text, numbers):
    filters = parse_filters(text)
    assert [run.number for run in runs if all(passes(run) for passes in filters)] == numbers


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("modl=unet3d", r"'modl=unet3d' is no filter; did you mean model=…\?"),
        ("suites/training", "filters are item, family"),
        ("since=yesterday", "since=yesterday is no date; write it as 2026-11-01"),
    ],
)
def test_what_is_no_filter_is_answered_with_what_is(text, sentence):
    with pytest.raises(ConfigError, match=sentence):
        parse_filters(text)
