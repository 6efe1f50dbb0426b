"""Which items run one after the other."""

import pytest

from storagebench.report.scheduling import scope_of


@pytest.mark.parametrize(
    "nodeid",
    ["suites/training/test_training.py::test_run[unet3d-b200-x2]", "suites/kvcache/test_kvcache.py::test_run[a::b]"],
)
def test_all_benchmarks_share_one_scope(nodeid):
    assert scope_of(nodeid) == "suites"


@pytest.mark.parametrize(
    "nodeid", ["suites/submission/test_submission.py::test_run[x]", "tests/report/test_digest.py::test_x"]
)
def test_everything_else_has_a_scope_of_its_own(nodeid):
    assert scope_of(nodeid) == nodeid
