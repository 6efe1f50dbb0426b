"""The second invocation finds the first, measures the gap as rule 4.7.1 does, and runs the command in between."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from storagebench.engines.checkpointing import series
from storagebench.engines.checkpointing.series import Series
from storagebench.errors import ClusterError, EngineError, PlanError
from storagebench.record.folder import leaf_parent
from storagebench.runs.checkpointing import invocations
from storagebench.runs.checkpointing.invocations import process_started, ready
from tests.plan.test_checkpointing import plan


@pytest.fixture
def reading(tmp_path):
    """Plan the second invocation of a series that is there; the first ended `ago_s` ago, or `before_s` before us."""

    def make(ago_s=1.0, before_s=None, division="whatif", **wishes):
        made = plan(
            run="read",
            checkpoint_dir=str(tmp_path / "ckpt"),
            results_dir=str(tmp_path / "results"),
            division=division,
            **wishes,
        )
        series.begin(made.folder, Series(token=5, shape=made.shape, started_at="then", whole=(1,), finished=True))
        leaf = leaf_parent(made, made.workload.model) / "20260712_120000"
        leaf.mkdir(parents=True)
        ended = datetime.now(UTC) - timedelta(seconds=ago_s)
        if before_s is not None:
            ended = process_started() - timedelta(seconds=before_s)
        record = {"evidence": {"series": 5}, "checkpoints": [{"phase": "save"}], "ended_at": ended.isoformat()}
        (leaf / "record.json").write_text(json.dumps(record))
        return made

    return make


def test_an_invocation_that_writes_needs_nothing(tmp_path):
    assert ready(plan(run="write", checkpoint_dir=str(tmp_path))) == invocations.Readiness()


def test_within_a_session_the_gap_ends_when_the_command_has_ended(reading):
    found = ready(reading(between_phases="sleep 0.2"))
    assert found.written_in == "20260712_120000"
    assert found.found.whole == (1,)
    assert found.gap_s >= 1.2


def test_in_a_session_of_its_own_the_gap_ends_when_the_process_began(reading):
    found = ready(reading(before_s=100))
    assert found.started == pytest.approx(process_started(), abs=timedelta(seconds=0.5))
    assert found.gap_s == pytest.approx(100, abs=0.5)


def test_a_gap_that_the_rules_forbid_stops_before_the_reads(reading):
    with pytest.raises(
        PlanError, match=r"the reads would begin 3[45]\.\d s after the writes ended, where rule 4\.7\.1 allows 30 s"
    ):
        ready(reading(before_s=35, division="closed"))


def test_a_clock_that_was_set_back_between_the_phases_shows_as_a_gap_below_zero(reading):
    found = ready(reading(ago_s=-3600, division="closed"))
    assert found.gap_s == pytest.approx(-3600, abs=60)


def test_a_command_that_fails_is_an_error_with_its_last_words(reading):
    with pytest.raises(
        ClusterError, match=r"^--between-phases: 'echo no such node >&2; exit 3' ended with exit status 3: no su"
    ):
        ready(reading(between_phases="echo no such node >&2; exit 3"))


def test_checkpoints_of_another_run_are_not_read(reading):
    made = reading()
    series.write(made.folder, Series(token=5, shape="other", started_at="then", whole=(1,), finished=True))
    with pytest.raises(
        EngineError, match=r"holds checkpoints of another run: other, and this one needs llama3-8b by 8 ran"
    ):
        ready(made)


def test_a_first_invocation_whose_record_is_elsewhere_leaves_the_gap_open(reading):
    made = reading()
    series.write(made.folder, Series(token=6, shape=made.shape, started_at="then", whole=(1,), finished=True))
    found = ready(made)
    assert (found.gap_s, found.written_in) == (None, None)


def test_the_start_of_this_process_is_known():
    assert timedelta() < datetime.now(UTC) - process_started() < timedelta(days=1)
