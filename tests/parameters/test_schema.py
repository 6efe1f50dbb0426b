"""The walker agrees with the package jsonschema, and says what is wrong in words."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.errors import ConfigError
from storagebench.parameters.schema import CONFIGS, KEYWORDS, contrast, described, schema_of
from storagebench.parameters.yaml_lines import parse

SCHEMA = schema_of("training")
FILES = sorted((CONFIGS / "training").glob("*.yaml"))
OFFICIAL = jsonschema.Draft202012Validator(SCHEMA.document)
STRANGE = st.sampled_from([None, True, 0, 1, -1, 0.5, 1.5, "", "none", "seven", "3.0", "pytorch", [], [1], ["a"], {}])


def paths(value, path=()):
    """Every place of a document, as the keys and indices that lead there."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield from paths(below, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def every_rule(rule):
    """A schema and all schemas in it, without the names of properties and definitions."""
    yield rule
    for key, below in rule.items():
        if key in {"properties", "$defs"}:
            for each in below.values():
                yield from every_rule(each)
        elif key == "items":
            yield from every_rule(below)


def document(path: Path):
    return parse(path.read_bytes(), path.name).plain()


def problem(value):
    return SCHEMA.first_problem(parse(json.dumps(value).encode(), "a.yaml"))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA.document)


def test_the_schema_uses_only_what_the_walker_understands():
    assert set().union(*(rule.keys() for rule in every_rule(SCHEMA.document))) <= KEYWORDS


def test_every_key_of_the_schema_is_described():
    for rule in every_rule(SCHEMA.document):
        for key, below in rule.get("properties", {}).items():
            target = SCHEMA.document["$defs"].get(below.get("$ref", "").removeprefix("#/$defs/"), {})
            assert "description" in below or "description" in target, key


def test_every_mapping_of_the_schema_is_closed():
    assert all(rule["additionalProperties"] is False for rule in every_rule(SCHEMA.document) if "properties" in rule)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_is_right_for_both_validators(path):
    assert SCHEMA.first_problem(parse(path.read_bytes(), path.name)) is None
    assert OFFICIAL.is_valid(document(path))


@given(st.data())
def test_both_validators_agree_on_a_changed_value(data):
    whole = document(data.draw(st.sampled_from(FILES)))
    changed = replaced(whole, data.draw(st.sampled_from(list(paths(whole))[1:])), data.draw(STRANGE))
    assert (problem(changed) is None) == OFFICIAL.is_valid(changed)


@given(st.data())
def test_both_validators_agree_on_a_removed_or_renamed_key(data):
    whole = document(data.draw(st.sampled_from(FILES)))
    places = [path for path in paths(whole) if path and isinstance(path[-1], str)]
    *above, key = data.draw(st.sampled_from(places))
    copy = json.loads(json.dumps(whole))
    inside = copy
    for step in above:
        inside = inside[step]
    value = inside.pop(key)
    new = data.draw(st.none() | st.text("abc_", min_size=1))
    if new is not None:
        inside[new] = value
    assert (problem(copy) is None) == OFFICIAL.is_valid(copy)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"type": "integer", "minimum": 1}, "a whole number of at least 1"),
        ({"type": "number", "exclusiveMinimum": 0}, "a number above 0"),
        ({"type": "number", "minimum": 0, "maximum": 1}, "a number of at least 0 and at most 1"),
        ({"type": "boolean"}, "true or false"),
        ({"type": ["string", "null"]}, "a text or null"),
        ({"enum": ["3.0", "3.0-dev"]}, "one of '3.0', 3.0-dev"),
        ({"enum": [1, 3]}, "one of 1, 3"),
        ({"enum": [False]}, "one of false"),
        ({"const": "training"}, "'training'"),
        ({"type": "string", "pattern": "x", "title": "a name"}, "a name"),
        ({"type": "array", "minItems": 1, "uniqueItems": True}, "a list of at least 1 without repeats"),
        ({"type": "object", "properties": {"a": {}, "b": {}}}, "a mapping of a, b"),
    ],
)
def test_a_rule_is_described_in_words(rule, words):
    assert described(rule) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "but is empty"), (True, "not true"), (7.0, "not 7.0"), ("seven", "not 'seven'"), ([1], "not a list of 1")],
)
def test_a_wrong_value_is_shown_as_it_was_written(value, words):
    assert contrast(value) == words


def test_a_long_value_is_cut():
    assert len(contrast("x" * 1000)) <= len("not ") + 60


def test_a_whole_float_is_no_integer():
    whole = document(CONFIGS / "training" / "unet3d.yaml")
    whole["parameters"]["reader"]["batch_size"] = 7.0
    assert problem(whole).text == "batch_size must be a whole number of at least 1, not 7.0"


def test_a_family_without_schema_is_one_sentence():
    with pytest.raises(ConfigError, match=r"configs/weather/schema\.json: cannot be read"):
        schema_of("weather")
