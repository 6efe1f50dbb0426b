"""Whatever is done to the files of a small tree, its items come to a verdict: findings, never a traceback."""

import json
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.submission import CHAPTERS, Source
from storagebench.submission.document import document
from tests.submission.trees import first_edition, third_edition, write

KV = "closed/acme/results/sys/kv_cache/llama3.1-8b/run/20260801_100000"
VDB = "closed/acme/results/sys/vector_database/milvus/DISKANN"
SAVED = "closed/acme/results/sys/checkpointing/llama3-8b/20260801_100000"
EVENT = {"start": "2026-08-01T10:00:00", "end": "2026-08-01T10:00:10", "duration": 10.0, "throughput": 10.0}

NEW = third_edition() | {
    f"{KV}/summary.json": {"options": {"1": {"option": 1}}, "total_ranks": 1, "trials_per_option": 1},
    f"{KV}/option_1/trial_0/rank_0/kvcache_results_1.json": {"summary": {"cache_stats": {}}, "seed": 1},
    f"{KV}/kv_cache_1_metadata.json": {"command_output_files": [{"command": "a"}], "args": {"mode": "closed"}},
    f"{VDB}/run/20260801_100000/statistics.json": {"total_queries": 5, "recall": {"mean_recall": 0.5}},
    f"{VDB}/run/20260801_100000/config.json": {"vector_dim": 1536, "index_type": "DISKANN"},
    f"{VDB}/run/20260801_100000/result_verdict.json": {"flat_setup": {"ok": True, "coverage": 1.0}},
    f"{VDB}/datagen/20260801_090000/summary.json": {"num_vectors": 1_000_000, "dimension": 1536},
    f"{SAVED}/summary.json": {"metric": {"checkpoint_size_GB": 104.7}, "num_hosts": 1, "host_memory_GB": [34.0]},
    f"{SAVED}/0_per_epoch_stats.json": {"1": {"save_ckpt1": EVENT, "load_ckpt1": EVENT}},
    f"{SAVED}/checkpointing_1_metadata.json": {
        "args": {"num_processes": 8},
        "parameters": {"checkpoint": {"fsync": True}},
    },
    "closed/acme/results/sys/training/unet3d/run/20260801_100000/provenance.json": {"rules_edition": "3.0"},
    "closed/acme/submission.yaml": {"schema": "mlps-submission-manifest/1", "runs": []},
}
OLD = first_edition("Closed/a/results/s/unet3d/run1") | {
    "Closed/a/results/s/unet3d/mlperf_storage_report.json": {"overall": {"train_num_accelerators": "8"}},
    "Closed/a/systems/s.json": {"nodes": [{"DRAM": {"capacity_GiB": 256}}]},
}
TREES = {"3.0": NEW, "1.0": OLD}

ODD = st.sampled_from(
    [
        None,
        True,
        "",
        "x",
        "NaN",
        -1,
        0,
        1e308,
        10**400,
        [],
        {},
        [None],
        {"a": None},
        [[1]],
        "9" * 400,
        float("nan"),
        float("inf"),
    ]
) | st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=5,
)
DAMAGE = st.sampled_from(
    [b"", b"{", b"\xff\xfe", b"[" * 5000, b"- " * 5000, b"null", b"[]", b'"x"', b"7", b"a: &a [*a]", b"\x00", b"{}"]
)


def places(found, path=()):
    """Yield the path of every value in a document."""
    yield path
    below = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in below:
        yield from places(value, (*path, key))


def changed(found, path, odd, *, remove=False):
    if not path:
        return odd
    copied = dict(found) if isinstance(found, dict) else list(found)
    if remove and len(path) == 1:
        del copied[path[0]]
    else:
        copied[path[0]] = changed(copied[path[0]], path[1:], odd, remove=remove)
    return copied


@st.composite
def damaged(draw, edition):
    """A tree in which up to three files are damaged, or have some values changed or removed."""
    files = dict(TREES[edition])
    names = sorted(name for name, content in files.items() if isinstance(content, dict | list))
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)):
        how = draw(st.sampled_from(["bytes", "cut", "value", "value", "value", "missing"]))
        content = files[name]
        dump = yaml.safe_dump if name.endswith(".yaml") else json.dumps
        if how == "bytes":
            files[name] = draw(DAMAGE)
        elif how == "cut":
            text = dump(content).encode()
            files[name] = text[: draw(st.integers(0, len(text)))]
        else:
            path = draw(st.sampled_from(list(places(content))))
            files[name] = dump(changed(content, path, draw(ODD), remove=how == "missing")).encode("utf-8", "replace")
    return files


def judge_everything(files):
    with tempfile.TemporaryDirectory() as folder:
        source = Source(write(Path(folder), files))
        subjects = [source.record(leaf) for leaf in source.runs] + [source.group(name) for name in source.results]
        for edition in ("1.0", "2.0", "3.0"):
            for subject in subjects:
                judgement = judge(subject, load_edition(edition))
                json.dumps(document("x", subject, judgement, "closed"), default=str)
                for finding in judgement.findings:
                    assert "Traceback" not in str(finding)
                    assert len(finding.saw) < 2000
        for subject in subjects:
            assert source.edition_of(subject) in ("1.0", "2.0", "3.0")
        whole = source.submission()
        for chapter in CHAPTERS:
            judge(whole, load_edition("3.0"), chapter)
            judge(whole, load_edition("3.0", as_of_round=True), chapter)


@pytest.mark.parametrize("edition", TREES)
def test_the_trees_themselves_are_judged(edition):
    judge_everything(TREES[edition])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged("3.0"))
def test_a_damaged_tree_of_edition_3_0_is_judged(files):
    judge_everything(files)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged("1.0"))
def test_a_damaged_tree_of_edition_1_0_is_judged(files):
    judge_everything(files)
