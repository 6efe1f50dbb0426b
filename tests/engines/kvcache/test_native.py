"""Trials of real clients: their plans, their figures, and what they leave of each other."""

import pytest

from storagebench.engines.kvcache.native import run_trial
from storagebench.launch.local import LocalLauncher
from storagebench.model import LOCALHOST
from tests.engines.kvcache import stages


def run(folder, stage, ranks=1, seed=42):
    return run_trial(
        stage,
        trial=0,
        seed=seed,
        cache_dir=str(folder),
        ranks=ranks,
        hosts=(LOCALHOST,),
        launcher=LocalLauncher(),
        tell=lambda _: None,
    )


def test_two_runs_in_one_directory_do_not_see_each_other(tmp_path):
    first = run(tmp_path, stages.stage("chat", load={"window_s": 0.5, "most_gib_per_s": 4.0}))
    left = tmp_path / "rank_0" / "storagebench-of-somebody-else"
    left.mkdir(parents=True)
    (left / "object").write_text("x")
    second = run(tmp_path, stages.stage("chat", load={"window_s": 0.5, "most_gib_per_s": 4.0}))
    assert first.clients[0].trace_sha256 == second.clients[0].trace_sha256
    assert list((tmp_path / "rank_0").iterdir()) == [left]


def test_clients_have_plans_of_their_own_or_one_together(tmp_path):
    short = {"window_s": 0.5, "most_gib_per_s": 2.0}
    private = run(tmp_path, stages.stage("chat", load=short), ranks=2).clients
    assert len({client.trace_sha256 for client in private}) == 2
    assert [client.seed for client in private] == [42, 43]
    shared = stages.stage("chat", load=short, tiers={"storage_bytes": 8 << 30}, storing={"keys": "shared"})
    together = run(tmp_path, shared, ranks=2).clients
    assert len({client.trace_sha256 for client in together}) == 1
    assert all(client.operations["get"] for client in together)
    assert list(tmp_path.iterdir()) == []


def test_figures_add_up(tmp_path):
    client = run(tmp_path, stages.stage("chat", load={"window_s": 1.0, "most_gib_per_s": 4.0})).clients[0]
    size = 24_576 * stages.SMALL_OBJECT_TOKENS
    assert client.read_bytes == client.operations["get"] * size
    assert client.written_bytes == client.operations["put"] * size
    assert client.planned_hits == client.observed_hits
    assert client.peak_stored_bytes <= client.peak_bytes
    assert client.null_operations_per_s > 0
    assert sum(client.slices_bytes) == pytest.approx(client.credit_read_bytes + client.credit_written_bytes, rel=0.01)


def test_a_memory_filesystem_is_said_to_be_buffered(tmp_path):
    stage = stages.stage("chat", storing={"direct": False}, load={"window_s": 0.5, "most_gib_per_s": 4.0})
    assert run(tmp_path, stage).clients[0].io_path == "buffered"
