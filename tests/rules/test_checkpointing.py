"""Every rule of the checkpointing chapter has one run or result that just passes and one that just fails."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import RULES
from storagebench import examples
from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.model import Group, Lands, Record, Verdict
from storagebench.submission import Source
from tests.rules.golden_checkpointing import combined, of_model, split, vary

EDITIONS = ("3.0", "2.0")
EXAMPLES = examples.examples("checkpointing")
RULES_HERE = [rule for rule in RULES.values() if rule.family == "checkpointing" and rule.scope != "submission"]
CASES = [(rule.name, edition) for rule in RULES_HERE for edition in sorted(rule.editions)]
CHAPTER = {
    "2.1.23", "2.1.24", "4.3.1", "4.3.2", "4.3.3", "4.3.4", "4.3.5", "4.3.6", "4.4.1", "4.4.2", "4.6.1", "4.6.2",
    "4.6.3", "4.6.4", "4.7.1", "4.7.2", "4.7.3", "4.7.4", "check_num_processes", "check_accelerator_memory",
    "check_subset_mode", "checkpointing.check_num_runs",
}  # fmt: skip

ROUND = load_edition("3.0", as_of_round=True)


def subject(name: str, edition: str, changes) -> Record | Group:
    return examples.subject("checkpointing", RULES[name].scope, edition, changes)


def ask(name: str, subject: Record | Group, edition) -> list[tuple[Lands, str]]:
    asked = load_edition(edition) if isinstance(edition, str) else edition
    return [(f.lands, f.saw) for f in judge(subject, asked).findings if f.rule_name == name]


def verdict(subject: Record | Group, edition) -> Verdict:
    return judge(subject, load_edition(edition) if isinstance(edition, str) else edition).verdict


def test_every_rule_has_an_example_of_both_kinds():
    assert list(EXAMPLES) == [rule.name for rule in RULES_HERE]


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_id_of_the_chapter_is_a_rule_or_is_listed_with_a_reason(edition):
    known = {word for rule in RULES_HERE if edition in rule.editions for word in (rule.id, rule.name)}
    unchecked = {word: reason for ids, reason in load_edition(edition)["not_checked"].items() for word in ids.split()}
    of_layout = {"2.1.23", "2.1.24"} if edition == "2.0" else set()  # chapter 2 came with 3.0
    assert CHAPTER - known - of_layout <= set(unchecked)
    assert all(len(reason) > 20 for reason in unchecked.values())


@pytest.mark.parametrize(("name", "edition"), CASES)
def test_every_number_that_a_rule_goes_by_is_in_the_table(name, edition):
    for number in RULES[name].numbers:
        assert load_edition(edition)[f"checkpointing.{number}"] is not None


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("golden", [vary, combined, split])
def test_the_golden_run_and_both_golden_results_are_closed(edition, golden):
    judgement = judge(golden(edition), load_edition(edition))
    assert judgement.findings == ()
    assert judgement.verdict is Verdict.CLOSED


@pytest.mark.parametrize("edition", EDITIONS)
def test_each_invocation_of_the_split_result_is_closed_by_itself(edition):
    assert [judge(record, load_edition(edition)).findings for record in split(edition).records] == [(), ()]


@pytest.mark.parametrize(("name", "edition"), CASES)
def test_a_run_or_result_just_passes(name, edition):
    assert ask(name, subject(name, edition, EXAMPLES[name].passes), edition) == []


@pytest.mark.parametrize(("name", "edition"), CASES)
def test_a_run_or_result_just_fails(name, edition):
    found = ask(name, subject(name, edition, EXAMPLES[name].fails), edition)
    assert [lands for lands, _ in found] == [EXAMPLES[name].lands]
    assert EXAMPLES[name].words in found[0][1]


@pytest.mark.parametrize(
    ("model", "processes", "accelerator", "expected"),
    [
        ("llama3-8b", 8, "b200", Verdict.CLOSED),
        ("llama3-70b", 64, "mi355", Verdict.CLOSED),
        ("llama3-405b", 512, "b200", Verdict.CLOSED),
        ("llama3-1t", 1024, "b200", Verdict.CLOSED),
        ("llama3-8b", 16, "b200", Verdict.OPEN),
        ("llama3-8b", 12, "b200", Verdict.INVALID),
        ("llama3-70b", 8, "b200", Verdict.OPEN),  # 8 × 180 GB hold the 912 GB of Table 2
        ("llama3-70b", 8, "h100", Verdict.INVALID),  # 8 × 80 GB do not
        ("llama3-405b", 408, "b200", Verdict.INVALID),  # mlcommons/storage#792
        ("llama3-405b", 256, "b200", Verdict.OPEN),
        ("llama3-1t", 512, "b200", Verdict.OPEN),
        ("llama3-1t", 0, "b200", Verdict.INVALID),
    ],
)
@pytest.mark.parametrize("declared", ["OPEN", None])
def test_the_count_of_processes_and_their_memory_decide_the_division(model, processes, accelerator, expected, declared):
    record = of_model("3.0", model, processes, {"accelerator": accelerator, "verification": declared})
    assert verdict(record, "3.0") is expected


@pytest.mark.parametrize(("accelerator", "expected"), [("b200", Verdict.OPEN), ("h100", Verdict.INVALID)])
def test_a_subset_of_70b_by_eight_is_no_closed_run(accelerator, expected):
    changes = {
        "accelerator": accelerator,
        "verification": "OPEN",
        "overrides.checkpoint/mode": "subset",
        "overrides.model/parallelism/data": "8",
        "summary.metric.checkpoint_size_GB": 113.9015,
    }
    record = of_model("3.0", "llama3-70b", 8, changes)
    names = {finding.rule_name for finding in judge(record, load_edition("3.0")).reasons}
    assert verdict(record, "3.0") is expected
    assert "checkpointSubsetRunValidation" in names


@pytest.mark.parametrize("declared", ["CLOSED", "closed", "Closed"])
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("checkpointClosedMpiProcesses", {"args.num_processes": 16}),
        ("checkpointClosedAcceleratorsPerHost", {"summary.num_hosts": 2}),
        ("checkpointSubsetRunValidation", {"args.checkpoint_subset": "True", "summary.num_accelerators": 16}),
    ],
)
def test_what_closed_forbids_is_invalid_for_a_run_that_calls_itself_closed_in_any_case(declared, name, changes):
    """mlcommons/storage#842: compared with lower case only, these rules never fired."""
    assert ask(name, vary("3.0", {**changes, "verification": declared}), "3.0")[0][0] is Lands.INVALID
    assert verdict(vary("3.0", {**changes, "verification": declared}), "3.0") is Verdict.INVALID


