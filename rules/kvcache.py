"""Chapter 6 of the rules, KV cache; in the order of the text.

Upstream's submission checker of this chapter is empty and its tool locks the Options at the start, so nothing that is
asked here was asked of a published folder; what OPEN may vary (6.6.2) lands in OPEN. The tool's run checker contradicts
Table KVCache-1 (it wants 1 GiB of GPU memory where the table says 0): the table decides. What a run was started with
is read from its command lines or from the metadata's `parameters`, never from its `args` (see `rules.kvcache_launches`).
"""

import functools
from collections.abc import Callable, Iterator
from statistics import fmean

from rules.kvcache_launches import DIRECT, STATS, by_trial, clients_of, launches, lost, same, settings
from rules.registry import Breach, rule
from storagebench.model import Edition, Lands, Record

LATENCIES = {
    "aggregated_device_read_p95_ms": f"{STATS}.storage_read_device_p95_ms",
    "aggregated_device_write_p95_ms": f"{STATS}.storage_write_device_p95_ms",
}

kvcache = functools.partial(rule, family="kv_cache", editions="3.0")


@kvcache("run", "check_model", numbers="models")
def model_is_known(record: Record, edition: Edition) -> Iterator[Breach]:
    """Every Option runs one of the models that the edition's tool knows.

    Reads: commands, executed_command, parameters.options.
    """
    for option, model in _each(record, "model"):
        if model not in edition["kv_cache.models"]:
            yield Breach(
                Lands.INVALID, f"Option {option}: model {model:.60}", f"{', '.join(edition['kv_cache.models'])}"
            )


@kvcache("run", "check_num_users", numbers="users")
def users_are_enough(record: Record, edition: Edition) -> Iterator[Breach]:
    """Every Option has at least one user for each client, and ten for CLOSED.

    Reads: commands, executed_command, parameters.options.
    """
    yield from _at_least(record, "num-users", edition["kv_cache.users"])


@kvcache("run", "check_duration", numbers="duration_s")
def trials_last_long_enough(record: Record, edition: Edition) -> Iterator[Breach]:
    """Every trial lasts at least 30 seconds, and 60 for CLOSED.

    Reads: commands, executed_command, parameters.options.
    """
    yield from _at_least(record, "duration", edition["kv_cache.duration_s"])


@kvcache("run", "check_generation_mode", numbers="generation_modes")
def generation_mode_is_known(record: Record, edition: Edition) -> Iterator[Breach]:
    """The generation mode is one that the edition's tool knows.

    The tool's checker keeps `none` for OPEN, Table KVCache-1 demands it: the table.
    Reads: commands, executed_command, parameters.options.
    """
    for option, mode in _each(record, "generation-mode"):
        if mode not in (known := edition["kv_cache.generation_modes"]):
            yield Breach(Lands.INVALID, f"Option {option}: generation mode {mode:.60}", f"one of {', '.join(known)}")


@kvcache("run", "check_performance_profile", numbers="performance_profiles")
def performance_profile_is_known(record: Record, edition: Edition) -> Iterator[Breach]:
    """The performance profile, where one is given, is one that the edition's tool knows.

    Reads: commands, executed_command, parameters.options.
    """
    for option, profile in _each(record, "performance-profile"):
        if profile not in (known := edition["kv_cache.performance_profiles"]):
            yield Breach(Lands.INVALID, f"Option {option}: profile {profile:.60}", f"one of {', '.join(known)}")


