"""Npz files are what numpy loads, of the shapes that DLIO draws and the sizes that the layout foretells."""

import io
import math
import zlib
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from storagebench.engines.training.formats.npz import NpzFiles
from tests.engines.training.examples import NPZ, content


@settings(max_examples=30, deadline=None)
@given(
    length=st.floats(1, 4_000_000),
    spread=st.floats(0, 0.5),
    samples=st.integers(1, 5),
    seed=st.integers(0, 2**32),
)
def test_numpy_loads_a_file_and_its_size_was_foretold(length, spread, samples, seed):
    dataset = replace(
        NPZ,
        record_length_bytes=length,
        record_length_bytes_stdev=spread * length,  # a file grows with the square of this ratio, without bound
        num_samples_per_file=samples,
        seed=seed,
    )
    written = content(dataset, 3)
    assert len(written) == NpzFiles(dataset).file_bytes(3)
    with np.load(io.BytesIO(written)) as archive:  # zipfile checks every CRC
        assert archive["x"].dtype == np.uint8
        assert archive["x"].shape[2] == samples
        np.testing.assert_array_equal(archive["y"], np.zeros(samples, dtype=np.int64), strict=True)


def test_without_deviation_the_image_is_the_square_that_dlio_makes():
    dataset = replace(NPZ, record_length_bytes=1_000_099, record_length_bytes_stdev=0)
    with np.load(io.BytesIO(content(dataset, 0))) as archive:
        assert archive["x"].shape == (1000, 1000, 1)


def test_lengths_spread_as_two_independent_sides_do():
    files = NpzFiles(replace(NPZ, num_files=20_000, record_length_bytes=4e6, record_length_bytes_stdev=1e6))
    sizes = np.array([files.file_bytes(file) for file in range(20_000)])
    assert math.isclose(sizes.mean(), 4e6, rel_tol=0.01)
    assert math.isclose(sizes.std(), 1e6 / math.sqrt(2), rel_tol=0.03)  # each side varies by half, DLIO's formula


@given(st.integers(1, 300), st.integers(1, 300))
def test_more_files_leave_the_first_ones_as_they_are(few, more):
    small, large = (NpzFiles(replace(NPZ, num_files=count)) for count in (few, few + more))
    assert [small.file_bytes(file) for file in range(few)] == [large.file_bytes(file) for file in range(few)]


def test_a_sample_beyond_4_gib_has_a_longer_frame():
    small = NpzFiles(replace(NPZ, record_length_bytes=1e6, record_length_bytes_stdev=0)).file_bytes(0) - 1000**2
    large = NpzFiles(replace(NPZ, record_length_bytes=66_000**2, record_length_bytes_stdev=0)).file_bytes(0) - 66_000**2
    assert large - small == 20 + 20 + 12 + 56 + 20  # both sizes twice, an offset, the two ends of zip64


def test_the_samples_do_not_compress():
    written = content(NPZ, 0)
    assert len(zlib.compress(written)) > 0.999 * len(written)
