"""Vectors that people bring: three forms, and what is wrong with a file in one sentence."""

import numpy as np
import pytest

from storagebench.engines.vectordb.vector_files import VectorFile
from storagebench.errors import ConfigError

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def write(path, rows=ROWS):
    if path.suffix == ".npy":
        np.save(path, rows)
    elif path.suffix == ".fbin":
        path.write_bytes(np.array(rows.shape, "<u4").tobytes() + rows.astype("<f4").tobytes())
    else:
        heads = np.full((len(rows), 1), rows.shape[1], "<i4").view("<f4")
        path.write_bytes(np.concatenate([heads, rows.astype("<f4")], axis=1).tobytes())
    return str(path)


@pytest.mark.parametrize("suffix", [".npy", ".fvecs", ".fbin"])
def test_every_form_gives_the_same_vectors(tmp_path, suffix):
    found = VectorFile.open(write(tmp_path / f"v{suffix}"))
    assert (found.count, found.dimension) == (4, 3)
    assert np.array_equal(found.rows(1, 3), ROWS[1:3])


@pytest.mark.parametrize("suffix", [".npy", ".fvecs", ".fbin"])
def test_a_file_that_is_cut_off_is_refused(tmp_path, suffix):
    path = tmp_path / f"v{suffix}"
    write(path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ConfigError, match=r"v\.\w+ (is|cannot be read)"):
        VectorFile.open(str(path))


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (ROWS.astype(np.float64), "float64 of 4 x 3, not float32"),
        (np.asfortranarray(ROWS), "not float32 of count x dimension in C order"),
        (ROWS[0], "float32 of 3, not"),
    ],
)
def test_another_type_or_order_is_named(tmp_path, rows, sentence):
    np.save(tmp_path / "v.npy", rows)
    with pytest.raises(ConfigError, match=sentence):
        VectorFile.open(str(tmp_path / "v.npy"))


@pytest.mark.parametrize(
    ("name", "sentence"), [("v.csv", "vectors come as .npy, .fvecs, .fbin"), ("v.npy", "No such file")]
)
def test_what_is_no_such_file_is_refused(tmp_path, name, sentence):
    with pytest.raises(ConfigError, match=sentence):
        VectorFile.open(str(tmp_path / name))


@pytest.mark.parametrize("suffix", [".npy", ".fvecs", ".fbin"])
def test_an_empty_file_is_refused(tmp_path, suffix):
    path = tmp_path / f"v{suffix}"
    path.write_bytes(b"")
    with pytest.raises(ConfigError):
        VectorFile.open(str(path))
