"""Every rule of the KV-cache chapter has one record that just passes and one that just fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import RULES
from rules.kvcache_launches import parse, same
from storagebench import examples
from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.model import Edition, Judgement, Lands, Record, Verdict
from tests.rules.golden_kvcache import client, clustered, command, vary

FAMILY = "kv_cache"
EXAMPLES = examples.examples(FAMILY)
POST, ROUND = load_edition("3.0"), load_edition("3.0", as_of_round=True)
CHAPTER = [
    "6.3.1.1", "6.3.2.1", "6.3.2.2", "6.3.3.1", "6.3.3.2", "6.3.3.3", "6.3.3.4", "6.3.4.1", "6.3.4.2", "6.3.4.3",
    "6.3.4.4", "6.3.4.5", "6.4.1", "6.4.2", "6.5.1", "6.5.2", "6.6.1", "6.6.2", "6.6.3",
]  # fmt: skip
RUN_CHECKS = [
    "check_benchmark_type", "check_model", "check_num_users", "check_duration", "check_cache_configuration",
    "check_generation_mode", "check_performance_profile", "check_preview_status",
]  # fmt: skip


def ask(name: str, record: Record, edition: Edition = POST) -> list[tuple[Lands, str]]:
    return [(f.lands, f.saw) for f in judge(record, edition).findings if f.rule_name == name]


def names_of(judgement: Judgement, lands: Lands) -> list[str]:
    return [finding.rule_name for finding in judgement.findings if finding.lands is lands]


def test_every_rule_has_an_example_of_both_kinds():
    assert list(EXAMPLES) == [rule.name for rule in RULES.values() if rule.family == FAMILY]


@pytest.mark.parametrize("number", CHAPTER)
def test_every_number_of_the_chapter_is_a_rule_or_has_a_reason(number):
    rules = {rule.id for rule in RULES.values() if rule.family == FAMILY}
    reasons = {entry.split()[0] for entry, reason in POST["not_checked"].items() if reason}
    assert (number in rules) is not (number in reasons)


@pytest.mark.parametrize("name", RUN_CHECKS)
def test_every_check_of_the_tools_run_checker_is_a_rule_or_has_a_reason(name):
    assert (name in RULES) is not (f"run {name}" in POST["not_checked"])


@pytest.mark.parametrize("record", [vary(), clustered()], ids=["one client", "four clients"])
def test_the_golden_records_are_closed(record):
    assert judge(record, POST).findings == ()
    assert judge(record, ROUND).findings == ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_record_just_passes(name):
    assert ask(name, vary(EXAMPLES[name].passes)) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_record_just_fails(name):
    found = ask(name, vary(EXAMPLES[name].fails))
    assert [lands for lands, _ in found] == [EXAMPLES[name].lands]
    assert EXAMPLES[name].words in found[0][1]


DEFAULTS = {
    "num_users": 100,
    "duration": 60,
    "gpu_mem_gb": 16.0,
    "cpu_mem_gb": 32.0,
    "generation_mode": "realistic",
    "enable_rag": True,
    "enable_autoscaling": True,
}
"""What the front end recorded as arguments of CLOSED runs that ran the table."""


def test_the_command_is_believed_and_not_the_arguments():
    record = vary({f"args.{name}": value for name, value in DEFAULTS.items()} | {"args.num_users": 60})
    judgement = judge(record, POST)
    assert judgement.verdict is Verdict.CLOSED
    assert judgement.advice[0].saw == (
        "args tell num_users 60 where 100 and 200 and 70 ran; duration 60 where 300 ran; gpu_mem_gb 16.0 where 0 ran; "
        "cpu_mem_gb 32.0 where 0 and 4 ran; generation_mode realistic where none ran; enable_rag, which did not run; "
        "enable_autoscaling, which did not run"
    )


def test_a_command_that_differs_is_believed_although_the_arguments_are_right():
    record = vary({"executed_command": command(3, 2, own="--duration 301"), "args.duration": 300})
    assert ask("kvcacheFixedWorkloadPerOption", record) == [(Lands.OPEN, "Option 3: --duration 301")]


@pytest.mark.parametrize(
    ("own", "verdict"),
    [
        ("", Verdict.CLOSED),
        ("--cpu-mem-gb 16", Verdict.OPEN),
        ("--model llama3.1-8b", Verdict.OPEN),
        ("--seed-base 43", Verdict.OPEN),
        ("--config mine.yaml", Verdict.OPEN),
        ("--enable-rag", Verdict.OPEN),
        ("--max-concurrent-allocs 0", Verdict.INVALID),
        ("--num-gpus 2", Verdict.INVALID),
        ("--num-users 0", Verdict.INVALID),
    ],
)
def test_what_open_may_vary_is_open_and_the_rest_invalid(own, verdict):
    only = {"commands": [command(option, trial, own=own) for option in (1, 2, 3) for trial in range(3)]}
    assert judge(vary({**only, "executed_command": command(3, 2, own=own)}), POST).verdict is verdict


def test_a_published_open_run_is_open_and_says_what_a_reviewer_would_ask():
    """Half of the clients lost, 200 users of the 70B model everywhere, one trial, and reads that memory may serve."""
    own = "--model llama3.1-70b-instruct --num-users 200 --gpu-mem-gb 1.0 --cpu-mem-gb 1.0"
    preload = "-x LD_PRELOAD=/usr/lib/libtcmalloc.so:/opt/x/nofadvise.so"
    told = "--rag-num-docs 10 --autoscaler-mode qos --performance-profile throughput"
    commands = [command(o, 0, clients=4, launcher=preload, own=f"{own} {told}") for o in (1, 2, 3)]
    changes = {
        "commands": commands,
        "executed_command": commands[-1],
        "summary.trials_per_option": 1,
        "args.inter_option_delay": 15,
        "ranks": [client(option, 0, rank) for option in (1, 2, 3) for rank in range(4) if option != 1 or rank < 2],
        "summary.options.1.missing_files": ["option_1/trial_0/rank_2", "option_1/trial_0/rank_3"],
        "summary.options.1.partial_failure": True,
        "summary.options.1.rank_count": 4,
        "summary.options.1.trial_count": 1,
        "summary.options.1.aggregated_read_bandwidth_gbps": 3.0,
        "summary.options.1.aggregated_write_bandwidth_gbps": 2.0,
        "summary.options.1.aggregated_storage_throughput_tokens_per_sec": 40.0,
        "summary.options.1.aggregated_device_read_p95_ms": 101.0,
        "summary.options.2.aggregated_read_bandwidth_gbps": 10.0,
        "summary.options.3.aggregated_read_bandwidth_gbps": 10.0,
        "fs_separation": None,
    }
    judgement = judge(clustered(changes), POST)
    assert judgement.verdict is Verdict.OPEN
    assert set(names_of(judgement, Lands.OPEN)) == {
        "kvcacheFixedWorkloadPerOption",
        "kvcacheClosedSequenceLocks",
        "kvcachePerClientIsolation",
        "kvcacheClosedImmutable",
    }
    words = [finding.saw for finding in judgement.advice]
    assert words == [
        "no evidence on the filesystems",
        "LD_PRELOAD=/usr/lib/libtcmalloc.so:/opt/x/nofadvise.so",
        "Option 1: 2 of 4 results lost; the figures are of the survivors",
    ]


def test_the_metadata_tells_of_options_whose_commands_were_not_kept():
    table = POST["kv_cache.options"]
    told = {n: {name.replace("-", "_"): v for name, v in values.items()} for n, values in table.items()}
    assert judge(vary({"commands": None, "parameters.options": told}), POST).verdict is Verdict.CLOSED
    found = ask("kvcacheFixedWorkloadPerOption", vary({"commands": None}))
    assert found == [(Lands.INVALID, f"Option {option}: no command line") for option in (1, 2)]


def test_an_option_without_figures_is_invalid():
    assert (Lands.INVALID, "Option 2: no figures") in ask(
        "kvcacheFixedWorkloadPerOption", vary({"summary.options.2": None})
    )


def test_options_in_another_order_are_invalid():
    commands = [command(option, trial) for option in (2, 1, 3) for trial in range(3)]
    assert ask("kvcacheFixedWorkloadPerOption", vary({"commands": commands}))[0][1] == "Options in the order 2, 1, 3"


@pytest.mark.parametrize(("edition", "expected"), [(POST, Verdict.OPEN), (ROUND, Verdict.CLOSED)])
def test_the_pause_of_the_early_round_was_twenty_seconds(edition, expected):
    assert judge(vary({"args.inter_option_delay": 20}), edition).verdict is expected


def test_a_summary_of_more_clients_than_were_started_is_invalid():
    record = clustered({"executed_command": command(3, 2, clients=8)})
    assert ask("kvcacheClientDefinition", record) == [(Lands.INVALID, "8 ranks started, 4 in the summary")]


def test_two_results_in_one_place_are_invalid():
    record = clustered()
    ranks = [*record.facts["ranks"][:-1], record.facts["ranks"][0]]
    assert [lands for lands, _ in ask("kvcachePerClientIsolation", clustered({"ranks": ranks}))] == [
        Lands.INVALID,
        Lands.INVALID,
    ]


@pytest.mark.parametrize(("known", "verdict"), [(["option_1/trial_0/rank_0"], Verdict.OPEN), ([], Verdict.INVALID)])
def test_a_lost_client_is_open_where_the_summary_says_so_and_was_a_remark_in_the_round(known, verdict):
    ranks = clustered().facts["ranks"][1:]
    lost = {"ranks": ranks, "summary.options.1.missing_files": known}
    bandwidth = {"summary.options.1.aggregated_read_bandwidth_gbps": 10.4 - 1 / 3}
    others = {
        "summary.options.1.aggregated_write_bandwidth_gbps": 4 - 1 / 3,
        "summary.options.1.aggregated_storage_throughput_tokens_per_sec": 80 - 20 / 3,
    }
    record = clustered(lost | bandwidth | others)
    assert judge(record, POST).verdict is verdict
    assert judge(record, ROUND).verdict is Verdict.CLOSED


@pytest.mark.parametrize(
    ("figure", "name", "aggregate"),
    [
        ("read_bandwidth_gbps", "kvcacheAggregateBandwidth", 10.4),
        ("write_bandwidth_gbps", "kvcacheAggregateBandwidth", 4.0),
        ("storage_throughput_tokens_per_sec", "kvcacheAggregateThroughput", 80.0),
        ("device_read_p95_ms", "kvcacheAggregateDeviceLatency", 203.0),
    ],
)
def test_figures_are_worked_out_from_what_the_clients_left(figure, name, aggregate):
    place = f"summary.options.2.aggregated_{figure}"
    assert ask(name, clustered({place: aggregate * 1.0009})) == []
    assert [lands for lands, _ in ask(name, clustered({place: aggregate * 1.0011}))] == [Lands.INVALID]


def test_a_summary_of_an_older_tool_is_answered_with_the_latency_that_the_clients_tell():
    without = {f"summary.options.{option}.aggregated_device_read_p95_ms": None for option in (1, 2, 3)}
    finding = next(
        f for f in judge(clustered(without), POST).findings if f.rule_name == "kvcacheAggregateDeviceLatency"
    )
    assert finding.lands is Lands.ADVICE
    assert "Option 1 103 ms, Option 2 203 ms, Option 3 303 ms" in finding.needs


def test_a_client_that_memory_served_counts_as_zero():
    ranks = clustered().facts["ranks"]
    idle = {"option": 2, "trial": 0, "rank": 0, "summary": {"cache_stats": {"storage_entries": 0}}}
    idle["summary"] |= {"storage_throughput_tokens_per_sec": 20.0, "elapsed_time": 300.0}
    changed = [idle if (r["option"], r["trial"], r["rank"]) == ("2", "0", "0") else r for r in ranks]
    finding = ask("kvcacheAggregateBandwidth", clustered({"ranks": changed}))
    assert [saw for _, saw in finding] == [
        "Option 2: aggregated_read_bandwidth_gbps 10.4",
        "Option 2: aggregated_write_bandwidth_gbps 4",
    ]
    assert judge(clustered({"ranks": changed}), POST).verdict is Verdict.INVALID


def test_the_worst_client_after_the_window_is_told_and_how_many_there_are():
    ranks = clustered().facts["ranks"]
    late = {"p95": 299_000.0, "p99": 313_153.6, "p999": 320_891.0}
    changed = [*(r | {"summary": r["summary"] | {"end_to_end_latency_ms": late}} for r in ranks[:2]), *ranks[2:]]
    finding = judge(clustered({"ranks": changed}), POST).advice[0]
    assert finding.saw == "1 % of a client's requests took 313.2 s or longer, in a window of 300.0 s"
    assert finding.needs.endswith("(2 clients): moved evenly until 320.9 s, 1.87 of its 2.00 GiB/s read")


def test_requests_that_are_told_one_by_one_are_counted():
    ranks = clustered().facts["ranks"]
    told = {"requests": 533, "after_window": 150, "longest_s": 492.0}
    late = {"p95": 299_000.0, "p99": 313_153.6}
    summary = ranks[0]["summary"] | {"end_to_end_latency_ms": late}
    changed = [ranks[0] | {"summary": summary, "end_to_end": told}, *ranks[1:]]
    finding = judge(clustered({"ranks": changed}), POST).advice[0]
    assert finding.saw == "150 of a client's 533 requests took longer than its window of 300.0 s, one 492.0 s"
    assert finding.needs.endswith("(1 clients): moved evenly until 492.0 s, 0.61 of its 1.00 GiB/s read")


def test_a_client_that_took_longer_than_the_window_is_told():
    ranks = clustered().facts["ranks"]
    slow = ranks[0] | {"summary": ranks[0]["summary"] | {"elapsed_time": 304.0}}
    assert judge(clustered({"ranks": [slow, *ranks[1:]]}), POST).advice[0].saw == (
        "a client took 304.0 s for a window of 300 s"
    )


def test_the_tools_word_on_the_health_of_the_storage_decides_nothing():
    ranks = [r | {"summary": r["summary"] | {"qos_metrics": {"met": False}}} for r in clustered().facts["ranks"]]
    assert judge(clustered({"ranks": ranks}), POST).findings == ()


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_command_with_an_open_quote_cannot_be_judged(quote):
    record = vary({"executed_command": f"mpirun {quote}x mlperf_wrapper.py"})
    assert "cannot be split into words" in ask("kvcacheAutoscalingProhibited", record)[0][1]
    assert judge(record, POST).verdict is Verdict.INVALID


def test_a_command_is_split_into_launcher_script_and_options():
    (launch,) = parse(
        "mpirun -np 4 -x 'a b' python3 /y/mlperf_wrapper.py --rank-output-base /r/option_2/trial_1/ --a=1"
    )
    assert (launch.option, launch.trial, launch.script, launch.ranks) == ("2", "1", "mlperf_wrapper.py", "4")
    assert launch.given == {"rank-output-base": "/r/option_2/trial_1/", "a": "1"}


def test_clients_of_one_trial_with_different_users_are_invalid():
    both = f"{command(3, 2)} : {command(3, 2, own='--num-users 7').removeprefix('mpirun')}"
    found = ask("kvcacheScaleUpModel", vary({"executed_command": both}))
    assert found == [(Lands.INVALID, "Option 3: 7 and 70 users")]


@pytest.mark.parametrize(
    ("found", "wanted", "alike"),
    [("300.0", 300, True), ("none", "none", True), ("0", 0, True), ("", 0, False), ("nan", 0, False), ("4", 5, False)],
)
def test_words_of_a_command_line_are_compared_as_numbers_where_they_are(found, wanted, alike):
    assert same(found, wanted) is alike


@given(st.text(alphabet="-=a 'o_1/\\\"", max_size=60))
def test_any_command_line_is_split_or_refused(text):
    try:
        parse(f"mlperf_wrapper.py {text}")
    except ValueError as error:
        assert "quotation" in str(error) or "escaped" in str(error)


def test_an_empty_record_is_invalid_and_never_a_traceback():
    for edition in (POST, ROUND):
        assert judge(Record(FAMILY, "closed", "empty", {}), edition).verdict is Verdict.INVALID


LEAVES = [
    "summary", "summary.total_ranks", "summary.npernode", "summary.trials_per_option", "summary.options",
    "summary.options.1", "summary.options.1.aggregated_read_bandwidth_gbps", "summary.options.1.missing_files",
    "summary.options.1.partial_failure", "summary.options.2.aggregated_device_read_p95_ms", "commands",
    "executed_command", "parameters", "parameters.options", "parameters.sequence", "overrides", "args", "args.cache_dir",
    "args.duration", "args.inter_option_delay", "args.data_access_protocol", "fs_separation",
    "fs_separation.same_filesystem", "files", "ranks", "system", "missing_ranks",
]  # fmt: skip

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
CLIENTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "option": JUNK | st.sampled_from([1, "2"]),
            "trial": JUNK,
            "rank": JUNK,
            "summary": JUNK
            | st.fixed_dictionaries(
                {}, optional={"elapsed_time": JUNK, "end_to_end_latency_ms": JUNK, "cache_stats": JUNK}
            ),
        },
    ),
    max_size=3,
)


@given(leaf=st.sampled_from(LEAVES), other=st.sampled_from(LEAVES), junk=JUNK, more=JUNK)
def test_any_junk_in_any_place_is_answered_with_findings(leaf, other, junk, more):
    for edition in (POST, ROUND):
        judge(vary({leaf: junk, other: more}), edition)


@given(ranks=CLIENTS, words=st.lists(st.text(alphabet="-=ab 12.", max_size=20), max_size=3))
def test_any_junk_in_what_the_clients_left_is_answered_with_findings(ranks, words):
    commands = [command(1, 0, own=word) for word in words]
    judge(vary({"ranks": ranks, "commands": commands, "summary.trials_per_option": 1}), POST)


@given(names=st.sets(st.sampled_from(sorted(EXAMPLES)), max_size=6), more=st.sampled_from(sorted(EXAMPLES)))
def test_adding_a_breach_never_improves_the_verdict(names, more):
    """Two that change the same fact are no two breaches."""
    changes = {fact: value for name in sorted(names) for fact, value in EXAMPLES[name].fails.items()}
    added = EXAMPLES[more].fails
    if any(old.startswith(new) or new.startswith(old) for old in changes for new in added):
        return
    assert judge(vary({**changes, **added}), POST).verdict >= judge(vary(changes), POST).verdict


def told(**sequence) -> Record:
    """Return the golden run as newer tools and this project's own write it: no command lines, but what ran."""
    options = {
        option: {name.replace("-", "_"): value for name, value in values.items()}
        for option, values in POST["kv_cache.options"].items()
    }
    said = {"seed": 42, "trials": 3, "inter_option_delay_s": 90, "config": "default"} | sequence
    return vary({"commands": None, "executed_command": None, "parameters": {"options": options, "sequence": said}})


def test_what_ran_is_read_from_the_metadata_where_no_command_line_tells():
    assert judge(told(), POST).findings == ()


def test_another_seed_or_configuration_in_the_metadata_is_open():
    assert names_of(judge(told(seed=7), POST), Lands.OPEN) == ["kvcacheClosedSequenceLocks"]
    assert names_of(judge(told(config="custom"), POST), Lands.OPEN) == ["kvcacheClosedSequenceLocks"]
