"""`pytest suites/kvcache`, end to end and for real: from options to verdict, record and reports."""

import html
import json
import signal
import subprocess
import time

import jsonschema
import pytest

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.record import read_record
from storagebench.serial import to_json
from tests.engines.kvcache.stores.lmcache_stand_in import stand_in
from tests.suites.session import ROOT, command, environment, session

SCHEMA = json.loads((ROOT / "storagebench" / "record" / "record.schema.json").read_text())
SHORT = (
    "--division=whatif",
    "--param=traffic.model=tiny-1b",
    "--param=traffic.chunk_tokens=32",
    "--param=tiers.storage_gib=0.25",
    "--param=tiers.dram_gib=0.01",
    "--param=load.warmup_s=0.1",
    "--param=load.window_s=0.5",
    "--param=load.most_gib_per_s=6",
    "--param=store.readers=4",
    "--param=store.writers=2",
    "--param=sequence.inter_option_delay_s=0",
)
"""A second of small objects: INVALID by rule, and so whatif."""
CHAT = (
    *SHORT,
    "--param=load.fill_gib=0.02",
    "--param=traffic.median_input_tokens=400",
    "--param=traffic.most_input_tokens=2000",
)


def run(folder, *arguments):
    """Run in a folder that may not exist yet, as its storage must."""
    cache = folder / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    return session(folder, f"--cache-dir={cache}", *arguments, suite="suites/kvcache"), cache


@pytest.fixture(scope="module")
def sequence(tmp_path_factory):
    """The three Options of the table, short, with one trial each."""
    page = tmp_path_factory.mktemp("page") / "report.html"
    done, cache = run(
        tmp_path_factory.mktemp("v3"), "-k", "v3", *SHORT, "--param=traffic.users=4", "--param=load.in_flight=4",
        "--param=traffic.most_context_tokens=600", "--param=sequence.trials=1", f"--html={page}",
    )  # fmt: skip
    return done, cache, page


def test_the_options_run_in_one_item_and_leave_the_official_folder(sequence):
    done, cache, _ = sequence
    assert done.returncode == 0, done.output
    (record,) = done.records()
    (leaf,) = [path.parent for path in done.folder.glob("results/**/record.json")]
    assert leaf.parent.relative_to(done.folder).match("results/whatif/local/results/*/kv_cache/tiny-1b/run")
    names = {str(path.relative_to(leaf)) for path in leaf.rglob("*.json")}
    ranks = {f"option_{option}/trial_0/rank_0/kvcache_results_{leaf.name}.json" for option in (1, 2, 3)}
    assert names == ranks | {"summary.json", "record.json", "fs_separation.json", f"kv_cache_{leaf.name}_metadata.json"}
    summary = json.loads((leaf / "summary.json").read_text())
    assert list(summary["options"]) == ["1", "2", "3"]
    assert summary["options"]["1"]["aggregated_read_bandwidth_gbps"] == pytest.approx(
        record["metrics"]["read_gib_per_s"]
    )
    assert list(cache.iterdir()) == []


def test_the_record_keeps_to_its_schema_and_the_metadata_tells_what_ran(sequence):
    done, _, _ = sequence
    (record,) = done.records()
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    (metadata,) = done.folder.glob("results/**/*_metadata.json")
    said = json.loads(metadata.read_text())
    assert said["parameters"]["options"]["1"]["num_users"] == 4
    assert said["parameters"]["options"]["2"]["duration"] == 0.5
    assert said["parameters"]["sequence"]["trials"] == 1
    assert said["override_parameters"]["num_users"] == "4"


def test_a_saved_record_gets_the_verdict_of_the_live_run(sequence):
    done, _, _ = sequence
    (document,) = done.records()
    (leaf,) = [path.parent for path in done.folder.glob("results/**/record.json")]
    again = judge(read_record(leaf), load_edition(document["judged_as"]))
    assert again.verdict.name == document["verdict"] == "INVALID"
    assert to_json(again.findings) == document["findings"]
    assert {finding["rule_id"] for finding in document["findings"]} >= {"6.3.1.1", "6.3.2.1", "6.4.1", "6.6.2"}


def test_the_submission_suite_says_the_same_of_the_tree(sequence):
    done, _, _ = sequence
    (document,) = done.records()
    tree = done.folder / "results"
    (tree / "closed").mkdir(exist_ok=True)
    (tree / "whatif" / "local").rename(tree / "closed" / "local")
    try:
        judged = session(
            done.folder, f"--junitxml={done.folder}/judged.xml", f"--submission={tree}", "-v", suite="suites/submission"
        )
    finally:
        (tree / "closed" / "local").rename(tree / "whatif" / "local")
    for finding in document["findings"]:
        if finding["lands"] == "INVALID":
            assert finding["rule_name"] in judged.output, judged.output


