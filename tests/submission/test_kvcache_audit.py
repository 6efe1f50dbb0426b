"""KV-cache results of others, as files on disk: what is told of operations after the window, defaults and lost clients."""

import pytest

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.model import Verdict
from storagebench.submission import Source
from tests.rules.golden_kvcache import clustered
from tests.submission.trees import write

LEAF = "closed/acme/results/sys/kv_cache/llama3.1-8b/run/20260801_100000"
DEFAULTS = {"num_users": 100, "duration": 60, "gpu_mem_gb": 16.0, "cpu_mem_gb": 32.0, "generation_mode": "realistic",
            "enable_rag": True, "enable_autoscaling": True}  # fmt: skip
"""What upstream's front end writes down when nobody says anything, whatever ran."""


def place(rank):
    return f"option_{rank['option']}/trial_{rank['trial']}/rank_{rank['rank']}"


@pytest.fixture
def tree():
    """The files of a run of four clients that just is CLOSED."""
    facts = clustered().facts
    metadata = {
        "benchmark_type": "kv_cache",
        "model": facts["model"],
        "command": "run",
        "args": facts["args"],
        "parameters": {},
        "override_parameters": {},
        "command_output_files": [{"command": command} for command in facts["commands"]],
        "executed_command": facts["executed_command"],
        "verification": "CLOSED",
    }
    files = {"summary.json": facts["summary"], "fs_separation.json": facts["fs_separation"]}
    files["kv_cache_20260801_100000_metadata.json"] = metadata
    for rank in facts["ranks"]:
        files[f"{place(rank)}/kvcache_results_20260801_100000.json"] = {"seed": 42, "summary": rank["summary"]}
    return {f"{LEAF}/{name}": content for name, content in files.items()}


def judged(folder, tree):
    """Judge the tree by the rules after the round; return the verdict and what each rule saw."""
    source = Source(write(folder, tree))
    (leaf,) = source.runs
    judgement = judge(source.record(leaf), load_edition("3.0"))
    return judgement.verdict, {finding.rule_name: finding.saw for finding in judgement.findings}


def test_a_run_without_a_flaw_is_closed(tmp_path, tree):
    assert judged(tmp_path, tree) == (Verdict.CLOSED, {})


def test_requests_that_ended_after_the_window_are_told_though_nothing_forbids_them(tmp_path, tree):
    client = tree[f"{LEAF}/option_1/trial_0/rank_2/kvcache_results_20260801_100000.json"]
    latencies = [10.0 * step for step in range(1, 50)]
    client["end_to_end_latencies"] = latencies
    client["summary"] = client["summary"] | {"end_to_end_latency_ms": {"p50": 250_000.0, "p99": 489_000.0}}
    verdict, saw = judged(tmp_path, tree)
    assert verdict is Verdict.CLOSED
    assert saw == {
        "x-kv-after-window": "19 of a client's 49 requests took longer than its window of 300.0 s, one 490.0 s"
    }


def test_defaults_that_are_recorded_as_facts_are_told(tmp_path, tree):
    metadata = tree[f"{LEAF}/kv_cache_20260801_100000_metadata.json"]
    metadata["args"] = metadata["args"] | DEFAULTS
    verdict, saw = judged(tmp_path, tree)
    assert verdict is Verdict.CLOSED
    assert saw.keys() == {"x-kv-arguments"}
    for words in ("duration 60 where 300 ran", "gpu_mem_gb 16.0 where 0 ran", "enable_rag, which did not run"):
        assert words in saw["x-kv-arguments"]


def test_a_client_whose_result_is_missing_makes_the_run_invalid(tmp_path, tree):
    del tree[f"{LEAF}/option_2/trial_1/rank_3/kvcache_results_20260801_100000.json"]
    verdict, saw = judged(tmp_path, tree)
    assert verdict is Verdict.INVALID
    assert "35 results of clients" in saw["kvcachePerClientIsolation"]


def test_a_summary_of_survivors_says_so(tmp_path, tree):
    lost = [f"option_1/trial_{trial}/rank_3" for trial in range(3)]
    for name in lost:
        del tree[f"{LEAF}/{name}/kvcache_results_20260801_100000.json"]
    summary = tree[f"{LEAF}/summary.json"]
    summary["options"]["1"] |= {"missing_files": lost, "partial_failure": True, "rank_count": 4, "trial_count": 3}
    verdict, saw = judged(tmp_path, tree)
    assert verdict is not Verdict.CLOSED
    assert saw["x-kv-lost-clients"] == "Option 1: 3 of 12 results lost; the figures are of the survivors"
