"""YAML with lines: what is read, what is refused, and that nothing ends in a traceback."""

import contextlib
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from storagebench.errors import ConfigError
from storagebench.parameters.yaml_lines import parse, read_scalar

# What JSON and YAML escape alike; a key of more than 1024 characters is no YAML.
TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cc"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4),
    max_leaves=12,
)


def refused(text: str | bytes) -> str:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ConfigError) as caught:
        parse(data, "a.yaml")
    return str(caught.value)


@given(JSON.filter(lambda value: value is not None))
def test_json_is_read_as_json(value):
    assert parse(json.dumps(value).encode(), "a.yaml").plain() == value


@given(st.dictionaries(st.text("abc_", min_size=1), st.integers() | st.booleans(), min_size=1))
def test_block_style_is_read_as_pyyaml_reads_it(value):
    text = yaml.safe_dump(value)
    assert parse(text.encode(), "a.yaml").plain() == yaml.safe_load(text)


def test_every_key_knows_its_line():
    node = parse(b"# a comment\nmodel: unet3d\nreader:\n  batch_size: 7\n", "a.yaml")
    assert node.entry("model").line == 2
    assert node.entry("reader").line == 3
    assert node.entry("reader").node.entry("batch_size").line == 4


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8", 8),
        ("-8", -8),
        ("007", 7),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("~", None),
        ("off", "off"),
        ("no", "no"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("1_000", "1_000"),
        ("9" * 5000, "9" * 5000),
        ("٣", "٣"),
    ],
)
def test_plain_scalars_follow_the_core_schema(text, value):
    assert read_scalar(text) == value
    assert type(read_scalar(text)) is type(value)


def test_quotes_keep_a_text():
    assert parse(b"a: '3.0'\nb: \"true\"\nc: ''", "a.yaml").plain() == {"a": "3.0", "b": "true", "c": ""}


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    assert parse(b"\xef\xbb\xbfa: 1", "a.yaml").plain() == {"a": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.yaml:1: the file is empty"),
        ("# nothing\n", "a.yaml:1: the file is empty"),
        ("a: 1\nb: 2\na: 3\n", "a.yaml:3: 'a' is given twice, first on line 1; keep one"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2: a second YAML document begins here"),
        ("a: &x 1\nb: *x\n", "a.yaml:1: the anchor 'x' is not understood here"),
        ("a: 1\nb: *x\n", "a.yaml:2: the anchor 'x' is not understood here"),
        ("a: !!python/object:os.system 1\n", "a.yaml:1: the tag 'tag:yaml.org,2002:python/object:os.system'"),
        ("a: 1\n? [b]\n: c\n", "a.yaml:2: a key must be a single word"),
        ("a: [1\nb: 2\n", "a.yaml:2: not YAML: "),
        ("a: b: c\n", "a.yaml:1: not YAML: mapping values are not allowed"),
        ("a: 1\n\tb: 2\n", "a.yaml:2: not YAML: "),
        ("a: 1\nb: \x01\n", "a.yaml:2: not YAML: control characters are not allowed"),
        (b"a: 1\nb: \xff\n", "a.yaml:2: not UTF-8 text (byte 0xff)"),
        ("[" * 5000, "a.yaml:1: nested deeper than 32 levels"),
    ],
)
def test_what_is_refused_is_said_in_one_line(text, message):
    said = refused(text)
    assert said.startswith(message)
    assert "\n" not in said


@given(st.binary() | st.text("ab:-[]{}&*!|>'\"#%@,?\n\t 1").map(str.encode))
def test_any_bytes_are_read_or_refused_with_a_line(data):
    with contextlib.suppress(ConfigError):
        parse(data, "a.yaml").plain()
