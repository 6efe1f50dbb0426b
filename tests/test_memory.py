"""The predicted memory of a rank: raw reading needs chunks alone, decoding the largest piece for each thread."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.training.layout import layout_of
from storagebench.memory import RANK_BYTES, dlio_memory_bytes, largest_file_bytes, piece_bytes, rank_memory_bytes
from storagebench.model import Dataset, Reading
from storagebench.units import MIB

UNET3D = Dataset(
    model="unet3d",
    format="npz",
    num_files=7200,
    num_samples_per_file=1,
    record_length_bytes=146_600_628,
    record_length_bytes_stdev=68_341_808,
)
RESNET50 = Dataset(
    model="resnet50", format="tfrecord", num_files=1024, num_samples_per_file=1251, record_length_bytes=114_660.07
)
RAW, DECODED = (Reading(direct=False, decode=decode, columns="all") for decode in (False, True))
READER = {"batch_size": 7, "read_threads": 4}


def test_raw_reading_takes_a_chunk_for_each_thread():
    small = rank_memory_bytes(UNET3D, RAW, READER)
    assert RANK_BYTES + 4 * MIB < small < RANK_BYTES + 5 * MIB
    assert rank_memory_bytes(UNET3D, RAW, READER | {"transfer_size": 8 * MIB}) == small + 4 * 7 * MIB
    assert rank_memory_bytes(UNET3D, replace(RAW, direct=True), READER) == small + 4 * 3 * MIB


def test_decoding_takes_the_largest_file_for_each_thread():
    more = rank_memory_bytes(UNET3D, DECODED, READER) - rank_memory_bytes(UNET3D, RAW, READER)
    assert more >= 4 * largest_file_bytes(UNET3D)


def test_decoding_records_takes_a_readers_part_of_the_batch():
    assert piece_bytes(RESNET50, 400, 8) == 50 * 114_660.07 // 1


@given(st.integers(0, 2**32), st.sampled_from(["npz", "jpeg", "tfrecord"]))
def test_no_file_is_larger_than_the_largest_is_estimated(seed, form):
    dataset = replace(
        UNET3D, format=form, num_files=500, seed=seed, record_length_bytes=1e6, record_length_bytes_stdev=4e5
    )
    layout = layout_of(dataset)
    assert max(layout.file_bytes(file) for file in range(500)) <= 1.2 * largest_file_bytes(dataset)


def test_dlio_takes_its_own_on_top_and_with_torch_a_sample_in_each_process():
    loader, torch = (dlio_memory_bytes(UNET3D, plugin, READER) for plugin in ("auto", "none"))
    assert loader == dlio_memory_bytes(UNET3D, "loader", READER) == 100 * MIB
    assert torch > loader + READER["read_threads"] * largest_file_bytes(UNET3D)
