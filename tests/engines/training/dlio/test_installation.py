"""What is found out about a DLIO, and the sentence for each one that cannot be driven."""

import sys

import pytest

from storagebench.engines.training.dlio.installation import installation_of
from storagebench.errors import ClusterError

NEWER = """
def LoadConfig(args, config):
    if 'dataset' in config:
        if 'record_length_bytes' in config['dataset']:
            args.record_length = config['dataset']['record_length_bytes']
        args.skip = config['dataset'].get('skip_listing', False)
    model = config['model']
    if 'parallelism' in model:
        if 'tensor' in model['parallelism']:
            args.tensor = model['parallelism']['tensor']
    reader = None
    if 'data_reader' in config:
        reader = config['data_reader']
    elif 'reader' in config:
        reader = config['reader']
    if 'odirect' in reader:
        args.odirect = reader['odirect']
"""


def test_the_release_is_known_by_its_keys(dlio_python):
    found = installation_of(dlio_python)
    assert found.title.startswith("2.0.0 (source ")
    assert not found.counts_in_bytes
    assert not found.is_fork
    assert not found.has_torch
    assert {"dataset.record_length", "reader.reader_classname", "train.seed"} <= found.keys
    assert not {"reader.odirect", "dataset.record_length_bytes", "checkpoint.mode"} & found.keys
    assert {"npz", "jpeg"} <= found.formats
    assert "parquet" not in found.formats
    assert found.mpi_bin


def test_a_newer_one_is_known_by_its_keys(pretend):
    found = pretend(NEWER, formats=("npz", "parquet"))
    assert found.version == "3.0.2"
    assert found.counts_in_bytes
    assert found.is_fork
    assert {"model.parallelism.tensor", "reader.odirect", "dataset.skip_listing"} <= found.keys
    assert found.formats == {"npz", "parquet"}


def test_two_revisions_of_one_version_differ_by_their_source(pretend):
    assert pretend(NEWER).title != pretend(NEWER + "\n# changed\n").title


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": None}, "has no version that a record could name"),
        ({"config": "def LoadConfig(args, config): pass\n"}, "reads no configuration that we know"),
        ({"modules": ()}, "lacks omegaconf, which DLIO needs"),
    ],
)
def test_a_dlio_that_cannot_be_driven_is_refused(pretend, change, sentence):
    with pytest.raises(ClusterError, match=sentence):
        pretend(**{"config": NEWER} | change)


def test_a_python_without_dlio_is_named_with_the_command_that_helps():
    installation_of.cache_clear()
    with pytest.raises(ClusterError, match=r"has no dlio_benchmark: `make dlio`"):
        installation_of(sys.executable)


def test_what_is_no_python_is_named(tmp_path):
    with pytest.raises(ClusterError, match="cannot be started .No such file"):
        installation_of(str(tmp_path / "python"))
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\necho I am no Python\n")
    script.chmod(0o755)
    with pytest.raises(ClusterError, match="no Python 3 that works .it says 'I am no Python'"):
        installation_of(str(script))


def test_a_python_that_is_too_old_for_our_part_is_named(tmp_path):
    script = tmp_path / "old"
    script.write_text('#!/bin/sh\necho \'{"python_version": "3.9.2", "dlio": null, "modules": []}\'\n')
    script.chmod(0o755)
    with pytest.raises(ClusterError, match=r"is Python 3.9.2, and our part inside DLIO needs 3.11"):
        installation_of(str(script))
