"""Plans in DLIO's words, and the refusals of what it would ignore or hang on."""

from dataclasses import replace

import pytest

from storagebench.engines.training.dlio.configuration import configuration, plugin_of
from storagebench.engines.training.dlio.installation import Installation
from storagebench.errors import PlanError
from storagebench.model import DlioChoice
from storagebench.parameters import flatten
from tests.engines.training.examples import FLUX, NPZ, TFRECORD
from tests.engines.training.plans import make_plan

KEYS = """
    checkpoint.checkpoint_after_epoch checkpoint.checkpoint_mechanism_classname checkpoint.epochs_between_checkpoints
    checkpoint.model_size checkpoint.steps_between_checkpoints dataset.num_subfolders_train framework metric.au model
    dataset.record_length dataset.record_length_stdev reader.batch_size reader.data_loader reader.data_loader_classname
    reader.data_loader_sampler reader.file_shuffle reader.multiprocessing_context reader.read_threads
    reader.reader_classname train.computation_time train.epochs train.seed workflow.checkpoint workflow.generate_data
    workflow.profiling workflow.train
"""
RELEASE = Installation(
    python="/opt/dlio/bin/python",
    version="2.0.0",
    source="abc",
    keys=frozenset(KEYS.split()),
    formats=frozenset({"npz", "jpeg", "tfrecord"}),
    modules=frozenset({"torch"}),
)
NO_TORCH = replace(RELEASE, modules=frozenset())
FORK = replace(
    RELEASE,
    version="3.0.2",
    keys=(RELEASE.keys - {"dataset.record_length", "model"})
    | {"dataset.record_length_bytes", "dataset.skip_listing", "model.name", "reader.odirect"},
    formats=RELEASE.formats | {"parquet"},
)


@pytest.fixture
def plan(tmp_path):
    def make(dataset=NPZ, plugin="none", **choices):
        made = make_plan(dataset, tmp_path, **{"decode": True} | choices)
        return replace(made, engine="dlio", dlio=DlioChoice(python="/opt/dlio/bin/python", plugin=plugin))

    return make


def test_a_release_is_told_its_own_names(plan):
    told = configuration(plan(model={"name": "unet3d", "type": "cnn", "model_size": 7}), RELEASE)
    assert told["model"] == "unet3d"
    assert told["checkpoint"]["model_size"] == 7
    assert told["train"]["seed"] == 42
    assert told["workflow"] == {"generate_data": False, "profiling": False, "train": True}


def test_a_fork_is_told_the_names_of_today(plan):
    told = configuration(plan(model={"name": "unet3d"}, decode=False), FORK)
    assert told["model"] == {"name": "unet3d"}
    assert "checkpoint" not in told


@pytest.mark.parametrize(("plugin", "key"), [("loader", "data_loader_classname"), ("reader", "reader_classname")])
def test_plug_ins_are_named_in_the_configuration(plan, plugin, key):
    told = flatten(configuration(plan(plugin=plugin, reader={"odirect": True}), RELEASE))
    assert told[f"reader.{key}"].startswith("storagebench.engines.training.dlio.inside.")
    assert "reader.odirect" not in told


@pytest.mark.parametrize(("installation", "plugin"), [(RELEASE, "none"), (NO_TORCH, "loader")])
def test_auto_leaves_reading_to_dlio_where_it_has_torch(plan, installation, plugin):
    assert plugin_of(plan(plugin="auto"), installation) == plugin


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"reader": {"pin_memory": True}}, "knows no reader.pin_memory and would ignore it silently"),
        ({"checkpoint": {"mode": "subset"}}, "checkpoint.mode asks for checkpoints only"),
        ({"checkpoint": {"num_checkpoints_write": 10}}, "num_checkpoints_write asks for checkpoints only"),
        ({"checkpoint": {"steps_between_checkpoints": 5}}, "cuts epochs into pieces"),
        ({"reader": {"multiprocessing_context": "spawn"}}, "hangs below mpirun"),
        ({"reader": {"data_loader": "dali"}}, "only DLIO's pytorch loader can be driven"),
        ({"ranks": 2}, "hangs when 2 ranks share 5 samples unevenly: use 4 samples"),
        ({"dataset": FLUX}, "knows no format parquet: use --dlio-plugin=loader"),
        ({"dataset": TFRECORD}, "through TensorFlow alone"),
        ({"dataset": replace(NPZ, num_samples_per_file=2)}, "a whole npz file again for each of its samples"),
        ({"direct": True}, "has no O_DIRECT"),
        ({"columns": "marked"}, "reads whole row groups"),
        ({"decode": False}, "by itself decodes every sample: say so with --reading=decoded"),
    ],
)
def test_what_a_release_cannot_do_is_refused_in_a_sentence(plan, choices, sentence):
    with pytest.raises(PlanError, match=sentence):
        configuration(plan(**choices), RELEASE)


def test_our_loader_does_what_dlio_cannot(plan):
    for choices in ({"ranks": 2}, {"dataset": FLUX}, {"dataset": TFRECORD}, {"direct": True}, {"columns": "marked"}):
        assert configuration(plan(plugin="loader", **choices), NO_TORCH)


def test_without_torch_dlio_cannot_read_by_itself(plan):
    with pytest.raises(PlanError, match="/opt/dlio/bin/python has no torch"):
        configuration(plan(), NO_TORCH)


def test_a_fork_leaves_out_an_uneven_rest_and_reads_raw(plan):
    assert configuration(plan(ranks=2, decode=False, direct=True), FORK)
    with pytest.raises(PlanError, match="by itself reads raw bytes: say so with --reading=raw"):
        configuration(plan(decode=True), FORK)
    with pytest.raises(PlanError, match="our checkpoint plug-in fits the releases"):
        configuration(plan(decode=False, workflow={"checkpoint": True}), FORK)