def test_four_accelerators_a_host_leave_a_run_open_that_does_not_call_itself_closed():
    record = of_model("3.0", "llama3-70b", 64, {"summary.num_hosts": 16, "verification": "OPEN"})
    assert verdict(record, "3.0") is Verdict.OPEN
    assert verdict(of_model("3.0", "llama3-70b", 64, {"summary.num_hosts": 16}), "3.0") is Verdict.INVALID


@pytest.mark.parametrize("edition", [ROUND, load_edition("2.0")], ids=["round", "2.0"])
@pytest.mark.parametrize(("model", "allowed"), [("llama3-8b", False), ("llama3-70b", True), ("llama3-405b", True)])
def test_the_round_and_2_0_allow_subsets_of_every_model_but_8b(edition, model, allowed):
    changes = {"overrides.checkpoint/mode": "subset", "summary.metric.checkpoint_size_GB": 113.9015}
    record = of_model(edition.name, model, 8, changes)
    assert (ask("checkpointSubsetRunValidation", record, edition) == []) is allowed
    assert ask("checkpointClosedMpiProcesses", record, edition) == []
    assert (verdict(record, edition) is Verdict.CLOSED) is allowed


@pytest.mark.parametrize(("model", "allowed"), [("llama3-8b", True), ("llama3-70b", False), ("llama3-405b", False)])
def test_after_the_round_only_8b_may_be_a_subset(model, allowed):
    record = of_model("3.0", model, 8, {"args.checkpoint_subset": True})
    assert (ask("checkpointSubsetRunValidation", record, "3.0") == []) is allowed
    assert (ask("check_subset_mode", record, "3.0") == []) is allowed


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("checkpointAggregateAcceleratorMemory", {"summary.metric.checkpoint_size_GB": 641.0}),
        ("checkpointFilesystemCheck", {"fs_separation": None}),
        ("checkpointClosedAcceleratorsPerHost", {"summary.num_hosts": 2}),
        ("checkpointClosedCheckpointParameters", {"overrides.checkpoint/fsync": "true"}),
        ("checkpointOpenSubmissionScaling", {"verification": "OPEN", "args.num_processes": 0}),
    ],
)
def test_what_the_round_let_pass_is_advice_as_of_the_round(name, changes):
    assert [lands for lands, _ in ask(name, vary("3.0", changes), ROUND)] == [Lands.ADVICE]


