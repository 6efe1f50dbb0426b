"""Checkpoints: plan -> folder -> saves and loads -> record -> judge, once for every point of `configs/checkpointing/`.

pytest suites/checkpointing -k llama3-8b --hosts=h1,h2 --checkpoint-dir=/mnt/fs/ckpt --results-dir=results
"""

import pytest

pytestmark = pytest.mark.checkpointing


def test_run(plan, prepared, run, judged):
    """Write the checkpoints of the model and read them back, and ask the rules about the record that the run left."""
    record = run(plan, prepared)
    verdict = judged(record)
    assert verdict.satisfies(plan.division)
