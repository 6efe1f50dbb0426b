"""Comparability classes: what may be held against what."""

import pytest

from storagebench.edition import load_edition
from storagebench.history.comparable import why_not
from storagebench.parameters import core_config_hash, set_dotted
from tests.history.shelves import record

EDITION = load_edition("3.0")


def plan(**changes):
    found = record()["plan"]
    for name, value in changes.items():
        found = set_dotted(found, name.replace("__", "."), value)
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"parameters__reader__read_threads": 16},
        {"parameters__dataset__num_files_train": 99},
        {"parameters__reader__batch_size": "7"},
        {"accelerators": 9},
        {"data_dir": "/mnt/other"},
        {"tag": "other"},
    ],
    ids=str,
)
def test_what_closed_may_change_stays_in_the_class(changes):
    assert why_not(plan(**changes), plan(), EDITION) == ""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"workload__model": "retinanet"}, "another model: unet3d there, retinanet here"),
        ({"workload__accelerator": "h100"}, "another accelerator: b200 there, h100 here"),
        ({"division": "open"}, "another division: closed there, open here"),
        (
            {"parameters__reader__batch_size": 8},
            r"another comparability class: .*\(reader.batch_size is 7 there and 8 here\)",
        ),
        ({"parameters__train__computation_time": 0.1}, "computation_time is 0.162 there and 0.1 here"),
    ],
    ids=str,
)
def test_what_makes_another_class_is_refused_with_the_reason(changes, reason):
    with pytest.raises(AssertionError, match=reason):
        assert why_not(plan(**changes), plan(), EDITION) == ""


def test_two_hashes_that_are_declared_one_class_are_one():
    here, there = plan(), plan(parameters__workflow__checkpoint=True)
    assert "checkpoint" in why_not(here, there, EDITION)
    hashes = [core_config_hash(one["parameters"]) for one in (here, there)]
    here["workload"]["core_config_hashes"] = hashes
    assert why_not(here, there, EDITION) == ""


def test_a_family_without_a_hash_is_compared_by_what_closed_may_not_change():
    one, other = (plan(workload__family="vector_database", parameters__benchmark__top_k=k) for k in (10, 20))
    assert why_not(other, one, EDITION) == "benchmark.top_k is 10 there and 20 here"
    assert why_not(one, one, EDITION) == ""