@pytest.mark.parametrize("name", ["checkpointingTimestampGap", "checkpointCacheFlushValidation"])
def test_gaps_were_a_warning_in_the_round(name):
    assert [lands for lands, _ in ask(name, subject(name, "3.0", EXAMPLES[name].fails), ROUND)] == [Lands.ADVICE]


def test_in_the_round_an_accelerator_counts_80_gb_and_need_not_be_recorded():
    record = vary("3.0", {"accelerator": None})
    assert verdict(record, ROUND) is Verdict.CLOSED
    assert ask("checkpointAggregateAcceleratorMemory", record, "3.0")[0][0] is Lands.INVALID


def test_an_unknown_accelerator_is_invalid_and_h100_is_for_whatif():
    assert ask("checkpointAggregateAcceleratorMemory", vary("3.0", {"accelerator": "h200"}), "3.0") == [
        (Lands.INVALID, "accelerator h200")
    ]
    assert ask("check_accelerator_memory", vary("3.0", {"accelerator": "h100"}), "3.0") == [
        (Lands.INVALID, "accelerator h100")
    ]


def test_tools_of_other_storage_are_not_held_against_the_user():
    """Overrides of OpenLake's run on objects, as its dlio_config has them."""
    record = vary("3.0", {"overrides.storage/storage_type": "s3", "overrides.storage/s3_force_path_style": "true"})
    assert judge(record, load_edition("3.0")).findings == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"overrides.checkpoint/fsync": "false"},
        {"overrides.model/num_layers": "16"},
        {"parameters.model.transformer.hidden_size": 2048},
        {"parameters.model.parallelism.zero_stage": 1},
        {"parameters.workflow.train": "True"},
    ],
)
def test_any_other_parameter_is_invalid(changes):
    assert [lands for lands, _ in ask("checkpointClosedCheckpointParameters", vary("3.0", changes), "3.0")] == [
        Lands.INVALID
    ]


def test_split_phases_the_wrong_way_round_are_invalid():
    swapped = Group("checkpointing", "closed", "g", tuple(reversed(split("3.0").records)), split("3.0").facts)
    words = [saw for _, saw in ask("checkpointCacheFlushValidation", swapped, "3.0")]
    assert words[0] == "0 writes and 10 reads; 10 writes and 0 reads"


def test_three_invocations_are_too_many_for_closed_and_ten_of_each_are_fine_in_2_0():
    thirds = {"runs": 20} | {
        f"run{run}.args.num_checkpoints_{word}": int((run <= 10) == (word == "write"))
        for run in range(1, 21)
        for word in ("write", "read")
    }
    assert verdict(combined("2.0", thirds), "2.0") is Verdict.CLOSED
    assert ask("checkpointCacheFlushValidation", combined("3.0", thirds), "3.0")[0][0] is Lands.INVALID


def test_structure_binds_only_closed_and_the_gap_binds_both():
    lone = split("3.0", {"each.verification": "OPEN", "run1.args.num_checkpoints_read": 1})
    assert {lands for lands, _ in ask("checkpointCacheFlushValidation", lone, "3.0")} == {Lands.OPEN}
    late = split("3.0", {"each.verification": "OPEN", "run2.invocation.started_at": "2026-08-01T10:11:00"})
    assert ask("checkpointCacheFlushValidation", late, "3.0") == [
        (Lands.INVALID, "reads began 60.0 s after the writes")
    ]


