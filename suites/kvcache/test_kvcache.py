"""A KV cache for inference: plan -> run -> record -> judge, once for every point of `configs/kvcache/`.

pytest suites/kvcache --cache-dir=/mnt/nvme --results-dir=results
"""

import pytest

pytestmark = pytest.mark.kvcache


def test_run(plan, prepared, run, judged):
    """Store and restore what a serving system would, and ask the rules about the record that the run left."""
    record = run(plan, prepared)
    verdict = judged(record)
    assert verdict.satisfies(plan.division)
