"""Which items run one after the other."""

from pathlib import Path

import pytest

from storagebench.report.scheduling import Homes

ROOT = Path(__file__).parents[2]
HOMES = Homes(ROOT, [ROOT / "docs" / "examples" / "metadata"])


@pytest.mark.parametrize(
    "nodeid",
    [
        "suites/training/test_training.py::test_run[unet3d-b200-x2]",
        "suites/kvcache/test_kvcache.py::test_run[a::b]",
        "docs/examples/metadata/test_metadata.py::test_run[small-x1]",
        "test_metadata.py::test_run[as pytest says it from another root]",
    ],
)
def test_all_benchmarks_share_one_scope(nodeid):
    assert HOMES.scope_of(nodeid) == "suites"


@pytest.mark.parametrize(
    "nodeid", ["suites/submission/test_submission.py::test_run[x]", "tests/report/test_digest.py::test_x"]
)
def test_everything_else_has_a_scope_of_its_own(nodeid):
    assert HOMES.scope_of(nodeid) == nodeid
