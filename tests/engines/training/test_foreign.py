"""Datasets under DLIO's names: found, looked at, and refused in a sentence when they are not what they should be."""

from dataclasses import replace

import pytest

from storagebench.engines.training.dataset import ensure
from storagebench.engines.training.foreign import adopt
from storagebench.engines.training.layout import layout_of
from storagebench.errors import DatasetError
from tests.engines.training.examples import HOSTS, JPEG, NPZ, TFRECORD, TurnsLauncher, ignore

SMALL = replace(NPZ, num_files=3, record_length_bytes=1000, record_length_bytes_stdev=0)


def dlio_files(folder, total=12, size=1010, subfolders=0, fmt="npz"):
    for file in range(total):
        place = folder / "train" / (f"{file % subfolders:0{len(str(subfolders))}d}" if subfolders > 1 else "")
        place.mkdir(parents=True, exist_ok=True)
        (place / f"img_{file:0{len(str(total))}d}_of_{total}.{fmt}").write_bytes(bytes(size + file))


def test_files_keep_their_names_and_sizes(tmp_path):
    dlio_files(tmp_path)
    manifest = ensure(SMALL, str(tmp_path), TurnsLauncher(), HOSTS, 1, ignore)
    assert manifest.dataset.num_files == 12
    layout = layout_of(SMALL, str(tmp_path))
    assert layout.path(7) == "train/img_07_of_12.npz"
    assert layout.file_bytes(7) == 1017
    assert layout.extents(7, 0, 1) == ((0, 1017),)


def test_subfolders_are_those_of_dlio(tmp_path):
    dlio_files(tmp_path, size=90_000, subfolders=3, fmt="jpeg")
    assert adopt(replace(JPEG, num_files=9), str(tmp_path)).total_bytes == sum(90_000 + file for file in range(12))
    assert layout_of(JPEG, str(tmp_path)).path(10) == "train/1/img_10_of_12.jpeg"


@pytest.mark.parametrize("dataset", [SMALL, TFRECORD], ids=lambda dataset: dataset.format)
def test_other_folders_are_none_of_dlios(tmp_path, dataset):
    assert adopt(dataset, str(tmp_path / "nowhere")) is None
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "img_1_of_2.tfrecord").touch()
    assert adopt(dataset, str(tmp_path)) is None


def test_too_few_files_and_those_of_another_size_are_refused(tmp_path):
    dlio_files(tmp_path, total=2)
    with pytest.raises(DatasetError, match="holds 2 files that DLIO generated, where 3 are needed"):
        adopt(SMALL, str(tmp_path))
    with pytest.raises(DatasetError, match=r"of 1010 B a sample, where the record length is 1.95 KiB"):
        adopt(replace(SMALL, num_files=2, record_length_bytes=2000), str(tmp_path))


def test_a_file_that_has_gone_is_named(tmp_path):
    dlio_files(tmp_path)
    ensure(SMALL, str(tmp_path), TurnsLauncher(), HOSTS, 1, ignore)
    (tmp_path / "train/img_01_of_12.npz").unlink()
    with pytest.raises(DatasetError, match=r"img_01_of_12.npz cannot be found .*have DLIO generate it again"):
        ensure(SMALL, str(tmp_path), TurnsLauncher(), HOSTS, 1, ignore)
