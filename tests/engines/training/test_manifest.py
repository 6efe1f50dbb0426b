"""Manifests and markers: what was written comes back, and what cannot be trusted is a sentence."""

import json
from dataclasses import replace

import pytest

from storagebench.engines.training.manifest import (
    MANIFEST_FILE,
    MARKER_FILE,
    Manifest,
    read_manifest,
    read_marker,
    write_manifest,
    write_marker,
)
from storagebench.errors import DatasetError
from tests.engines.training.examples import DLRM, NPZ


@pytest.fixture
def manifest(tmp_path):
    manifest = Manifest(
        dataset=DLRM,
        total_bytes=12345,
        started_at="2026-01-01T00:00:00+00:00",
        ended_at="2026-01-01T00:01:00+00:00",
        ranks=2,
        generator="storagebench",
        path=str(tmp_path),
    )
    write_marker(DLRM, manifest.path, manifest.started_at)
    write_manifest(manifest)
    return manifest


def test_a_manifest_comes_back_as_it_was(manifest):
    assert read_manifest(manifest.path) == manifest


def test_the_manifest_takes_the_place_of_the_marker(manifest):
    assert read_marker(manifest.path) is None


def test_a_moved_dataset_says_where_it_is_now(manifest, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / MANIFEST_FILE).rename(moved / MANIFEST_FILE)
    assert read_manifest(str(moved)) == replace(manifest, path=str(moved))


def test_the_keys_of_mlpstorage_are_there(manifest, tmp_path):
    content = json.loads((tmp_path / MANIFEST_FILE).read_text())
    assert content.pop("storagebench")["fingerprint"] == DLRM.fingerprint()
    assert content == {
        "schema_version": 1,
        "model": "dlrm",
        "num_files_train": 3,
        "num_samples_per_file": 2500,
        "record_length_bytes": 41,
        "num_subfolders_train": 0,
        "dataset_format": "parquet",
        "created_at": manifest.ended_at,
    }


def test_a_folder_that_does_not_exist_has_neither(tmp_path):
    assert read_manifest(str(tmp_path / "none")) is None
    assert read_marker(str(tmp_path / "none")) is None


def test_a_marker_comes_back_as_it_was(tmp_path):
    write_marker(NPZ, str(tmp_path), "now")
    assert read_marker(str(tmp_path)) == NPZ


def spoil(folder, **changes):
    path = folder / MANIFEST_FILE
    content = json.loads(path.read_text())
    content["storagebench"] |= changes
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"\xff\xfe"])
@pytest.mark.parametrize("name", [MANIFEST_FILE, MARKER_FILE])
def test_garbage_is_a_sentence_that_names_the_file(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=rf"{name} cannot be read \(.+\): delete its folder"):
        (read_manifest if name == MANIFEST_FILE else read_marker)(str(tmp_path))


def test_a_manifest_that_lacks_a_field_is_a_sentence(manifest, tmp_path):
    spoil(tmp_path, manifest={"ranks": 2})
    with pytest.raises(DatasetError, match="cannot be read"):
        read_manifest(manifest.path)


def test_the_manifest_of_another_tool_is_refused(tmp_path):
    (tmp_path / MANIFEST_FILE).write_text('{"schema_version": 1, "num_files_train": 3}')
    with pytest.raises(DatasetError, match="written by another tool"):
        read_manifest(str(tmp_path))


def test_the_files_of_another_generator_are_refused(manifest, tmp_path):
    spoil(tmp_path, generator_version=99)
    with pytest.raises(DatasetError, match="version 99 of the generator and this is 1"):
        read_manifest(manifest.path)
