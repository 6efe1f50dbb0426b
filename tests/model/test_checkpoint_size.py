"""The formula gives the sizes that real runs report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.model.checkpoint_size import checkpoint_bytes, subset_bytes
from storagebench.units import GIB
from tests.model.llama3 import MODELS


@pytest.mark.parametrize(
    ("name", "ranks", "parameters", "whole_gib", "subset_gib"),
    [
        ("llama3-8b", 8, 8_030_261_248, 104.7045, 104.7045),
        ("llama3-70b", 64, 69_882_617_856, 911.2121, 113.9015),
        ("llama3-405b", 512, 405_853_388_800, 5292.2487, 98.5447),
        ("llama3-1t", 1024, 1_183_035_102_480, 15_426.5893, 143.7239),
    ],
)
def test_a_checkpoint_has_the_size_that_dlio_writes(name, ranks, parameters, whole_gib, subset_gib):
    model = MODELS[name]
    assert model.ranks == ranks
    assert model.parameters == parameters
    assert checkpoint_bytes(model) / GIB == pytest.approx(whole_gib, abs=5e-5)
    assert subset_bytes(model, 8) / GIB == pytest.approx(subset_gib, abs=5e-5)


def test_two_published_runs_report_this_very_size():
    """summary.metric.checkpoint_size_GB of OpenLake's llama3-8b and of HPE's llama3-70b, edition 3.0."""
    assert checkpoint_bytes(MODELS["llama3-8b"]) / GIB == 104.70452117919922
    assert checkpoint_bytes(MODELS["llama3-70b"]) / GIB == 911.2121276855469


@pytest.mark.parametrize("name", MODELS)
def test_all_ranks_together_write_the_whole_checkpoint(name):
    model = MODELS[name]
    assert subset_bytes(model, model.ranks) == pytest.approx(checkpoint_bytes(model), rel=1e-6)


@given(name=st.sampled_from(sorted(MODELS)), ranks=st.integers(0, 63))
def test_every_further_rank_writes_something(name, ranks):
    assert subset_bytes(MODELS[name], ranks) < subset_bytes(MODELS[name], ranks + 1)
