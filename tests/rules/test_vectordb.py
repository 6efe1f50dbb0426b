"""Every rule of the vector-database chapter has one subject that just passes and one that just fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import RULES
from storagebench import examples
from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.model import Edition, Group, Judgement, Lands, Record, Verdict
from tests.rules.golden_vectordb import MANY_CLIENTS, NO_SUMMARY, result, vary

FAMILY = "vector_database"
EXAMPLES = examples.examples(FAMILY)
POST, ROUND = load_edition("3.0"), load_edition("3.0", as_of_round=True)
CHAPTER = [
    "5.1.1", "5.1.2", "5.2.1", "5.2.2", "5.3.1", "5.3.2", "5.3.3", "5.3.4", "5.3.5", "5.4.1", "5.4.2", "5.5.1",
    "5.6.1", "5.6.2", "5.6.3", "5.6.4", "5.6.5",
]  # fmt: skip


def ask(name: str, subject: Record | Group, edition: Edition = POST) -> list[tuple[Lands, str]]:
    return [(f.lands, f.saw) for f in judge(subject, edition).findings if f.rule_name == name]


def subject(name: str, changes: examples.Changes) -> Record | Group:
    return examples.subject(FAMILY, RULES[name].scope, "3.0", changes)


def names_of(judgement: Judgement, lands: Lands) -> list[str]:
    return [finding.rule_name for finding in judgement.findings if finding.lands is lands]


def test_every_rule_has_an_example_of_both_kinds():
    assert list(EXAMPLES) == [rule.name for rule in RULES.values() if rule.family == FAMILY]


@pytest.mark.parametrize("number", CHAPTER)
def test_every_number_of_the_chapter_is_a_rule_or_has_a_reason(number):
    rules = {rule.id for rule in RULES.values() if rule.family == FAMILY}
    reasons = {entry.split()[0] for entry, reason in POST["not_checked"].items() if reason}
    assert (number in rules) is not (number in reasons)


def test_the_golden_run_and_result_are_closed():
    assert judge(vary(), POST).findings == ()
    assert judge(result(), POST).findings == ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_subject_just_passes(name):
    assert ask(name, subject(name, EXAMPLES[name].passes)) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_subject_just_fails(name):
    found = ask(name, subject(name, EXAMPLES[name].fails))
    assert [lands for lands, _ in found] == [EXAMPLES[name].lands]
    assert EXAMPLES[name].words in found[0][1]


def test_recall_of_zero_is_invalid_however_valid_the_tool_calls_it():
    stats = {"mean_recall": 0.0, "recall_at_k": 0.0, "max_recall": 0.0}
    judgement = judge(vary({"summary.recall": stats, "result_verdict.valid": True}), POST)
    assert names_of(judgement, Lands.INVALID) == ["vdbRecallReported"]
    assert "nearly every answer is wrong" in judgement.advice[0].saw


def test_the_mean_of_a_table_of_recall_is_judged_not_its_maximum():
    assert ask("vdbRecallReported", vary({"summary.recall": {"max_recall": 1.0, "mean_recall": 0.0}}))


def test_a_failed_copy_is_invalid_whatever_it_covers_even_in_the_round():
    record = vary({"result_verdict.flat_setup.ok": False})
    for edition in (POST, ROUND):
        assert ask("vdbGroundTruthIntegrity", record, edition) == [(Lands.INVALID, "the exact copy failed")]


def test_a_verdict_file_of_an_old_tool_is_only_remarked_on():
    assert [lands for lands, _ in ask("vdbGroundTruthIntegrity", vary({"result_verdict.flat_setup": None}))] == [0]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"result_verdict": None}, "vdbGroundTruthIntegrity"),
        ({"args.storage_root": None}, "vdbPathArgs"),
        ({"fs_separation": None}, "vdbFilesystemCheck"),
        ({"fs_separation.same_filesystem": True}, "vdbFilesystemCheck"),
        ({"datagen": None}, "vdbDimensionConsistency"),
        ({"datagen": None}, "vdbCollectionPopulated"),
        ({"datagen": None}, "vdbIndexBuildCompleted"),
    ],
)
def test_what_the_round_only_warned_of_is_invalid_now(changes, name):
    assert [lands for lands, _ in ask(name, vary(changes), POST)] == [Lands.INVALID]
    assert [lands for lands, _ in ask(name, vary(changes), ROUND)] == [Lands.ADVICE]


def test_an_undeclared_scale_was_a_remark_in_the_round():
    record = vary({"summary.num_vectors": 5_000_000})
    assert judge(record, POST).verdict is Verdict.OPEN
    assert judge(record, ROUND).verdict is Verdict.CLOSED


def test_a_summary_that_exists_is_the_only_place_to_look():
    record = vary({"summary.num_vectors": None})
    assert ask("vdbDatasetScale", record) == [(Lands.INVALID, "cannot be judged: summary.num_vectors is missing")]


def test_the_parameters_of_another_database_cannot_be_listed():
    record = vary({"summary.database.database": "pgvector", "overrides.index/lists": "100"})
    judgement = judge(record, POST)
    assert judgement.verdict is Verdict.OPEN
    assert ("vdbOpenSubmissionParameters", "index.lists changed") in [(f.rule_name, f.saw) for f in judgement.advice]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"summary.database.database": "elasticsearch"}, Verdict.OPEN),
        ({"summary.database.database": "sqlite"}, Verdict.INVALID),
        ({"summary.index_type": "FLAT", "datagen.summary.index_type": "FLAT"}, Verdict.OPEN),
        ({"summary.index_type": "diskann", "datagen.summary.index_type": "diskann"}, Verdict.INVALID),
        ({"overrides.index/metric_type": "HAMMING"}, Verdict.OPEN),
        ({"overrides.database/port": 1}, Verdict.OPEN),
        ({"overrides.benchmark/recall_k": 1}, Verdict.INVALID),
    ],
)
def test_what_open_may_vary_is_open_and_the_rest_invalid(changes, verdict):
    assert judge(vary(changes), POST).verdict is verdict


def test_object_storage_told_by_the_system_counts_for_more_than_the_options():
    api = "system.system_under_test.solution.architecture.benchmark_API"
    record = vary({api: "object", "fs_separation": None, "args.storage_root": None})
    assert ask("vdbFilesystemCheck", record) == ask("vdbPathArgs", record) == []
    assert ask("vdbObjectStorageBackend", record)[0][0] is Lands.INVALID


@pytest.mark.parametrize("runs", [0, 1, 4, 6])
def test_any_other_number_of_runs_is_invalid(runs):
    assert judge(result({"runs": runs}), POST).verdict is Verdict.INVALID


def test_many_clients_are_told_what_a_reviewer_would_ask():
    judgement = judge(vary(MANY_CLIENTS), POST)
    assert names_of(judgement, Lands.INVALID) == ["vdbGroundTruthIntegrity", "vdbFilesystemCheck"]
    words = [finding.saw for finding in judgement.advice]
    assert words == [
        "recall 0.2097 at 57,922 queries/s",
        "64.00 KiB read from the client's disks for answers of 207.36 GiB",
        "5.72 GiB of vectors, 3.94 TiB of memory in the hosts",
        "a mean latency of 6.1 ms from requests of 609.8 ms",
    ]
    assert judge(vary(MANY_CLIENTS), ROUND).verdict is Verdict.CLOSED


def test_of_a_graph_in_memory_it_is_said_where_it_lives_whatever_else_is_right():
    graph = {"summary.index_type": "HNSW", "datagen.summary.index_type": "HNSW", "index_folder": "HNSW"}
    judgement = judge(vary(graph), POST)
    assert judgement.verdict is Verdict.CLOSED
    assert [finding.rule_name for finding in judgement.advice] == ["x-vdb-resident-index"]
    assert judge(vary(graph | {"summary.database.database": "pgvector"}), POST).verdict is Verdict.OPEN
    assert names_of(judge(vary({"summary.database.database": "sqlite"}), POST), Lands.ADVICE) == []


def test_a_run_without_summary_is_judged_by_the_files_beside_it():
    judgement = judge(vary(NO_SUMMARY), POST)
    assert names_of(judgement, Lands.INVALID) == [
        "vdbDimensionConsistency",
        "vdbCollectionPopulated",
        "vdbIndexBuildCompleted",
        "vdbFilesystemCheck",
    ]
    words = [finding.saw for finding in judgement.advice]
    assert words == [
        "no summary.json: judged by statistics.json and config.json",
        "recall 0.5652 at 142 queries/s",
        "collection mlps_1m_1shards_1536dim_uniform holds 10,000,000 vectors",
        "a window of 300 s in an invocation of 1,952 s",
    ]
    assert judge(vary(NO_SUMMARY), ROUND).verdict is Verdict.CLOSED


def test_an_empty_run_is_invalid_and_never_a_traceback():
    for edition in (POST, ROUND):
        assert judge(Record(FAMILY, "closed", "empty", {}), edition).verdict is Verdict.INVALID
    assert judge(Group(FAMILY, "closed", "empty", (), {}), POST).verdict is Verdict.INVALID


LEAVES = [
    "summary", "summary.num_vectors", "summary.database", "summary.database.database", "summary.recall",
    "summary.index_type", "summary.query_count", "summary.throughput_qps", "statistics", "statistics.disk_io",
    "statistics.disk_io.total_bytes_read", "statistics.mean_batch_time_ms", "recall_stats", "result_verdict",
    "result_verdict.flat_setup", "result_verdict.flat_setup.ok", "result_verdict.flat_setup.coverage", "config",
    "config.collection_name", "config.runtime_seconds", "config.search_limit", "overrides", "overrides.run/mode", "args",
    "args.storage_root", "args.data_access_protocol", "datagen", "datagen.summary", "cluster", "cluster.memory_bytes",
    "fs_separation", "fs_separation.same_filesystem", "invocation", "invocation.started_at", "index_folder",
    "engine_folder", "parameters", "system",
]  # fmt: skip

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(leaf=st.sampled_from(LEAVES), other=st.sampled_from(LEAVES), junk=JUNK, more=JUNK)
def test_any_junk_in_any_place_is_answered_with_findings(leaf, other, junk, more):
    for edition in (POST, ROUND):
        judge(vary({leaf: junk, other: more}), edition)


@given(runs=JUNK, folders=JUNK)
def test_any_junk_in_the_folders_of_a_result_is_answered_with_findings(runs, folders):
    judge(result({"group.folders.run": runs}), POST)
    judge(result({"group.folders": folders}), POST)


RUN_NAMES = [name for name in EXAMPLES if RULES[name].scope == "run"]


@given(names=st.sets(st.sampled_from(RUN_NAMES), max_size=6), more=st.sampled_from(RUN_NAMES))
def test_adding_a_breach_never_improves_the_verdict(names, more):
    """Another database is no breach of OPEN, and its parameters are its own: it is left out."""
    names.discard("vdbClosedDatabaseBackend")
    changes = {fact: value for name in sorted(names) for fact, value in EXAMPLES[name].fails.items()}
    added = EXAMPLES[more].fails
    if more == "vdbClosedDatabaseBackend" or any(
        old.startswith(new) or new.startswith(old) for old in changes for new in added
    ):
        return
    assert judge(vary({**changes, **added}), POST).verdict >= judge(vary(changes), POST).verdict