@kvcache("6.3.1.1", "kvcacheFixedWorkloadPerOption", numbers="options never_exposed")
def options_are_those_of_the_table(record: Record, edition: Edition) -> Iterator[Breach]:
    """Options 1, 2 and 3 run in this order, exactly as Table KVCache-1 has them.

    What 6.6.2 lets OPEN vary lands there; max-concurrent-allocs is never exposed. Older tools gave Option 2 none of it,
    later ones 16: 16. Reads: commands, executed_command, parameters.options, summary.options.
    """
    told, table = settings(record), edition["kv_cache.options"]
    order = [launch.option for launch in launches(record)]
    if order != sorted(order):
        yield Breach(Lands.INVALID, f"Options in the order {', '.join(dict.fromkeys(order))}", ", ".join(table))
    for option, wanted in table.items():
        if option not in told or not record.has(f"summary.options.{option}"):
            lacking = "command line" if option not in told else "figures"
            yield Breach(Lands.INVALID, f"Option {option}: no {lacking}", "all Options of the table")
            continue
        odd = {name: given for given in told[option] for name in wanted if not same(given.get(name, ""), wanted[name])}
        if odd:
            saw = ", ".join(f"--{name} {given.get(name, 'not given'):.60}" for name, given in odd.items())
            locked = any(name in edition["kv_cache.never_exposed"] for name in odd)
            needs = ", ".join(f"{name} {wanted[name]}" for name in odd)
            yield Breach(Lands.INVALID if locked else Lands.OPEN, f"Option {option}: {saw}", needs)


@kvcache("6.3.2.1", "kvcacheClosedSequenceLocks", numbers="sequence round_inter_option_delay_s")
def sequence_is_locked(record: Record, edition: Edition) -> Iterator[Breach]:
    """A CLOSED sequence has seed 42, three trials of each Option, 90 s between Options and the configuration as shipped.

    Early in the round the tool waited 20 s. Reads: commands, executed_command, summary.trials_per_option,
    parameters.sequence.inter_option_delay_s (else args.inter_option_delay: no command line tells it).
    """
    locks = edition["kv_cache.sequence"]
    for name, wanted in (("seed-base", locks["seed"]), ("config", locks["config"])):
        for value in sorted({launch.given.get(name, "not given") for launch in launches(record)}):
            if not same(value, wanted) and not value.endswith(f"/{wanted}") and (name, value) != ("config", "default"):
                yield Breach(Lands.OPEN, f"--{name} {value:.100}", str(wanted))
    if (trials := record.count("summary.trials_per_option")) != locks["trials"]:
        yield Breach(Lands.OPEN, f"{trials} trials of each Option", str(locks["trials"]))
    delays = [locks["inter_option_delay_s"], *[edition["kv_cache.round_inter_option_delay_s"]] * edition.as_of_round]
    places = ("parameters.sequence.inter_option_delay_s", "args.inter_option_delay")
    said = next((record.number(place) for place in places if record.has(place)), None)
    if said not in delays:
        saw = "no word on the pause between Options" if said is None else f"{said:g} s between Options"
        yield Breach(Lands.OPEN, saw, f"{' or '.join(map(str, delays))} s")


@kvcache("6.3.2.2", "kvcacheAutoscalingProhibited")
def nothing_scales_by_itself(record: Record, edition: Edition) -> Iterator[Breach]:
    """A CLOSED run does not enable autoscaling.

    The metadata's enable_autoscaling is a default and means nothing. Reads: commands, executed_command.
    """
    if any("enable-autoscaling" in launch.given for launch in launches(record)):
        yield Breach(Lands.OPEN, "--enable-autoscaling", "a run without it")


@kvcache("6.3.3.1", "kvcacheClientDefinition")
def clients_are_ranks_spread_evenly(record: Record, edition: Edition) -> Iterator[Breach]:
    """A client is an MPI rank, and every host runs the same number of them.

    Reads: summary.{total_ranks,npernode,host_count}, the launcher's -n in commands, executed_command.
    """
    ranks, each, hosts = (record.count(f"summary.{name}") for name in ("total_ranks", "npernode", "host_count"))
    if ranks == 0 or ranks != each * hosts:
        yield Breach(Lands.INVALID, f"{ranks} clients, {each} on each of {hosts} hosts", "clients = hosts x each")
    for started in sorted({launch.ranks for launch in launches(record) if launch.ranks is not None}):
        if started != str(ranks):
            yield Breach(Lands.INVALID, f"{started:.20} ranks started, {ranks} in the summary", "one number of clients")


