"""Pieces of real datasets, read in every declared way; damage names the file and the numbers."""

import os

import pytest

from storagebench.engines.training.layout import layout_of
from storagebench.engines.training.pieces import piece_readers
from storagebench.engines.training.schedule import Piece
from storagebench.errors import EngineError
from tests.engines.training.examples import DLRM, EVERY_FORMAT, NPZ
from tests.engines.training.plans import make_dataset, make_plan


def read(plan, piece):
    layout = layout_of(plan.dataset, plan.dataset_dir, columns=plan.reading.columns)
    return piece_readers(plan, layout)[0](piece)


@pytest.mark.parametrize("dataset", EVERY_FORMAT.values(), ids=EVERY_FORMAT)
@pytest.mark.parametrize("decode", [False, True], ids=["raw", "decoded"])
@pytest.mark.parametrize("direct", [False, True], ids=["buffered", "direct"])
def test_every_format_is_read_in_every_way(tmp_path, dataset, decode, direct):
    make_dataset(dataset, tmp_path)
    plan = make_plan(dataset, tmp_path, decode=decode, direct=direct)
    samples = dataset.row_group_size or dataset.num_samples_per_file
    layout = layout_of(dataset, plan.dataset_dir)
    expected = sum(extent.length for extent in layout.extents(1, 0, samples))
    assert read(plan, Piece(1, 0, samples)) == expected > 0


def test_marked_columns_are_fewer_bytes(tmp_path):
    make_dataset(DLRM, tmp_path)
    whole, marked = (
        read(make_plan(DLRM, tmp_path, columns=columns), Piece(0, 0, 1000)) for columns in ("all", "marked")
    )
    assert 0 < marked < whole


@pytest.mark.parametrize("decode", [False, True], ids=["raw", "decoded"])
@pytest.mark.parametrize("direct", [False, True], ids=["buffered", "direct"])
def test_a_truncated_file_is_told_with_both_sizes(tmp_path, decode, direct):
    folder = make_dataset(NPZ, tmp_path)
    expected = layout_of(NPZ).file_bytes(3)
    path = folder / "train" / "img_0000003.npz"
    os.truncate(path, 100)
    with pytest.raises(EngineError) as caught:
        read(make_plan(NPZ, tmp_path, decode=decode, direct=direct), Piece(3, 0, 1))
    assert str(caught.value) == (
        f"{path} holds 100 bytes where {expected} are expected: the dataset is damaged; "
        f"delete {folder} to have it generated again"
    )


def test_a_changed_byte_is_told_when_decoding(tmp_path):
    folder = make_dataset(NPZ, tmp_path)
    path = folder / "train" / "img_0000002.npz"
    with path.open("r+b") as file:
        file.seek(100_000)
        byte = file.read(1)
        file.seek(100_000)
        file.write(bytes([byte[0] ^ 1]))
    read(make_plan(NPZ, tmp_path), Piece(2, 0, 1))
    with pytest.raises(
        EngineError, match=r"img_0000002\.npz fails the checksum of its member x\.npy: the dataset is damaged"
    ):
        read(make_plan(NPZ, tmp_path, decode=True), Piece(2, 0, 1))


def test_there_is_one_reader_for_each_thread_and_one_without_threads(tmp_path):
    layout = layout_of(NPZ)
    assert len(piece_readers(make_plan(NPZ, tmp_path, reader={"read_threads": 3}), layout)) == 3
    assert len(piece_readers(make_plan(NPZ, tmp_path, reader={"read_threads": 0}), layout)) == 1
