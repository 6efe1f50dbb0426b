"""Every published run that lies beside this checkout is judged, and differences to upstream's word are known by name.

Where the data is not there, a tree of the same layout and verdicts stands in for it.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.submission import Source
from tests.submission.trees import SHARED, first_edition, write

TRUNCATED = ("MangoBoost", "YanRongTech", "stand-in/truncated")
"""Published in edition 1.0 by memory in whole GiB, as its script took it; edition 2.0's reading rejects them."""


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> tuple[Source, dict[str, str]]:
    """The tree of edition 1.0's round, and upstream's verdict on each run by the rules of 2.0."""
    index = SHARED / "v1.0" / "index.csv"
    if index.exists():
        rows = csv.DictReader(index.open(encoding="utf-8"))
        return Source(index.parent), {
            row["path"].removesuffix("/summary.json"): row["upstream_verdict"] for row in rows
        }
    return stand_in(tmp_path_factory.mktemp("v1.0"))


def stand_in(root: Path) -> tuple[Source, dict[str, str]]:
    verdicts = {}
    for system, sizes, verdict in (
        ("good", {}, "CLOSED"),
        ("truncated", {"host_memory_GB": [768.9], "num_files_train": 28_125}, "INVALID"),
        ("small", {"num_files_train": 9_000}, "INVALID"),
    ):
        for i in range(1, 6):
            folder = f"Closed/stand-in/results/{system}/unet3d-h100/run{i}"
            write(root, first_edition(folder, **sizes))
            verdicts[folder] = verdict
    return Source(root), verdicts


def test_every_run_of_the_index_is_found_and_no_other(published):
    source, verdicts = published
    assert {leaf.path for leaf in source.runs} == set(verdicts)
    assert {len(runs) for runs in source.results.values()} == {5}
    assert len(source.results) == len(verdicts) / 5


def test_by_the_rules_of_2_0_every_verdict_is_upstreams(published):
    source, verdicts = published
    edition = load_edition("2.0")
    judged = {leaf.path: judge(source.record(leaf), edition).verdict.name for leaf in source.runs}
    assert {path: word for path, word in judged.items() if word != verdicts[path]} == {}


def test_by_its_own_rules_edition_1_0_rejects_only_what_no_rounding_explains(published):
    source, verdicts = published
    edition = load_edition("1.0")
    for leaf in source.runs:
        judgement = judge(source.record(leaf), edition)
        rounded = any(name in f"{leaf.organisation}/{leaf.system}" for name in TRUNCATED)
        assert judgement.verdict.name == ("CLOSED" if rounded else verdicts[leaf.path]), leaf.path
        assert {finding.rule_id for finding in judgement.reasons} <= {"3.1.2"}


def test_model_and_accelerator_are_those_of_the_index(published):
    source, _ = published
    index = SHARED / "v1.0" / "index.csv"
    rows = csv.DictReader(index.open(encoding="utf-8")) if index.exists() else ()
    known = {row["path"].removesuffix("/summary.json"): (row["model"], row["accelerator"]) for row in rows}
    for leaf in source.runs:
        record = source.record(leaf)
        found = record.text("model"), record.text("accelerator")
        assert found == known.get(leaf.path, ("unet3d", "h100"))


def test_every_result_has_its_report_and_its_five_folders(published):
    source, _ = published
    for name in source.results:
        group = source.group(name)
        assert len(group.shared.table("folders")["run"]) == 5
        assert group.shared.has("report") or not (SHARED / "v1.0").exists()


@pytest.mark.parametrize("root", sorted(SHARED.glob("v*")), ids=lambda path: path.name)
def test_no_file_of_a_run_is_damaged_and_junk_is_never_a_document(root):
    source = Source(root)
    for leaf in source.runs:
        assert source.record(leaf).table("unreadable") == {}
    whole = source.submission()
    assert not set(whole.documents) & set(whole.junk)


@pytest.mark.parametrize("root", sorted(SHARED.glob("v3.0")), ids=lambda path: path.name)
def test_the_samples_of_edition_3_0_are_found_by_family(root):
    families = Counter(leaf.family for leaf in Source(root).runs)
    assert families == {"training": 6, "checkpointing": 3, "vector_database": 2, "kv_cache": 1}