def test_clocks_that_disagree_are_advice_and_runs_that_overlap_are_invalid():
    early = {"run2.invocation.started_at": "2026-08-01T10:09:55"}
    assert ask("checkpointCacheFlushValidation", split("3.0", early), "3.0") == [
        (Lands.ADVICE, "reads 5.0 s before the end of the writes")
    ]
    overlapping = split("3.0", {**early, "run2.summary.start": "2026-08-01T10:09:59"})
    assert [lands for lands, _ in ask("checkpointCacheFlushValidation", overlapping, "3.0")] == [Lands.INVALID]


def test_without_the_metadata_s_times_the_summaries_tell_and_the_finding_says_so():
    none = {"run1.invocation": None, "run2.invocation": None, "run2.summary.start": "2026-08-01T10:11:44"}
    words = "reads began 104.0 s after the writes (by the summaries: starting up counts in"
    assert ask("checkpointCacheFlushValidation", split("3.0", none), "3.0") == [
        (Lands.INVALID, f"{words}; by the later folder's stamp 15.0 s)")
    ]
    unnamed = split("3.0", {**none, "run2.stamp": "second"})
    assert ask("checkpointCacheFlushValidation", unnamed, "3.0") == [(Lands.INVALID, f"{words})")]


@pytest.mark.parametrize("junk", ["yesterday", 7, "2026-08-01T10:10:30Z"])
def test_times_that_cannot_be_read_or_compared_are_never_closed(junk):
    group = split("3.0", {"run2.invocation.started_at": junk})
    assert ask("checkpointCacheFlushValidation", group, "3.0")[0][0] is Lands.INVALID


def test_remapping_inside_one_invocation_is_measured_between_the_last_save_and_the_first_load():
    declared = "group.system.system_under_test.solution.capabilities.remap_time_in_seconds"
    assert ask("checkpointRemappingTimeReporting", combined("3.0", {declared: 10}), "3.0") == []
    assert ask("checkpointRemappingTimeReporting", combined("3.0", {declared: 11}), "3.0") == [
        (Lands.INVALID, "5.0 s between writes and reads, 11 s declared for remapping")
    ]


def test_a_system_that_does_not_say_what_it_can_do_is_invalid():
    group = combined("3.0", {"group.system": {}})
    assert ask("checkpointSimultaneousRwSupport", group, "3.0")[0][0] is Lands.INVALID
    assert ask("checkpointRemappingTimeReporting", group, "3.0")[0][0] is Lands.INVALID


def test_a_folder_with_another_name_is_named():
    group = combined("3.0", {"group.folders": {"run": ["20260801_100000", "20260801-101500"]}})
    assert ask("checkpointingTimestamps", group, "3.0") == [(Lands.INVALID, "a folder named 20260801-101500")]


OPENLAKE_SAVES = [11.32, 11.47, 11.70, 11.65, 10.41, 2.56, 1.94, 1.97, 2.14, 2.05]


def test_the_saves_of_a_published_run_bear_the_mark_of_a_page_cache():
    """OpenLake's llama3-8b of edition 3.0: rates of its ten saves, in GiB/s."""
    record = vary("3.0", {"checkpoints.save.gib_per_s": OPENLAKE_SAVES})
    judgement = judge(record, load_edition("3.0"))
    assert [finding.rule_name for finding in judgement.advice] == ["x-save-rates-spread", "x-first-saves-faster"]
    assert judgement.verdict is Verdict.CLOSED


def test_its_loads_follow_at_once_and_fit_in_memory():
    group = combined("3.0", {"each.summary.host_memory_GB": [755.843]})
    judgement = judge(group, load_edition("3.0"))
    assert [finding.rule_name for finding in judgement.advice] == ["x-written-bytes", "x-loads-from-memory"]
    assert "2.21 TiB" in judgement.advice[0].needs


