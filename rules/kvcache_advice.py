"""What a reviewer of a KV-cache run would ask, although no rule forbids it."""

import fnmatch
import functools
from collections.abc import Iterator
from typing import NamedTuple

from rules.kvcache_launches import STATS, clients_of, launches, lost, same
from rules.registry import Breach, rule
from storagebench.model import Edition, Lands, Record

advice = functools.partial(rule, "x", family="kv_cache", editions="3.0", warns=True)


class _Late(NamedTuple):
    """A client's requests that ended after its window: how many in a hundred, in words, and what that does to its figure."""

    percent: float
    longest_s: float
    saw: str
    evenly: str


@advice("x-kv-after-window", numbers="latency_percentiles advice.window_tolerance")
def operations_end_with_the_window(record: Record, edition: Edition) -> Iterator[Breach]:
    """No request ends after the window that bandwidth is divided by.

    Requests begun in the window are finished after it and their bytes are counted: bandwidth is overstated, the more
    the slower the storage. A latency longer than the window tells it, from below: who began late and ended late is not
    seen. Had the bytes moved evenly until the last of these ended, bandwidth would be the smaller figure that is told.
    Reads: ranks: elapsed_time, end_to_end_latency_ms, the latencies one by one where they are there,
    tier_storage_read_bandwidth_gbps; --duration in commands, executed_command.
    """
    if not record.has("ranks"):
        return
    windows = {launch.option: launch.given.get("duration", "") for launch in launches(record)}
    late: list[_Late] = []
    for client in clients_of(record):
        elapsed = client.number("summary.elapsed_time")
        late += _late(client, elapsed, edition)
        asked = windows.get(str(client.value("option")), "")
        tolerance = 1 + edition["kv_cache.advice.window_tolerance"]
        if asked.isdecimal() and elapsed > tolerance * float(asked):
            yield Breach(Lands.ADVICE, f"a client took {elapsed:.1f} s for a window of {asked} s", "one window for all")
            return
    if late:
        worst = max(late)
        needs = f"bandwidth without what was moved after the window ({len(late)} clients){worst.evenly}"
        yield Breach(Lands.ADVICE, worst.saw, needs)


def _late(client: Record, elapsed: float, edition: Edition) -> Iterator[_Late]:
    """Say what is known of a client's requests after its window: their number, or the least percentile beyond it."""
    known = [
        (percent, client.number(f"summary.end_to_end_latency_ms.{name}") / 1000)
        for name, percent in edition["kv_cache.latency_percentiles"].items()
        if client.has(f"summary.end_to_end_latency_ms.{name}")
    ]
    beyond = [(percent, latency_s) for percent, latency_s in known if latency_s > elapsed]
    if client.has("end_to_end") and (count := client.count("end_to_end.after_window")):
        of, longest_s = client.count("end_to_end.requests"), client.number("end_to_end.longest_s")
        saw = f"{count:,} of a client's {of:,} requests took longer than its window of {elapsed:.1f} s, one {longest_s:.1f} s"
        yield _Late(100 * count / of, longest_s, saw, _evenly(client, elapsed, longest_s))
    elif beyond:
        percent, latency_s = beyond[0]
        longest_s = max(latency_s for _, latency_s in beyond)
        saw = f"{percent:g} % of a client's requests took {latency_s:.1f} s or longer, in a window of {elapsed:.1f} s"
        yield _Late(percent, longest_s, saw, _evenly(client, elapsed, longest_s))


def _evenly(client: Record, elapsed: float, longest_s: float) -> str:
    figure = f"{STATS}.tier_storage_read_bandwidth_gbps"
    if not client.has(figure) or longest_s <= 0:
        return ""
    told = client.number(figure)
    return f": moved evenly until {longest_s:.1f} s, {told * elapsed / longest_s:.2f} of its {told:.2f} GiB/s read"


@advice("x-kv-lost-clients", numbers="options")
def no_client_was_lost(record: Record, edition: Edition) -> Iterator[Breach]:
    """The figures are of all clients, not of those that survived.

    Reads: summary.options.*.{partial_failure,missing_files,rank_count,trial_count}.
    """
    for option in edition["kv_cache.options"]:
        where = f"summary.options.{option}"
        missing = lost(record, option)
        if missing or (record.has(f"{where}.partial_failure") and record.value(f"{where}.partial_failure") is True):
            of = record.count(f"{where}.rank_count") * record.count(f"{where}.trial_count")
            saw = f"Option {option}: {missing} of {of} results lost; the figures are of the survivors"
            yield Breach(Lands.ADVICE, saw, "figures of all clients, or none")


@advice("x-kv-arguments")
def arguments_tell_what_ran(record: Record, edition: Edition) -> Iterator[Breach]:
    """The metadata's arguments are those of the command lines.

    The edition's tool records its front end's defaults; the commands are what counts.
    Reads: args, commands, executed_command.
    """
    if not (record.has("commands") or record.has("executed_command")):
        return
    odd, started = [], launches(record)
    for name in ("num_users", "duration", "gpu_mem_gb", "cpu_mem_gb", "generation_mode"):
        ran = sorted({launch.given[flag] for launch in started if (flag := name.replace("_", "-")) in launch.given})
        if ran and record.has(f"args.{name}") and not any(same(value, record.value(f"args.{name}")) for value in ran):
            odd.append(f"{name} {record.value(f'args.{name}')!s:.20} where {' and '.join(ran):.40} ran")
    for name in ("enable_rag", "enable_autoscaling"):
        if record.has(f"args.{name}") and record.value(f"args.{name}") is True:
            odd += [f"{name}, which did not run"] * all(
                name.replace("_", "-") not in launch.given for launch in started
            )
    if odd:
        yield Breach(Lands.ADVICE, f"args tell {'; '.join(odd)}", "metadata of what ran; judged by the commands")


@advice("x-kv-summary-name")
def summary_has_its_present_name(record: Record, edition: Edition) -> Iterator[Breach]:
    """The summary is called summary.json.

    An older tool's kvcache_run_summary_*.json is read as well, but upstream's table lost a row for it. Reads: files.
    """
    files = record.table("files") if record.has("files") else {}
    old = [name for name in map(str, files) if fnmatch.fnmatch(name, "kvcache_run_summary*.json")]
    if old and "summary.json" not in files:
        yield Breach(Lands.ADVICE, f"the summary is called {old[0]:.80}", "summary.json", old[0])
