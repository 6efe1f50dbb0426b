"""How many accelerators does the storage feed? One item for each workload, runs at more and more of them.

pytest suites/training --climb -k unet3d --hosts=h1,h2 --data-dir=/mnt/fs --results-dir=results
"""

import pytest

pytestmark = pytest.mark.training


def test_climb(plan, climb):
    """Double the accelerators until the rules object, then halve the gap; every run leaves a record of its own."""
    ladder = climb()
    assert ladder.satisfies(plan.division)
