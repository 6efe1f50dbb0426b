"""Messages between launcher and ranks survive any way the stream is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.launch.wire import Lines, decode, encode

json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.text(min_size=1), json_data)
def test_a_message_is_one_line_and_reads_as_it_was_written(kind, body):
    line = encode(kind, body)
    assert line.count(b"\n") == 1
    assert decode(line) == (kind, body)


@given(st.lists(st.binary().map(lambda line: line.replace(b"\n", b""))), st.binary(), st.integers(1, 50))
def test_lines_come_out_whole_however_the_stream_is_cut(lines, rest, size):
    rest = rest.replace(b"\n", b"")
    stream = b"".join(line + b"\n" for line in lines) + rest
    cut = Lines()
    found = [line for start in range(0, len(stream), size) for line in cut.feed(stream[start : start + size])]
    assert found == lines
    assert cut.rest() == rest
    assert cut.rest() == b""


@pytest.mark.parametrize("line", [b"", b"hello", b"{}", b"[1,2]", b'["kind"]', b'["kind",1,2]'])
def test_what_is_no_message_is_refused(line):
    with pytest.raises(ValueError):
        decode(line)
