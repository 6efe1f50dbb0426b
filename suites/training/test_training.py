"""Training reads: plan -> dataset -> run -> record -> judge, once for every point of `configs/training/`.

pytest suites/training -k unet3d --hosts=h1,h2 --data-dir=/mnt/fs --results-dir=results
"""

import pytest

pytestmark = pytest.mark.training


def test_run(plan, prepared, run, judged):
    """Read the dataset as the model would, and ask the rules about the record that the run left."""
    record = run(plan, prepared)
    verdict = judged(record)
    assert verdict.satisfies(plan.division)
