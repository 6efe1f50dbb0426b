"""A storage that fails: the run fails with the sentence, leaves no figures and no files."""

import pytest

from storagebench.engines.kvcache.native import run_trial
from storagebench.engines.storage.histogram import statistics_ms
from storagebench.errors import EngineError
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


def faulty(fault, **load):
    steps = {"window_s": 4.0, "warmup_s": 0.0, "most_gib_per_s": 0.4, **load}
    return stages.stage("chat", storing={"backend": "fault", "address": fault}, load=steps)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            "flip:20",
            r"reading object [0-9a-f]{16} \(384\.00 KiB\) failed: block \d+ is not what was written: its stamp is wrong",
        ),
        ("short:20", r"reading object .* failed: short read"),
        ("vanish:20", r"reading object .* failed: it is gone although nobody deleted it"),
        ("full:60", r"writing object .* failed: No space left on device"),
        ("die:20", r"rank 0.*(killed|SIGKILL|signal 9)"),
    ],
)
def test_a_storage_that_fails_fails_the_run_and_leaves_nothing(tmp_path, fault, words):
    (tmp_path / "theirs").write_text("not ours")
    with pytest.raises(EngineError, match=words):
        run(tmp_path, faulty(fault))
    assert [path.name for path in tmp_path.rglob("*")] == ["theirs"]


def test_a_rank_that_dies_fails_all_of_them(tmp_path):
    with pytest.raises(EngineError):
        run(tmp_path, faulty("die:20"), ranks=2)
    assert list(tmp_path.iterdir()) == []


def test_a_stall_shows_in_the_response_of_those_who_waited(tmp_path):
    stage = faulty("stall:30:2", kind="open", rate=1.0)
    client = run(tmp_path, stage).clients[0]
    assert statistics_ms(client.histograms["restore_response"])["p99"] >= 1900


def test_slow_writes_are_seen_as_such(tmp_path):
    stage = faulty("slow:1:0.05", fill_bytes=0)
    client = run(tmp_path, stage).clients[0]
    assert statistics_ms(client.histograms["write_service"])["p50"] >= 140  # three parts of 50 ms


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
