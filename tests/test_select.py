"""Which points become items, and what they are called."""

import dataclasses

import pytest

from storagebench.edition import load_edition
from storagebench.model import Workload
from storagebench.select import Point, in_two_phases, points, quick_points, run_labels

UNET3D = Workload(
    family="training",
    model="unet3d",
    accelerator="b200",
    editions=("3.0",),
    status="sanctioned",
    divisions=("closed", "open"),
    parameters={"framework": "pytorch"},
    quick={"accelerators": 2, "parameters": {}},
    core_config_hashes=(),
    comparability_class=None,
    source="here",
    where="here:1",
)
OLD = dataclasses.replace(UNET3D, accelerator="h100", editions=("1.0", "2.0"), quick=None)
UNPUBLISHED = dataclasses.replace(UNET3D, accelerator="mi355", parameters={}, quick=None)
ALL = (UNET3D, OLD, UNPUBLISHED)


def ids(division: str, edition: str = "3.0", accelerators: tuple[int, ...] = (8,), runs: int | None = 1) -> list[str]:
    return [point.id for point in points(ALL, load_edition(edition), division, accelerators, 1, runs)]


def test_closed_takes_what_the_edition_sanctions():
    assert ids("closed") == ["unet3d-b200-x8"]
    assert ids("closed", "2.0") == ["unet3d-h100-x8"]


def test_whatif_takes_whatever_has_parameters():
    assert ids("whatif") == ["unet3d-b200-x8", "unet3d-h100-x8"]


def test_each_number_of_accelerators_is_an_item():
    assert ids("closed", accelerators=(8, 16)) == ["unet3d-b200-x8", "unet3d-b200-x16"]


@pytest.mark.parametrize(
    ("edition", "division", "runs", "labels"),
    [
        ("3.0", "closed", None, ("warmup", "run1", "run2", "run3", "run4", "run5")),
        ("2.0", "open", None, ("warmup", "run1", "run2", "run3", "run4", "run5")),
        ("1.0", "closed", None, ("run1", "run2", "run3", "run4", "run5")),
        ("3.0", "whatif", None, ("",)),
        ("3.0", "closed", 2, ("run1", "run2")),
    ],
)
def test_repeats_are_what_the_edition_demands_unless_told_otherwise(edition, division, runs, labels):
    assert run_labels(load_edition(edition), "training", division, runs) == labels


@pytest.mark.parametrize(("family", "labels"), [("vector_database", 5), ("checkpointing", 1), ("kv_cache", 1)])
def test_each_family_has_repeats_of_its_own(family, labels):
    assert len(run_labels(load_edition("3.0"), family, "closed", None)) == labels


def test_without_a_number_of_accelerators_the_workload_decides_and_then_the_hosts():
    demanding = dataclasses.replace(UNET3D, accelerators=64)
    found = points((UNET3D, demanding), load_edition("3.0"), "closed", None, 3, 1)
    assert [point.accelerators for point in found] == [3, 64]


def test_repeats_of_one_result_stand_side_by_side():
    assert ids("closed", accelerators=(1, 2), runs=2) == [
        "unet3d-b200-x1-run1", "unet3d-b200-x1-run2", "unet3d-b200-x2-run1", "unet3d-b200-x2-run2",
    ]  # fmt: skip


def test_quick_takes_the_points_that_have_a_quick_section():
    assert [point.id for point in quick_points(ALL)] == ["unet3d-b200-x2"]


def test_a_split_result_has_two_items_side_by_side():
    chosen = in_two_phases([Point(UNET3D, 8, ""), Point(UNET3D, 8, "run2")])
    assert [point.run for point in chosen] == ["write", "read", "run2-write", "run2-read"]
