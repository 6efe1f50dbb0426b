"""The hash core-config-v1 and the two spellings. The published hashes themselves are held in test_configs."""

from hypothesis import given
from hypothesis import strategies as st

from storagebench.parameters import core_config_hash, dataset_of, flatten, merge, respell, set_dotted

TREE = {
    "framework": "pytorch",
    "model": {"name": "unet3d", "type": "cnn", "model_size": 499153191},
    "workflow": {"generate_data": False, "train": True, "checkpoint": True},
    "dataset": {
        "data_folder": "data/unet3d/",
        "format": "npz",
        "num_files_train": 168,
        "num_samples_per_file": 1,
        "record_length_bytes": 146600628,
        "record_length_bytes_stdev": 68341808,
        "record_length_bytes_resize": 2097152,
    },
    "reader": {"data_loader": "pytorch", "batch_size": 7, "read_threads": 4, "file_shuffle": "seed"},
    "train": {"epochs": 5, "computation_time": 0.323},
    "checkpoint": {"checkpoint_folder": "checkpoints/unet3d", "checkpoint_after_epoch": 5},
    "metric": {"au": 0.9},
}
FREE = ["dataset.num_files_train", "dataset.data_folder", "reader.read_threads", "checkpoint.checkpoint_folder"]
CORE = ["reader.batch_size", "train.epochs", "train.computation_time", "metric.au", "workflow.train", "model.name"]


@given(st.sampled_from(FREE), st.integers(2))
def test_what_closed_may_change_is_not_hashed(key, value):
    assert core_config_hash(set_dotted(TREE, key, value)) == core_config_hash(TREE)


@given(st.sampled_from(CORE), st.integers(1000))
def test_what_makes_the_workload_is_hashed(key, value):
    assert core_config_hash(set_dotted(TREE, key, value)) != core_config_hash(TREE)


def test_text_of_a_command_line_counts_as_what_it_spells():
    texts = {"reader.batch_size": "7", "train.computation_time": "0.323", "workflow.train": "True"}
    tree = TREE
    for key, text in texts.items():
        tree = set_dotted(tree, key, text)
    assert core_config_hash(tree) == core_config_hash(TREE)
    assert core_config_hash(set_dotted(TREE, "train.epochs", "5.0")) == core_config_hash(TREE)


def test_the_old_spelling_has_the_old_keys():
    old = respell(TREE, "1.0")
    assert old["model"] == "unet3d"
    assert old["checkpoint"]["model_size"] == 499153191
    assert old["workflow"]["profiling"] is False
    assert old["dataset"]["record_length"] == 146600628
    assert not any("record_length_bytes" in key for key in flatten(old))


def test_there_and_back_loses_only_the_type_of_the_model():
    without_type = merge(TREE, {"model": {"type": None}})
    assert respell(respell(TREE, "1.0"), "2.0") == without_type


def test_both_spellings_hash_alike_whichever_comes_in():
    assert core_config_hash(respell(TREE, "1.0"), "1.0") == core_config_hash(TREE, "1.0")
    assert core_config_hash(TREE, "1.0") != core_config_hash(TREE, "2.0")


def test_both_spellings_describe_the_same_dataset():
    assert dataset_of(respell(TREE, "1.0"), "unet3d") == dataset_of(TREE, "unet3d")


def test_columns_are_written_out_for_dlio():
    entry = {"name": ["a_1-a_2"], "dtype": "int8", "read": False}
    tree = merge(TREE, {"dataset": {"parquet": {"columns": [entry]}}})
    assert respell(tree, "2.0")["dataset"]["parquet"]["columns"] == [
        {"name": "a_1", "dtype": "int8", "size": 1, "read": False},
        {"name": "a_2", "dtype": "int8", "size": 1, "read": False},
    ]