@kvcache("6.3.3.2", "kvcacheScaleUpModel")
def every_client_runs_every_user(record: Record, edition: Edition) -> Iterator[Breach]:
    """Every client of an Option runs the Option's full number of users, in every trial.

    The load is clients x users. That the number is the table's is 6.3.1.1. Reads: commands, executed_command.
    """
    users: dict[str, set[str]] = {}
    for launch in launches(record):
        users.setdefault(launch.option, set()).add(launch.given.get("num-users", "a default of"))
    for option, numbers in users.items():
        if len(numbers) > 1:
            saw = f"Option {option}: {' and '.join(sorted(numbers)):.60} users"
            yield Breach(Lands.INVALID, saw, "the same number in every client and trial")


@kvcache("6.3.3.3", "kvcachePerClientIsolation", numbers="options")
def every_client_left_a_result_of_its_own(record: Record, edition: Edition) -> Iterator[Breach]:
    """Every client has a result of its own for each trial of each Option.

    The text demands places of their own. Whether lost clients are forgiven was left open in the round, and one OPEN row
    was published with 45 of them: our reading is OPEN where the summary calls them missing, and INVALID where results
    that it counts are not there (it cannot be checked). Reads: ranks, summary.{total_ranks,trials_per_option},
    summary.options.*.missing_files.
    """
    record.items("ranks")
    found = [tuple(str(client.value(name)) for name in ("option", "trial", "rank")) for client in clients_of(record)]
    options, here = edition["kv_cache.options"], len(set(found))
    expected = len(options) * record.count("summary.trials_per_option") * record.count("summary.total_ranks")
    missing = sum(lost(record, option) for option in options)
    if len(found) > here:
        yield Breach(Lands.INVALID, f"{len(found) - here} results too many", "one for each client and trial")
    if here < expected:
        saw = f"{here:,} results of clients, {missing:,} called missing"
        lands = Lands.INVALID if here + missing < expected else Lands.OPEN
        yield Breach(lands, saw, f"{expected:,}, one for each client and trial")


@kvcache("6.3.4.1", "kvcacheAggregateBandwidth", numbers="options aggregate_tolerance")
def bandwidth_is_summed_over_clients(record: Record, edition: Edition) -> Iterator[Breach]:
    """Read and write bandwidth are summed over the clients of a trial, and averaged over trials.

    Worked out again from what the clients left. Reads: summary.options.*.aggregated_{read,write}_bandwidth_gbps,
    ranks: cache_stats.tier_storage_{read,write}_bandwidth_gbps (both in GiB/s).
    """
    for way in ("read", "write"):
        measured = f"{STATS}.tier_storage_{way}_bandwidth_gbps"
        yield from _contradictions(record, edition, f"aggregated_{way}_bandwidth_gbps", measured, _sum_then_mean)


@kvcache("6.3.4.2", "kvcacheAggregateThroughput", numbers="options aggregate_tolerance")
def throughput_is_summed_over_clients(record: Record, edition: Edition) -> Iterator[Breach]:
    """Storage throughput is summed over the clients of a trial, and averaged over trials.

    Reads: summary.options.*.aggregated_storage_throughput_tokens_per_sec, ranks: storage_throughput_tokens_per_sec.
    """
    figure = "storage_throughput_tokens_per_sec"
    yield from _contradictions(record, edition, f"aggregated_{figure}", f"summary.{figure}", _sum_then_mean)


@kvcache("6.3.4.3", "kvcacheAggregateDeviceLatency", numbers="options aggregate_tolerance")
def latency_is_the_worst_of_all_clients(record: Record, edition: Edition) -> Iterator[Breach]:
    """Device latency is the largest P95 of any client in any trial, for reads and for writes.

    Summaries of older tools give the P95 of a request's whole storage time instead; then this is advice, with the
    figure that the clients' results tell. Reads: summary.options.*.aggregated_device_{read,write}_p95_ms,
    ranks: cache_stats.storage_{read,write}_device_p95_ms.
    """
    for published, measured in LATENCIES.items():
        if all(record.has(f"summary.options.{option}.{published}") for option in edition["kv_cache.options"]):
            yield from _contradictions(record, edition, published, measured, _worst)
            continue
        worked_out = {option: by_trial(record, option, measured) for option in edition["kv_cache.options"]}
        told = ", ".join(f"Option {option} {_worst(trials):,.4g} ms" for option, trials in worked_out.items() if trials)
        needs = f"the largest P95 of all clients{f', which is {told}' * bool(told)}"
        yield Breach(Lands.ADVICE, f"no {published}: the summary of an older tool", needs)


