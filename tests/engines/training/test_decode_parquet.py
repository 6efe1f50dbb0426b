"""Row groups decode from the very bytes that the layout asked for, all columns or only those marked read."""

from dataclasses import replace

import pytest

from storagebench.engines.training.decode import DamageError, Loaded, decoder_of
from storagebench.engines.training.layout import layout_of
from storagebench.engines.training.reader import Reader
from storagebench.engines.training.schedule import Piece
from storagebench.errors import EngineError
from tests.engines.training.examples import DLRM, FLUX
from tests.engines.training.plans import make_dataset

DATASETS = pytest.mark.parametrize("dataset", [DLRM, FLUX], ids=["dlrm", "flux"])


def decode(dataset, folder, columns, piece):
    layout = layout_of(dataset, str(folder), columns=columns)
    extents = layout.extents(*piece)
    views = Reader(direct=False, chunk_bytes=2**20).load(str(folder / layout.path(piece.file)), extents)
    return decoder_of(dataset, str(folder), columns, layout.path(0))(Loaded(piece, extents, views))


@DATASETS
@pytest.mark.parametrize("columns", ["all", "marked"])
def test_the_rows_of_every_row_group_are_found(tmp_path, dataset, columns):
    folder = make_dataset(dataset, tmp_path)
    for file in range(dataset.num_files):
        for first in range(0, dataset.num_samples_per_file, dataset.row_group_size):
            rows = min(dataset.row_group_size, dataset.num_samples_per_file - first)
            assert decode(dataset, folder, columns, Piece(file, first, rows)) == rows


def test_several_row_groups_are_decoded_at_once(tmp_path):
    folder = make_dataset(DLRM, tmp_path)
    assert decode(DLRM, folder, "all", Piece(1, 1000, 1500)) == 1500


def test_a_page_header_of_zeros_is_damage(tmp_path):
    folder = make_dataset(FLUX, tmp_path)
    layout = layout_of(FLUX, str(folder))
    (extent, *_) = layout.extents(1, 0, 8)
    with (folder / layout.path(1)).open("r+b") as file:
        file.seek(extent.offset)
        file.write(bytes(64))
    with pytest.raises(DamageError, match="row group that cannot be decoded"):
        decode(FLUX, folder, "all", Piece(1, 0, 8))


def test_a_dataset_without_its_first_footer_is_one_sentence(tmp_path):
    with pytest.raises(EngineError, match="has no readable parquet footer"):
        decoder_of(replace(DLRM, num_files=1), str(tmp_path), "all", "train/img_0000000.parquet")
