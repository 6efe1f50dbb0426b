"""What ranks print is kept whole in the log and in its last lines."""

import io
import os

from storagebench.launch.output import Output


def test_the_log_has_every_line_after_its_prefix():
    log = io.BytesIO()
    output = Output(log, b"[3] ")
    output.feed(b"one\ntw")
    output.feed(b"o\n\nlast without end")
    output.close()
    assert log.getvalue() == b"[3] one\n[3] two\n[3] \n[3] last without end\n"


def test_the_last_words_are_the_last_lines_that_say_something():
    output = Output(None)
    output.feed(b"".join(b"line %d\n" % i for i in range(1000)) + b"\n  \n\xff\n")
    assert output.last_words() == "line 998 | line 999 | \ufffd"
    assert len(output.tail()) < 100


def test_a_silent_stream_has_no_last_words():
    assert Output(None).last_words() == ""


def test_a_pipe_is_drained_although_somebody_holds_it_open():
    reader, writer = os.pipe()
    os.write(writer, b"still here\n")
    output = Output(None)
    output.drain(reader)
    assert output.last_words() == "still here"
    os.close(reader)
    os.close(writer)