def test_the_page_shows_bandwidth_and_latency(sequence):
    text = html.unescape(sequence[2].read_text())
    assert "Restore latency at each percentile" in text
    assert "Bytes moved in each second" in text
    assert "Latencies in milliseconds, option 1" in text


def test_junit_has_the_headline(sequence):
    (case,) = sequence[0].testcases()
    properties = {prop.get("name"): prop.get("value") for prop in case.iter("property")}
    assert float(properties["read_gib_per_s"]) > 0


def test_the_same_seed_plans_the_same_and_mpi_ranks_are_clients(tmp_path):
    done, cache = run(tmp_path, "-k", "chat", *CHAT, "--launcher=mpi", "--hosts=localhost:2")
    assert done.returncode == 0, done.output
    (record,) = done.records()
    again, _ = run(tmp_path / "again", "-k", "chat", *CHAT, "--accelerators=2")
    (other,) = again.records()
    traces = [one["kv_cache"]["trials"][0]["trace_sha256"] for one in (record, other)]
    assert traces[0] == traces[1]
    assert len(set(traces[0])) == 2
    assert list(cache.iterdir()) == []


def test_find_returns_a_rate_that_meets_the_objective(tmp_path):
    longer = [option.replace("load.window_s=0.5", "load.window_s=2") for option in CHAT]
    done, _ = run(
        tmp_path, "-k", "chat", *longer, "--param=load.kind=find", "--param=load.probes=2", "--param=load.slo_ms=60000",
        "--param=traffic.requests_per_s=20",
    )  # fmt: skip
    assert done.returncode == 0, done.output
    (record,) = done.records()
    assert [probe["rate"] for probe in record["kv_cache"]["probes"]] == [1.0, 2.0]
    assert record["metrics"]["rate"] == 2.0


def test_a_corrupted_block_fails_the_run_in_one_sentence(tmp_path):
    done, cache = run(
        tmp_path, "-k", "chat", *CHAT, "--param=store.backend=fault", "--param=store.address=flip:5",
    )  # fmt: skip
    assert done.returncode == 1
    assert "its stamp is wrong" in done.line("its stamp is wrong")
    assert "Traceback" not in done.output
    assert [word["status"] for word in done.incomplete()] == ["failed"]
    assert list(cache.iterdir()) == []


def test_lmcaches_server_is_measured_and_never_closed(tmp_path):
    with stand_in() as server:
        done, _ = run(
            tmp_path, "-k", "chat", *CHAT, "--param=store.backend=lmcache", f"--param=store.address={server.address}",
        )  # fmt: skip
        assert server.held_bytes > 0
        assert set(server.values.values()) == {b""}
    assert done.returncode == 0, done.output
    (record,) = done.records()
    assert record["kv_cache"]["backend"] == "lmcache"
    assert ("x-kv-backend", "INVALID") in {(one["rule_name"], one["lands"]) for one in record["findings"]}


def test_without_lmcaches_server_one_sentence_says_how_to_get_it(tmp_path):
    done, _ = run(
        tmp_path, "-k", "chat", *CHAT, "--param=store.backend=lmcache", "--param=store.address=lm://127.0.0.1:1",
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip install lmcache" in done.line("LMCache's server cannot be reached")
    assert "Traceback" not in done.output


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_the_directory_as_it_was(tmp_path, how):
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "theirs").write_text("not ours")
    kept = [option for option in CHAT if not option.startswith(("--param=load.window_s", "--param=load.most"))]
    endless = ("--param=load.window_s=600", "--param=load.most_gib_per_s=0.01", f"--cache-dir={cache}")
    slow = ("--param=store.backend=fault", "--param=store.address=slow:1:0.2")
    arguments = command(tmp_path, "suites/kvcache", "-k", "chat", *kept, *endless, *slow)
    with subprocess.Popen(arguments, cwd=ROOT, env=environment(), stdout=-3, stderr=-3) as running:
        deadline = time.monotonic() + 120
        while not list(cache.glob("rank_0/storagebench-*/*/*")):
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        running.send_signal(how)
        assert running.wait(timeout=60) != 0
    assert [path.name for path in cache.rglob("*")] == ["theirs"]
    (word,) = [json.loads(path.read_text()) for path in tmp_path.glob("results/**/incomplete.json")]
    assert word["status"] == "interrupted"


def test_a_missing_cache_dir_is_one_sentence(tmp_path):
    done = session(tmp_path, "-k", "v3", suite="suites/kvcache")
    assert done.returncode == 1
    assert "--cache-dir is missing" in done.output


def test_a_plan_says_what_it_would_do(tmp_path):
    done, cache = run(tmp_path, "-k", "chat", *CHAT, "--plan")
    assert done.returncode == 0, done.output
    assert "SHA-256" in done.output
    assert "of storage tier, never more" in done.output
    assert list(cache.iterdir()) == []
