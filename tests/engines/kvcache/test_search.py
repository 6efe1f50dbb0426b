"""The search for the highest rate finds the edge, from either side."""

from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.kvcache.search import Probe, best, next_rate


@given(st.floats(0.01, 100), st.floats(0.1, 10))
def test_the_edge_is_bracketed_ever_closer(edge, first):
    probes = []
    for _ in range(24):
        rate = next_rate(probes, first)
        probes.append(Probe(rate, rate <= edge))
    place = best(probes)
    assert place is not None
    assert probes[place].rate <= edge
    assert edge / probes[place].rate < 1.05


def test_nothing_met_is_nothing_found():
    assert best([Probe(1.0, met=False), Probe(0.5, met=False)]) is None
    assert next_rate([Probe(1.0, met=False)], 1.0) == 0.5
