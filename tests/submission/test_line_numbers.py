"""Lines of the values of a YAML file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.submission.line_numbers import LARGEST_BYTES, MOST, line_numbers


def test_every_value_has_the_line_of_its_key_and_every_item_its_own():
    text = b"\xef\xbb\xbfa:\n  b: 1\n\n  c:\n    - x\n    - {d: 2}\n"
    assert line_numbers(text) == {"": 1, "a": 1, "a.b": 2, "a.c": 4, "a.c.0": 5, "a.c.1": 6, "a.c.1.d": 6}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"a: [",
        b"a: &x [*x]",
        b"[" * 5000,
        b"a: 1\na: 2",
        b"x: !!python/object:os.system {}",
        b"# " * LARGEST_BYTES,
    ],
)
def test_what_is_no_description_has_no_lines(data):
    assert line_numbers(data) == {}


def test_a_page_that_stands_for_more_values_than_memory_holds_has_no_lines():
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))
    assert len(line_numbers(bomb.encode())) <= MOST


@given(st.binary(max_size=60) | st.text("ab:-[]{} \n&*!#'\"0?|>", max_size=60).map(str.encode))
def test_any_bytes_are_answered(data):
    line_numbers(data)