PUBLISHED = {
    "HPE/results/e2000/checkpointing/llama3-70b": {"checkpointClosedAcceleratorsPerHost", "x-loads-from-memory"},
    "OpenLake/results/openlake-hbv4-1c1s-final/checkpointing/llama3-8b": {
        "x-save-rates-spread",
        "x-first-saves-faster",
        "x-written-bytes",
        "x-loads-from-memory",
    },
}


def test_published_results_bear_out_what_reviewers_found():
    """Real folders of edition 3.0 where they lie beside the checkout; their metadata was not published."""
    tree = Path(__file__).parents[3] / "shared" / "data" / "v3.0"
    for folder, expected in PUBLISHED.items():
        if (tree / "closed" / folder).is_dir():
            group = Source(tree).group(f"closed/{folder}")
            found = [f for one in (*group.records, group) for f in judge(one, load_edition("3.0")).findings]
            assert expected <= {finding.rule_name for finding in found}
            assert any("cannot be judged" in finding.saw for finding in found)


@pytest.mark.parametrize("edition", EDITIONS)
def test_an_empty_run_or_result_is_never_closed_and_never_a_traceback(edition):
    empty = Record("checkpointing", "closed", "empty", {})
    assert verdict(empty, edition) is Verdict.INVALID
    assert verdict(Group("checkpointing", "closed", "empty", (), {}), edition) is Verdict.INVALID
    assert verdict(Group("checkpointing", "closed", "empty", (empty, empty), {}), edition) is Verdict.INVALID


LEAVES = [
    "model", "accelerator", "verification", "summary", "summary.start", "summary.end", "summary.num_accelerators",
    "summary.num_hosts", "summary.host_memory_GB", "summary.metric", "summary.metric.checkpoint_size_GB", "parameters",
    "parameters.checkpoint", "parameters.checkpoint.fsync", "parameters.checkpoint.mode", "parameters.storage.storage_type",
    "parameters.model.num_layers", "overrides", "overrides.checkpoint/mode", "args", "args.num_processes",
    "args.num_checkpoints_write", "args.num_checkpoints_read", "args.checkpoint_subset", "args.checkpoint_folder",
    "invocation", "invocation.started_at", "invocation.ended_at", "fs_separation", "fs_separation.same_filesystem",
    "checkpoints", "checkpoints.save", "checkpoints.save.gib_per_s", "checkpoints.save.ended_at", "checkpoints.load",
    "checkpoints.load.started_at",
]  # fmt: skip
SHARED = ["system", "system.system_under_test.solution.capabilities", "folders", "folders.run"]
SHARED += [f"system.system_under_test.solution.capabilities.{name}" for name in ("multi_host", "remap_time_in_seconds")]

JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["subset", "CLOSED", "open", "1t", "2026-08-01T10:10:30Z", "2026-08-01", "0001-01-01T00:00+14:00"]
    )
    | st.lists(st.integers() | st.floats() | st.text(max_size=3), max_size=3)
    | st.dictionaries(st.text(max_size=5), st.integers(), max_size=2)
)


@given(leaf=st.sampled_from(LEAVES), junk=JUNK, edition=st.sampled_from([*map(load_edition, EDITIONS), ROUND]))
def test_any_junk_in_any_place_of_a_run_is_answered_with_findings(leaf, junk, edition):
    judge(vary(edition.name, {leaf: junk}), edition)


@given(
    names=st.sets(
        st.sampled_from(
            [f"run{run}.{leaf}" for leaf in LEAVES for run in (1, 2)] + [f"group.{leaf}" for leaf in SHARED]
        ),
        min_size=1,
        max_size=2,
    ),
    junk=JUNK,
    edition=st.sampled_from([*map(load_edition, EDITIONS), ROUND]),
)
def test_any_junk_in_any_place_of_a_result_is_answered_with_findings(names, junk, edition):
    deepest_last = {name: junk for name in sorted(names) if not any(name.startswith(f"{other}.") for other in names)}
    judge(split(edition.name, deepest_last), edition)