@kvcache("6.3.4.4", "kvcacheLatencyValidity", numbers="options")
def some_client_used_the_storage(record: Record, edition: Edition) -> Iterator[Breach]:
    """In every Option some client has entries in the storage tier.

    An Option that memory served alone is INVALID or OPEN only, says the text: OPEN.
    Reads: ranks: option, cache_stats.storage_entries.
    """
    for option in edition["kv_cache.options"]:
        own = clients_of(record, option)
        if own and not any(client.number(f"{STATS}.storage_entries") for client in own):
            yield Breach(Lands.OPEN, f"Option {option}: no client has entries in storage", "at least one that has")


@kvcache("6.3.4.5", "kvcacheHeadlineResult", numbers="options")
def headline_is_there(record: Record, edition: Edition) -> Iterator[Breach]:
    """Every Option tells its read bandwidth, its storage throughput and the number of clients, all above zero.

    The headline's two device latencies are judged by 6.3.4.3. Reads: summary.total_ranks, summary.options.
    """
    figures = ("aggregated_read_bandwidth_gbps", "aggregated_storage_throughput_tokens_per_sec")
    names = [f"summary.options.{option}.{figure}" for option in edition["kv_cache.options"] for figure in figures]
    for name in ("summary.total_ranks", *names):
        if record.number(name) <= 0:
            yield Breach(Lands.INVALID, f"{name.removeprefix('summary.')} {record.number(name):g}", "above zero")


@kvcache("6.4.1", "kvcachePosixCacheDir")
def results_live_on_another_filesystem(record: Record, edition: Edition) -> Iterator[Breach]:
    """The cache directory and the results directory are both given, differ, and are on different filesystems.

    Upstream never asked for the evidence and no published leaf has it, so that its absence is advice.
    Reads: args.{cache_dir,results_dir}, fs_separation.same_filesystem.
    """
    cache = record.text("args.cache_dir")
    if cache == record.text("args.results_dir"):
        yield Breach(Lands.INVALID, f"cache and results both in {cache}", "a --results-dir other than --cache-dir")
    elif not record.has("fs_separation.same_filesystem"):
        yield Breach(Lands.ADVICE, "no evidence on the filesystems", "fs_separation.json, or the submitter's word")
    elif record.value("fs_separation.same_filesystem"):
        yield Breach(Lands.INVALID, "cache and results share a filesystem", "a --results-dir on another filesystem")


@kvcache("6.4.2", "kvcachePosixIoModel", warns=True)
def reads_and_writes_are_the_benchmarks_own(record: Record, edition: Edition) -> Iterator[Breach]:
    """Objects are written and synced, dropped from the page cache, and read again; nothing is put between.

    The text describes and sets no verdict. A library preloaded through the launcher can undo it (one OPEN row preloads
    `nofadvise.so`). Reads: the launcher's words in commands, executed_command.
    """
    words = {word for launch in launches(record) for word in launch.launcher if "LD_PRELOAD=" in word}
    for word in sorted(words):
        yield Breach(Lands.ADVICE, f"{word:.200}", "a word on which calls it replaces: reads must come from storage")


@kvcache("6.5.1", "kvcacheObjectViaGateway")
def storage_is_reached_through_files(record: Record, edition: Edition) -> Iterator[Breach]:
    """Object storage is used through a POSIX mount, for the benchmark speaks no object API.

    Reads: args.data_access_protocol (absent where the tool asks for none).
    """
    if record.has("args.data_access_protocol") and record.value("args.data_access_protocol") == "object":
        yield Breach(Lands.INVALID, "the object API", "a POSIX mount of the object storage")


