"""A result beside an earlier one, in the terminal and on the page."""

from storagebench.history.gate import Gate
from storagebench.report.comparison import block, compared, lines
from tests.history.shelves import record, shelf


def found(tmp_path, factor=0.8, gate=None, **plan):
    old = [record(run=run, series="s1", tag="base", metrics={"samples_per_s": 100.0 + n}) for n, run in enumerate("12")]
    new = [
        record(run=run, series="s2", metrics={"samples_per_s": factor * (100 + n)}, **plan)
        for n, run in enumerate("12")
    ]
    runs = shelf(tmp_path, *old, *new)
    return compared(runs.result_of(runs.runs[0]), runs.result_of(runs.runs[3]), gate)


def test_both_figures_stand_side_by_side_with_their_spread_and_a_statement(tmp_path):
    text = list(lines(found(tmp_path, data_dir="/mnt/<other>")))
    assert text[0].startswith("compared with 0002 (tag base, 2026-11-01")
    assert text[0].endswith("2 runs and 2 runs")
    (throughput,) = [line for line in text if "throughput" in line]
    assert throughput.split("  ")[-1] == "worse, beyond the spread"
    assert "100.5 (100.0 to 101.0)" in throughput
    assert "80.4 (80.0 to 80.8)" in throughput
    assert "-20.0 %" in throughput
    assert "  configuration  data_dir: /mnt/fs -> /mnt/<other>" in text


def test_that_nothing_else_moved_is_said(tmp_path):
    comparison = found(tmp_path, 1.0)
    assert list(lines(comparison))[-1].startswith("  nothing else differs")
    assert "Nothing else differs" in block(comparison)
    assert "within the spread" in block(comparison)


def test_the_gate_speaks_last_and_first_on_the_page(tmp_path):
    comparison = found(tmp_path, gate=Gate({"": 5.0}))
    assert list(lines(comparison))[-1].startswith("  SLOWER: throughput is 20.0 % worse than 0002")
    assert block(comparison).startswith('<div class="comparison"><p class="reason">throughput is 20.0 % worse')


def test_the_page_escapes_what_others_wrote(tmp_path):
    assert "/mnt/&lt;other&gt;" in block(found(tmp_path, data_dir="/mnt/<other>"))


def test_without_a_comparison_the_page_has_none():
    assert block(None) == ""
