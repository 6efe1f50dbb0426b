"""Documents are parsed strictly, or refused in one sentence; no document is an exception of another kind."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from storagebench.submission.parsing import Unreadable, parse_json, parse_yaml

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_json_comes_back_as_it_was_written(found):
    assert parse_json(json.dumps(found).encode()) == found


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), PLAIN, max_size=5))
def test_the_counters_of_indented_metadata_are_skipped_and_nothing_else(found):
    counters = [[1], {"x": "]\n  ]"}, found]
    document = {"HOSTS": [{"DISKS": counters, "name": "h1"}], **found}
    skipped = parse_json(json.dumps(document, indent=2).encode(), ("DISKS",))
    assert skipped == {**document, "HOSTS": [{"DISKS": [], "name": "h1"}]}


@pytest.mark.parametrize("indent", [None, 0, 1, 4])
def test_skipping_never_breaks_a_document_of_another_form(indent):
    document = {"disks": [1, [2]], "network": [], "a": {"disks": [{"disks": [3]}]}}
    found = parse_json(json.dumps(document, indent=indent).encode(), ("disks", "network"))
    assert found.keys() == document.keys()


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.integers() | st.booleans() | st.text("abc: #-", max_size=9)
    )
)
def test_yaml_comes_back_as_it_was_written(found):
    assert parse_yaml(yaml.safe_dump(found).encode()) == (found or {})


def test_what_was_not_measured_is_no_number_and_leaves_the_rest_to_speak():
    assert parse_json(b'{"a": NaN, "b": -Infinity, "c": 1}') == {"a": "NaN", "b": "-Infinity", "c": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "a": 2}', "has the name 'a' twice"),
        ('{"a": [1,', "ends on line 1 before it is complete"),
        ("", "before it is complete"),
        ('{"a": 1} x', "Extra data on line 1"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 200 + "1" + "}" * 200, "nested deeper than 100 levels"),
        ("9" * 5000, "thousands of digits"),
    ],
)
def test_what_is_no_json_is_refused_in_one_sentence(text, words):
    with pytest.raises(Unreadable) as refused:
        parse_json(text.encode())
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: .nan", "holds nan"),
        ("a: 1\na: 2", "has the name 'a' twice"),
        ("a: [1,", "on line 2"),
        ("[" * 100_000, "nested deeper than 100 levels"),
        ("- " * 100_000, "nested deeper than 100 levels"),
        ("? " * 50_000, "nested deeper than 100 levels"),
        ("".join(" " * i + "a:\n" for i in range(2000)), "nested deeper than 100 levels"),
        ("a: &a [*a]", "nested deeper than 100 levels"),
        ("a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 300)), "stands for more than"),
        ("a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{n}: &{n} [{','.join(['*' + p] * 9)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)), "more than 200,000 values"),
        ("a: !!python/object/apply:os.system [ls]", "tag"),
        ("a: !!binary aGk=", "tag"),
        ("a: " + "9" * 6000, "cannot be one"),
        ("{[1]: 2}", "is not YAML"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a\x00", "control characters"),
        ("a: b: c", "mapping values are not allowed"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_refused_in_one_sentence(text, words):
    with pytest.raises(Unreadable) as refused:
        parse_yaml(text.encode())
    assert words in str(refused.value) or "nested deeper" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_other_encodings_are_named_with_their_line(parse):
    with pytest.raises(Unreadable, match="is not UTF-8 text: byte 0xfc on line 2"):
        parse('{"a":\n"ü"}'.encode("cp1252"))


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_a_byte_order_mark_is_nothing_to_complain_of(parse):
    assert parse(b"\xef\xbb\xbf[1]") == [1]


def test_yaml_dates_stay_texts_and_keys_become_texts():
    assert parse_yaml(b"a: 2024-01-01\n1: b\ntrue: c") == {"a": "2024-01-01", "1": "b", "true": "c"}


def test_anchors_and_merges_of_ordinary_size_are_understood():
    assert parse_yaml(b"a: &x {c: 1}\nb:\n  <<: *x\n  d: 2") == {"a": {"c": 1}, "b": {"c": 1, "d": 2}}


@given(st.binary(max_size=300))
def test_any_bytes_are_a_value_or_a_sentence(data):
    for parse in (parse_json, parse_yaml):
        try:
            parse(data)
        except Unreadable as refused:
            assert str(refused)


@pytest.mark.parametrize("number", ["0x" + 5000 * "f", "0b" + 50_000 * "1"])
def test_whole_numbers_of_yaml_that_python_could_not_write_down_are_refused(number):
    with pytest.raises(Unreadable, match="thousands of digits"):
        parse_yaml(f"a: [{number}]".encode())
    assert parse_yaml(b"a: 0xff") == {"a": 255}
