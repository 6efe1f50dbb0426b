"""The window with a clock of our own: what ends a nanosecond late does not count."""

import numpy as np
import pytest

from storagebench.engines.kvcache.samples import Samples
from storagebench.engines.kvcache.steady import steadiness
from storagebench.engines.kvcache.tiers import DELETE, GET, PUT
from storagebench.engines.kvcache.trace import OPERATION, REQUEST, RESTORE, STORE, Trace
from storagebench.engines.kvcache.window import Window, counted, per_slice, restores, stored_peak

WINDOW = Window(1000, 2000)


def plan(*rows):
    """Make a trace of (kind, bytes, request) and samples that were never taken."""
    operations = np.zeros(len(rows), OPERATION)
    for place, (kind, size, request) in enumerate(rows):
        part = RESTORE if kind == GET else STORE
        operations[place] = (place, size, request, 1, size, kind, part)
    requests = np.zeros(1 + max(row[2] for row in rows), REQUEST)
    trace = Trace(operations, requests, operations[:0], 0, 0)
    return trace, Samples(len(operations), len(requests))


def take(samples, row, started, ended, ready=None):
    samples.asked[row] = samples.ready[row] = started
    if ready is not None:
        samples.ready[row] = ready
    samples.started[row], samples.ended[row], samples.device[row] = started, ended, ended - started


@pytest.mark.parametrize(("ended", "counts"), [(999, 0), (1000, 1), (2000, 1), (2001, 0)])
def test_an_operation_counts_when_it_ends_inside(ended, counts):
    trace, samples = plan((GET, 7, 0))
    take(samples, 0, 500, ended)
    found = counted(trace, samples, WINDOW, GET)
    assert len(found.service) == counts
    assert found.total_bytes == 7 * counts


def test_an_operation_that_never_ended_does_not_count():
    trace, samples = plan((GET, 7, 0))
    samples.started[0] = 1500
    assert counted(trace, samples, WINDOW, GET).total_bytes == 0


def test_slices_share_an_operation_by_its_time():
    trace, samples = plan((PUT, 100, 0))
    take(samples, 0, 900, 1400)
    assert per_slice(trace, samples, WINDOW, PUT, 2) == pytest.approx([80, 0])
    take(samples, 0, 1250, 1750)
    assert per_slice(trace, samples, WINDOW, PUT, 2) == pytest.approx([50, 50])


def test_a_restore_lasts_until_its_slowest_chunk():
    trace, samples = plan((GET, 1, 0), (GET, 1, 0))
    take(samples, 0, 1100, 1200)
    take(samples, 1, 1110, 1900)
    found = restores(trace, samples, WINDOW, np.array([1050]))
    assert found.service.tolist() == [800]
    assert found.response.tolist() == [850]
    assert found.tokens == 2


def test_a_restore_with_a_chunk_outstanding_is_none():
    trace, samples = plan((GET, 1, 0), (GET, 1, 0))
    take(samples, 0, 1100, 1200)
    assert restores(trace, samples, WINDOW, np.array([1050])).response.tolist() == []


def test_waiting_for_another_requests_write_is_told_apart():
    trace, samples = plan((GET, 1, 0))
    take(samples, 0, 1400, 1500, ready=1400)
    samples.asked[0] = 1100
    found = restores(trace, samples, WINDOW, np.array([1100]))
    assert found.gated.tolist() == [300]
    assert found.response.tolist() == [100]


def test_the_most_that_was_stored_counts_writes_from_their_begin_and_deletions_from_their_end():
    trace, samples = plan((PUT, 10, 0), (DELETE, 10, 0), (PUT, 10, 0))
    take(samples, 0, 1, 2)
    take(samples, 1, 3, 6)
    take(samples, 2, 5, 7)
    assert stored_peak(trace, samples) == 20
    take(samples, 2, 6, 7)
    assert stored_peak(trace, samples) == 20  # the one that ends as the other begins is not yet gone
    take(samples, 2, 8, 9)
    assert stored_peak(trace, samples) == 10


def test_a_level_load_is_steady_and_a_falling_one_is_not():
    assert steadiness([10] * 10).steady
    assert steadiness([10, 11, 9, 10, 10, 11, 9, 10, 10, 10]).steady
    assert not steadiness([15, 14, 13, 12, 11, 10, 9, 8, 7, 6]).steady
    assert not steadiness([20, 1] * 5).steady
    assert not steadiness([0] * 10).steady
