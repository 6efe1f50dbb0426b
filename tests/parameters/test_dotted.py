"""Dotted keys, overlays and overrides."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.errors import ConfigError
from storagebench.parameters import check_param, flatten, merge, parse_param, set_dotted
from storagebench.parameters.schema import schema_of

KEYS = st.text("abc", min_size=1, max_size=2)
LEAVES = st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
TREES = st.recursive(
    st.dictionaries(KEYS, LEAVES, max_size=3),
    lambda below: st.dictionaries(KEYS, LEAVES | below, max_size=3),
    max_leaves=8,
)


def said(key, value):
    with pytest.raises(ConfigError) as caught:
        check_param(key, value)
    return str(caught.value)


@given(TREES)
def test_merging_nothing_changes_nothing(tree):
    assert merge(tree, {}) == tree
    assert merge({}, tree) == tree


@given(TREES)
def test_merging_twice_is_merging_once(tree):
    assert merge(tree, tree) == tree


@given(TREES, TREES, TREES)
def test_overlays_can_be_laid_one_after_the_other(first, second, third):
    assert merge(merge(first, second), third) == merge(first, merge(second, third)) or _kinds_clash(
        first, second, third
    )


def _kinds_clash(*trees):
    """A key that is a mapping here and a value there: then the order of merging matters, as RFC 7396 has it."""
    kinds: dict[str, set[bool]] = {}
    for tree in trees:
        for key, value in _all_items(tree, ""):
            kinds.setdefault(key, set()).add(isinstance(value, dict))
    return any(len(found) > 1 for found in kinds.values())


def _all_items(tree, prefix):
    for key, value in tree.items():
        yield prefix + key, value
        if isinstance(value, dict):
            yield from _all_items(value, f"{prefix}{key}.")


@given(TREES, TREES)
def test_the_overlay_wins(tree, overlay):
    merged = flatten(merge(tree, overlay))
    assert merged | flatten(overlay) == merged


def test_merge_shares_nothing_with_its_arguments():
    tree, overlay = {"a": {"b": [1]}}, {"c": {"d": [2]}}
    merged = merge(tree, overlay)
    merged["a"]["b"].append(0)
    merged["c"]["d"].append(0)
    assert (tree, overlay) == ({"a": {"b": [1]}}, {"c": {"d": [2]}})


def test_none_removes():
    assert merge({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "x": None}}) == {"a": {"c": 2}}


def test_keys_keep_their_order():
    assert list(merge({"a": 1, "b": 2}, {"c": 3, "a": 4})) == ["a", "b", "c"]


@given(TREES)
def test_a_tree_is_the_sum_of_its_dotted_values(tree):
    built = {}
    for key, value in flatten(tree).items():
        built = set_dotted(built, key, value)
    assert flatten(built) == flatten(tree)


def test_set_dotted_changes_one_value():
    assert set_dotted({"reader": {"batch_size": 7, "read_threads": 4}}, "reader.read_threads", 8) == {
        "reader": {"batch_size": 7, "read_threads": 8}
    }


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("reader.read_threads=8", ("reader.read_threads", 8)),
        (" train.computation_time = 1e-3 ", ("train.computation_time", 0.001)),
        ("workflow.checkpoint=True", ("workflow.checkpoint", True)),
        ("reader.file_shuffle=off", ("reader.file_shuffle", "off")),
        ("dataset.data_folder=/a=b", ("dataset.data_folder", "/a=b")),
        ('dataset.data_folder="8"', ("dataset.data_folder", "8")),
    ],
)
def test_an_override_is_typed(text, pair):
    assert parse_param(text) == pair


@pytest.mark.parametrize("text", ["", "=", "reader.read_threads", "reader.read_threads=", "=8"])
def test_an_override_needs_key_and_value(text):
    with pytest.raises(ConfigError, match="write it as key=value"):
        parse_param(text)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "reader.read_thread",
            8,
            "--param reader.read_thread=8: no such parameter; did you mean 'reader.read_threads'?",
        ),
        ("batch_size", 8, "--param batch_size=8: no such parameter; did you mean 'reader.batch_size'?"),
        ("dataset.batch_size", 8, "--param dataset.batch_size=8: no such parameter; did you mean 'reader.batch_size'?"),
        ("quux", 1, "--param quux=1: no such parameter"),
        ("reader", 1, "--param reader=1: is a group of parameters; name one of them, such as reader.data_loader"),
        (
            "reader.batch_size",
            "seven",
            "--param reader.batch_size=seven: must be a whole number of at least 1, not 'seven'",
        ),
        ("reader.batch_size", True, "--param reader.batch_size=True: must be a whole number of at least 1, not true"),
        ("dataset.compression", None, "--param dataset.compression=null: must be none, but is empty"),
        (
            "storage.storage_library",
            "s3dlio",
            "--param storage.storage_library=s3dlio: storage.storage_options.storage_library is for object storage, which is not read here; leave it out",
        ),
    ],
)
def test_a_wrong_override_is_one_sentence_with_a_suggestion(key, value, message):
    assert said(key, value) == message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dataset.record_length", "dataset.record_length_bytes"),
        ("dataset.record_length_stdev", "dataset.record_length_bytes_stdev"),
        ("checkpoint.model_size", "model.model_size"),
    ],
)
def test_keys_of_edition_1_0_are_understood(old, new):
    assert check_param(old, 1024) == (new, 1024)


@given(st.sampled_from(sorted(schema_of("training").leaves("parameters"))), st.text(min_size=1))
def test_any_text_is_taken_or_refused(key, text):
    with contextlib.suppress(ConfigError):
        name, value = check_param(*parse_param(f"{key}={text}"))
        assert name == key
        assert value is not None
