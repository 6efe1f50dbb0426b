"""Somebody's submission: one item for each run, each result and each chapter that speaks of the whole tree.

pytest suites/submission --submission=DIR -n auto --html=report.html
"""


def test_run(record, judged_again):
    """Ask the rules about one run; it passes when it is fit for the division that its folder claims."""
    assert judged_again(record).satisfies(record.division)


def test_group(group, judged_again):
    """Ask the rules about the runs of one result together."""
    assert judged_again(group).satisfies(group.division)


def test_chapter(submission, chapter, claimed, judged_again):
    """Ask the rules of one chapter (layout, provenance, system) about the tree as a whole."""
    assert judged_again(submission, chapter).satisfies(claimed)
