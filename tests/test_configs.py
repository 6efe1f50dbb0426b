"""The configurations that are shipped: their published numbers, their published hashes, their quick points."""

from collections import Counter

import pytest

from storagebench.config import load_workloads
from storagebench.model import Dataset, Workload
from storagebench.parameters import core_config_hash, dataset_of, flatten, merge, set_dotted
from storagebench.parameters.schema import CONFIGS
from storagebench.units import GIB

WORKLOADS = {workload.id: workload for workload in load_workloads(CONFIGS / "training", "training")}
HASHED = [workload for workload in WORKLOADS.values() if workload.core_config_hashes]
QUICK = [workload for workload in WORKLOADS.values() if workload.quick]
DRAFTS = (("retinanet", "jpeg"), ("dlrm", "npz"), ("flux", "jpeg"))
ELEMENT_BYTES = {"float16": 2, "float32": 4, "float64": 8, "int8": 1}

# id: files, samples a file, record length, batch, epochs, seconds a batch, least AU; from the templates upstream
NUMBERS = {
    "unet3d-a100": (168, 1, 146600628, 7, 5, 0.636, 0.9),
    "unet3d-h100": (168, 1, 146600628, 7, 5, 0.323, 0.9),
    "unet3d-b200": (7200, 1, 146600628, 7, 5, 0.162, 0.9),
    "resnet50-a100": (1024, 1251, 114660.07, 400, 5, 0.435, 0.9),
    "resnet50-h100": (1024, 1251, 114660.07, 400, 5, 0.224, 0.9),
    "cosmoflow-a100": (524288, 1, 2828486, 1, 5, 0.00551, 0.7),
    "cosmoflow-h100": (524288, 1, 2828486, 1, 5, 0.0035, 0.7),
    "retinanet-b200": (1170301, 1, 322957, 24, 8, 0.04755, 0.85),
    "retinanet-mi355": (1170301, 1, 322957, 36, 8, 0.071325, 0.85),
    "retinanet-h100": (1743042, 1, 153600, 16, 5, 0.18, 0.85),
    "retinanet-a100": (1743042, 1, 153600, 16, 5, 0.21, 0.85),
    "dlrm-b200": (1024, 1536000, 761, 12288, 2, 0.000375, 0.7),
    "dlrm-mi355": (1024, 4718592, 761, 18432, 1, 0.0005625, 0.7),
    "dlrm-h100": (65536, 1, 512, 8192, 1, 0.005, 0.7),
    "dlrm-a100": (65536, 1, 512, 8192, 1, 0.007, 0.7),
    "flux-b200": (4296, 288, 2164832, 48, 1, 1.35, 0.9),
    "flux-mi355": (4296, 288, 2164832, 72, 1, 2.025, 0.9),
    "flux-h100": (1099776, 1, 307200, 8, 5, 0.85, 0.8),
    "flux-a100": (1099776, 1, 307200, 8, 5, 1.1, 0.8),
}


def dataset(name: str) -> Dataset:
    return dataset_of(WORKLOADS[name].parameters, WORKLOADS[name].model)


def quick_parameters(workload: Workload):
    return merge(workload.parameters, workload.quick["parameters"])


def test_every_point_that_can_run_has_its_numbers_here():
    assert {name for name, workload in WORKLOADS.items() if workload.runnable} == set(NUMBERS)
    assert set(WORKLOADS) - set(NUMBERS) == {"unet3d-mi355"}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_point_has_the_published_numbers(name):
    found = flatten(WORKLOADS[name].parameters)
    dataset_keys = ("num_files_train", "num_samples_per_file", "record_length_bytes")
    keys = (*(f"dataset.{key}" for key in dataset_keys), "reader.batch_size", "train.epochs", "train.computation_time")
    assert tuple(found[key] for key in (*keys, "metric.au")) == NUMBERS[name]


@pytest.mark.parametrize("workload", HASHED, ids=lambda workload: workload.id)
def test_the_published_hashes_are_reproduced(workload):
    parameters = workload.parameters
    if "1.0" in workload.editions:
        expected = (core_config_hash(parameters, "1.0"), core_config_hash(parameters, "2.0"))
    elif workload.id == "unet3d-b200":
        expected = (core_config_hash(parameters), core_config_hash(set_dotted(parameters, "workflow.checkpoint", True)))
    else:
        expected = (core_config_hash(parameters),)
    assert workload.core_config_hashes == expected


def test_what_an_edition_sanctions_has_a_class_and_hashes():
    sanctioned = [workload for workload in WORKLOADS.values() if workload.status == "sanctioned"]
    assert len(sanctioned) == 9
    assert sanctioned == HASHED
    assert all(workload.comparability_class == f"{workload.id}-A" for workload in sanctioned)


