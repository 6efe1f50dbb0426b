"""Making, looking at and removing files: plan -> run -> record -> judge, as every suite does."""

import pytest

pytestmark = pytest.mark.metadata


def test_run(plan, prepared, run, judged):
    """Run the plan, and ask the rules about the record that the run left."""
    record = run(plan, prepared)
    verdict = judged(record)
    assert verdict.satisfies(plan.division)
