"""Names of files, and the promises that every format keeps."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.training.layout import layout_of
from storagebench.errors import DatasetError
from tests.engines.training.examples import EVERY_FORMAT, JPEG, NPZ, content

every_format = pytest.mark.parametrize("dataset", EVERY_FORMAT.values(), ids=EVERY_FORMAT)


def test_a_name_does_not_tell_how_many_files_there_are():
    assert layout_of(NPZ).path(12) == layout_of(replace(NPZ, num_files=99)).path(12) == "train/img_0000012.npz"


def test_subfolders_take_files_in_turn():
    layout = layout_of(replace(JPEG, num_subfolders=10))
    assert [layout.path(file) for file in (3, 13)] == ["train/03/img_0000003.jpeg", "train/03/img_0000013.jpeg"]


def test_a_single_subfolder_is_none():
    assert layout_of(replace(JPEG, num_subfolders=1)).path(3) == "train/img_0000003.jpeg"


@given(st.integers(0, 40), st.lists(st.integers(0, 10**8), min_size=2, unique=True))
def test_no_two_files_share_a_name(subfolders, files):
    layout = layout_of(replace(JPEG, num_subfolders=subfolders))
    assert len({layout.path(file) for file in files}) == len(files)


def test_an_unknown_format_is_a_sentence():
    with pytest.raises(DatasetError, match="unet3d: cannot lay out files of format 'hdf5'; known: jpeg, npz"):
        layout_of(replace(NPZ, format="hdf5"))


@every_format
def test_the_extents_of_all_samples_stay_inside_the_file(dataset):
    layout = layout_of(dataset)
    for offset, length in layout.extents(1, 0, dataset.num_samples_per_file):
        assert 0 <= offset < offset + length <= layout.file_bytes(1)


@every_format
def test_a_file_depends_on_nothing_but_seed_and_number(dataset):
    assert content(dataset, 1) == content(replace(dataset, num_files=2), 1)
    assert content(dataset, 1) != content(replace(dataset, seed=11), 1)


@every_format
def test_no_two_blocks_of_a_dataset_are_equal(dataset):
    files = [content(dataset, file) for file in range(3)]
    blocks = [file[start : start + 4096] for file in files for start in range(0, len(file) - 4095, 4096)]
    assert len(set(blocks)) == len(blocks)
