"""What reports show of a family."""

import pytest

from storagebench.report.presentation import HOMES, Table, headline, presentation_of


def test_the_headline_is_the_two_most_telling_figures(golden):
    assert headline(golden("closed")) == "AU 98.5 %, 85.1 samples/s"


def test_a_figure_that_is_not_known_is_left_out_of_the_headline(golden):
    record = golden("closed")
    record["metrics"]["au_percent"] = None
    assert headline(record) == "85.1 samples/s"


@pytest.mark.parametrize("family", [*HOMES, "layout", None])
def test_a_record_that_lacks_everything_can_be_shown(family):
    record = {"family": family, "id": "x"}
    shown = presentation_of(record)
    assert headline(record) == "-"
    assert not any(plot.svg for plot in shown.plots(record))
    assert not any(table.html() for table in shown.tables(record))


@pytest.mark.parametrize("family", HOMES)
def test_figures_have_names_of_their_own(family):
    figures = presentation_of({"family": family}).figures
    assert len({figure.metric for figure in figures}) == len({figure.heading for figure in figures}) == len(figures) > 1


def test_cells_of_a_table_are_escaped():
    assert "<b>" not in Table("t", ("<b>",), [("<b>",)]).html()
