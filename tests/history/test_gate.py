"""--fail-slower: which figures, how much, and the sentence with both."""

import pytest

from storagebench.errors import ConfigError
from storagebench.history.comparison import changes
from storagebench.history.gate import breaches, parse_gate
from storagebench.report.presentation import all_figures, presentation_of

METRICS = [figure.metric for figure in all_figures()]
FIGURES = presentation_of({"family": "training"}).figures


def said(gate, before, after):
    moved = changes([{"metrics": before}], [{"metrics": after}], FIGURES)
    return list(breaches(parse_gate(gate, METRICS), moved, "0007"))


def test_the_headline_figures_are_held_to_a_limit_without_a_name():
    before = {"au_percent": 95.0, "samples_per_s": 100.0, "nominal_mib_per_s": 1000.0}
    assert said("5%", before, {"au_percent": 94.0, "samples_per_s": 96.0, "nominal_mib_per_s": 1.0}) == []
    (sentence,) = said("5%", before, {"au_percent": 95.0, "samples_per_s": 80.0})
    assert sentence == (
        "throughput is 20.0 % worse than 0007: 80.0 samples/s where it was 100.0 samples/s; --fail-slower allows 5 % "
        "(one run, spread unknown)"
    )


def test_a_named_figure_has_a_limit_of_its_own():
    before = {"au_percent": 90.0, "samples_per_s": 100.0}
    assert said("samples_per_s:25", before, {"au_percent": 10.0, "samples_per_s": 80.0}) == []
    assert len(said("samples_per_s:25,au_percent:1%", before, {"au_percent": 10.0, "samples_per_s": 80.0})) == 1


def test_what_cannot_be_told_does_not_pass():
    assert said("5", {"au_percent": 90.0, "samples_per_s": None}, {"au_percent": 90.0, "samples_per_s": 5.0}) == [
        "throughput cannot be compared: 0007 has no such figure above zero"
    ]
    assert "nothing can be compared" in said("5", {}, {})[0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("much", "give per cent"),
        ("5%,", "give per cent"),
        ("-5%", "give per cent"),
        ("samples_per_m:5%", "did you mean samples_per_s"),
        ("x:5", "figures are"),
    ],
)
def test_what_is_no_limit_is_one_sentence(text, sentence):
    with pytest.raises(ConfigError, match=sentence):
        parse_gate(text, METRICS)


def test_every_figure_has_a_direction():
    assert {figure.direction for figure in all_figures()} <= {1, -1, 0}