@kvcache("6.5.2", "kvcacheObjectLatencyScope", numbers="gateways")
def gateway_is_recorded(record: Record, edition: Edition) -> Iterator[Breach]:
    """A submission on mounted object storage records the gateway's software and configuration.

    It may stand in the PDF, which no program reads: where the system's description names none of the gateways of the
    text, this is advice. Reads: system, system.system_under_test.solution.architecture.product_API.
    """
    product = "system.system_under_test.solution.architecture.product_API"
    if record.has(product) and record.value(product) == "object":
        known, description = edition["kv_cache.gateways"], str(record.value("system")).lower()
        if not any(gateway in description for gateway in known):
            yield Breach(Lands.ADVICE, "object storage, and no gateway's name", f"{', '.join(known)} or another")


@kvcache("6.6.1", "kvcacheClosedImmutable", numbers="launch_options")
def closed_changes_nothing(record: Record, edition: Edition) -> Iterator[Breach]:
    """A CLOSED run varies only the system's name, the two directories, the hosts and how ranks are launched.

    Reads: commands, executed_command, overrides.
    """
    for name in _varied(record, edition):
        if name in edition["kv_cache.launch_options.open"]:
            yield Breach(Lands.OPEN, f"--{name}", "a run without it; only OPEN may vary it")


@kvcache("6.6.2", "kvcacheOpenAllowances", numbers="launch_options")
def open_varies_only_what_it_may(record: Record, edition: Edition) -> Iterator[Breach]:
    """An OPEN run varies only what the text lists beside the Options' own values.

    Reads: commands, executed_command, overrides.
    """
    for name in _varied(record, edition):
        if name not in edition["kv_cache.launch_options.open"]:
            yield Breach(Lands.INVALID, f"--{name:.60}", "an option that the text lists for OPEN")


@kvcache("6.6.3", "kvcacheOpenInvocationNote")
def direct_use_is_open(record: Record, edition: Edition) -> Iterator[Breach]:
    """A run that starts kv-cache.py itself is OPEN, and records the exact command.

    Reads: commands, executed_command.
    """
    if any(launch.script == DIRECT for launch in launches(record)):
        yield Breach(Lands.OPEN, f"{DIRECT} started directly", "the benchmark started by the edition's tool")


def _each(record: Record, name: str) -> Iterator[tuple[str, str]]:
    """Yield Option and value, once for each value that an Option was run with."""
    for option, started in settings(record).items():
        yield from ((option, value) for value in sorted({given[name] for given in started if name in given}))


def _at_least(record: Record, name: str, limits: dict[str, float]) -> Iterator[Breach]:
    for option, value in _each(record, name):
        number = Record(record.family, record.division, record.folder, {name: value}).number(name)
        if number < limits["closed"]:
            lands = Lands.INVALID if number < limits["least"] else Lands.OPEN
            yield Breach(lands, f"Option {option}: {name} {value:.60}", f"at least {limits['closed']} for CLOSED")


def _contradictions(
    record: Record, edition: Edition, published: str, measured: str, aggregate: Callable[[list[list[float]]], float]
) -> Iterator[Breach]:
    for option in edition["kv_cache.options"]:
        said, trials = record.number(f"summary.options.{option}.{published}"), by_trial(record, option, measured)
        if trials:
            figure = aggregate(trials)
            if abs(said - figure) > edition["kv_cache.aggregate_tolerance"] * abs(figure):
                needs = f"{figure:.6g}, from the clients' results"
                yield Breach(Lands.INVALID, f"Option {option}: {published} {said:.6g}", needs)


def _sum_then_mean(trials: list[list[float]]) -> float:
    return fmean(sum(clients_of_one) for clients_of_one in trials)


def _worst(trials: list[list[float]]) -> float:
    return max(max(clients_of_one) for clients_of_one in trials)


def _varied(record: Record, edition: Edition) -> list[str]:
    """Name what command lines and overrides set beyond the tool's own options, the Options' values and CLOSED's list."""
    known = edition["kv_cache.launch_options"]
    own = {*known["tool"], *known["closed"], *edition["kv_cache.options"]["1"]}
    given = {name for launch in launches(record) for name in launch.given}
    overrides = record.table("overrides") if record.has("overrides") else {}
    return sorted((given | {str(name).replace("_", "-") for name in overrides}) - own)