def test_no_hash_belongs_to_two_points():
    hashes = [each for workload in HASHED for each in workload.core_config_hashes]
    assert len(hashes) == len(set(hashes)) == 16


def test_editions_list_the_points_that_they_sanction():
    listed = {edition: [] for edition in ("1.0", "2.0", "3.0", "3.0-dev")}
    for workload in WORKLOADS.values():
        for edition in workload.editions:
            listed[edition].append(workload.id)
    assert listed["1.0"] == listed["2.0"]
    assert len(listed["1.0"]) == 6
    assert listed["3.0"] == ["retinanet-b200", "retinanet-mi355", "unet3d-b200", "unet3d-mi355"]
    assert len(listed["3.0-dev"]) == 10


def test_points_outside_the_rounds_are_for_whatif_only():
    assert all(
        (workload.divisions == ("whatif",)) == (workload.editions == ("3.0-dev",)) for workload in WORKLOADS.values()
    )


def test_drafts_have_formats_of_their_own():
    formats = {name: dataset(name).format for name in NUMBERS if WORKLOADS[name].status == "early_draft_removed"}
    assert formats == {f"{model}-{accelerator}": kind for model, kind in DRAFTS for accelerator in ("h100", "a100")}
    assert not any(dataset(name).columns for name in formats)


def test_dlrm_has_the_published_columns():
    columns = dataset("dlrm-b200").columns
    assert [column.name for column in columns] == [f"feature_{number:03d}" for number in range(200)]
    assert Counter(column.dtype for column in columns) == {"float16": 50, "float64": 49, "float32": 56, "int8": 45}
    assert sum(ELEMENT_BYTES[column.dtype] for column in columns) == 761


def test_dlrm_reads_the_published_columns():
    read = [column for column in dataset("dlrm-b200").columns if column.read]
    assert Counter(column.dtype for column in read) == {"float32": 27, "float64": 5, "float16": 4, "int8": 4}
    assert sum(ELEMENT_BYTES[column.dtype] for column in read) == 160
    assert [int(column.name.removeprefix("feature_")) for column in read] == [
        *(11, 17, 18, 20, 25, 31, 41, 43, 49, 53, 58, 59, 67, 68, 71, 74, 75, 88, 90, 91, 92, 93, 94, 96, 97),
        *(116, 117, 137, 141, 147, 154, 155, 158, 160, 162, 169, 180, 186, 189, 195),
    ]


def test_a_row_of_flux_is_its_columns():
    found = dataset("flux-b200")
    assert sum(4 * column.size for column in found.columns) == found.record_length_bytes == 2164832


def test_quick_has_one_point_of_each_format_and_parquet_twice():
    assert [workload.id for workload in QUICK] == [
        "cosmoflow-h100",
        "dlrm-b200",
        "flux-b200",
        "retinanet-b200",
        "unet3d-b200",
    ]


@pytest.mark.parametrize("workload", QUICK, ids=lambda workload: workload.id)
def test_quick_keeps_the_format_and_at_least_ten_steps(workload):
    small = dataset_of(quick_parameters(workload), workload.model)
    full = dataset_of(workload.parameters, workload.model)
    batch = quick_parameters(workload)["reader"]["batch_size"]
    assert small.format == full.format
    assert [(column.name, column.dtype) for column in small.columns] == [
        (each.name, each.dtype) for each in full.columns
    ]
    assert small.num_samples // (batch * workload.quick["accelerators"]) >= 10


def test_quick_keeps_the_spread_of_sizes():
    for workload in QUICK:
        small = dataset_of(quick_parameters(workload), workload.model)
        full = dataset_of(workload.parameters, workload.model)
        spread = full.record_length_bytes_stdev / full.record_length_bytes
        assert small.record_length_bytes_stdev / small.record_length_bytes == pytest.approx(spread, rel=0.001)


def test_quick_fits_a_laptop():
    """All quick datasets together stay under 2 GiB, and their epochs of pure compute under half a minute."""
    sizes = [dataset_of(quick_parameters(workload), workload.model) for workload in QUICK]
    assert sum(each.nominal_bytes for each in sizes) < 2 * GIB
    compute_s = 0.0
    for workload, each in zip(QUICK, sizes, strict=True):
        flat = flatten(quick_parameters(workload))
        steps = each.num_samples // (flat["reader.batch_size"] * workload.quick["accelerators"])
        compute_s += steps * flat["train.epochs"] * flat["train.computation_time"]
    assert compute_s < 30


def test_a_row_of_quick_flux_is_its_columns():
    small = dataset_of(quick_parameters(WORKLOADS["flux-b200"]), "flux")
    assert sum(4 * column.size for column in small.columns) == small.record_length_bytes
