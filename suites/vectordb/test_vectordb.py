"""Vector search: plan -> collection -> run -> record -> judge, once for every point of `configs/vectordb/`.

pytest suites/vectordb -k diskann-1m --data-dir=/mnt/fs --results-dir=results
"""

import pytest

pytestmark = pytest.mark.vectordb


def test_run(plan, prepared, run, judged):
    """Ask the collection for the length of the window, and ask the rules about the record that the run left."""
    record = run(plan, prepared)
    verdict = judged(record)
    assert verdict.satisfies(plan.division)
