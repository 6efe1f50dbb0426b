"""What a reviewer would ask about a training result, although no rule forbids it: the rules x-…, which only advise.

Every one stands for something that was found in published submissions. What a record does not tell is not asked about.
"""

import functools
import itertools
import math
from collections.abc import Iterator

from rules.registry import Breach, rule
from storagebench.model import Edition, Group, Lands, Record
from storagebench.model.aggregation import duration, mib_per_s, samples_per_s, setting, started
from storagebench.units import GIB, bytes_text, duration_text

EVERY = "1.0 2.0 3.0"
advise_run = functools.partial(rule, "x", family="training", warns=True)
advise_result = functools.partial(rule, "x", family="training", scope="group", warns=True)


@advise_run("x-slow-first-batch", editions=EVERY, numbers="advice.implied_au_share")
def au_tells_of_the_whole_epoch(record: Record, edition: Edition) -> Iterator[Breach]:
    """The AU that follows from samples/s is at least 95 % of the AU reported.

    AU leaves the first step of every epoch out; samples/s of edition 1.0 does not. Published runs with first
    batches of 40 s report 90 % and imply 75 %.
    Reads: summary.num_accelerators, summary.metric.{train_au_mean_percentage,train_throughput_mean_samples_per_second},
    parameters.{train.computation_time,reader.batch_size}, steps.first_s.
    """
    if not _tells(record, "parameters.train.computation_time", "parameters.reader.batch_size", "summary.metric"):
        return
    at_full_speed = record.number("summary.num_accelerators") * record.number("parameters.reader.batch_size")
    rate = record.number("summary.metric.train_throughput_mean_samples_per_second")
    implied = 100 * _ratio(rate * record.number("parameters.train.computation_time"), at_full_speed)
    reported = record.number("summary.metric.train_au_mean_percentage")
    if implied < edition["training.advice.implied_au_share"] * reported:
        first = f"; the first step takes {max(record.numbers('steps.first_s')):.1f} s" if _first_steps(record) else ""
        saw = f"samples/s imply an AU of {implied:.1f} % where {reported:.1f} % is reported{first}"
        yield Breach(Lands.ADVICE, saw, "a word on what the first step of an epoch waits for")


@advise_run("x-epoch-au", editions=EVERY, numbers="au_minimum_percent")
def no_epoch_is_slow(record: Record, edition: Edition) -> Iterator[Breach]:
    """Every single epoch reaches the minimum AU of the model.

    The rules ask for the mean alone (3.3.2), and a quarter of the runs published in 1.0 have such an epoch.
    Reads: model, summary.metric.train_au_percentage.
    """
    if not _tells(record, "model", "summary.metric.train_au_percentage"):
        return
    minimum = edition["training.au_minimum_percent"].get(record.text("model"), 0)
    epochs = record.numbers("summary.metric.train_au_percentage")
    slow = [number for number, value in enumerate(epochs, start=1) if value < minimum]
    if slow:
        saw = f"AU below {minimum} % in epoch {', '.join(map(str, slow)):.40}, lowest {min(epochs):.2f} %"
        yield Breach(Lands.ADVICE, saw, "nothing more where the mean reaches it")


@advise_run("x-host-memory", editions=EVERY, numbers="advice.memory_tolerance")
def memory_adds_up(record: Record, edition: Edition) -> Iterator[Breach]:
    """The memory of all hosts is that of the first host times their number.

    Where it is not, hosts differ, or a limit was set that only one of the two figures sees.
    Reads: summary.{host_memory_GB,num_hosts,host_meminfo.MemTotal}.
    """
    if not _tells(record, "summary.host_meminfo.MemTotal", "summary.host_memory_GB"):
        return
    total = sum(record.numbers("summary.host_memory_GB")) * GIB
    alike = record.number("summary.num_hosts") * _meminfo_bytes(record)
    if abs(total - alike) > edition["training.advice.memory_tolerance"] * alike:
        saw = f"{bytes_text(total)} on all hosts, {bytes_text(alike)} if all were like the first"
        yield Breach(Lands.ADVICE, saw, "a word on which hosts differ, or on how memory was limited")


@advise_run("x-memory-cap", editions=EVERY, numbers="advice.sized_memory_share memory_multiple")
def dataset_is_sized_for_the_memory_there_is(record: Record, edition: Edition) -> Iterator[Breach]:
    """The dataset was sized for the memory that the hosts have.

    A benchmark under a limit of memory (a cgroup's memory.max) leaves no other trace: meminfo does not know of it.
    Reads: summary.{num_hosts,num_files_train,num_samples_per_file,host_meminfo.MemTotal},
    parameters.dataset.record_length_bytes.
    """
    if not _tells(record, "summary.host_meminfo.MemTotal", "parameters.dataset.record_length_bytes"):
        return
    samples = record.number("summary.num_files_train") * record.number("summary.num_samples_per_file")
    dataset = samples * record.number("parameters.dataset.record_length_bytes")
    sized_for = _ratio(dataset, edition["training.memory_multiple"] * record.number("summary.num_hosts"))
    if sized_for < edition["training.advice.sized_memory_share"] * _meminfo_bytes(record):
        saw = f"a dataset for hosts of {bytes_text(sized_for)}, where meminfo has {bytes_text(_meminfo_bytes(record))}"
        yield Breach(Lands.ADVICE, saw, "a word on how the memory of the benchmark was limited")


@advise_run("x-unlike-hosts", editions="1.0 2.0", numbers="advice.hosts_tolerance")
def hosts_of_a_run_are_alike(record: Record, edition: Edition) -> Iterator[Breach]:
    """Memory and cores of the hosts are within a tenth of each other; edition 3.0 asks by 3.3.7 and 2.1.9.

    Editions 1.0 and 2.0 want all nodes identical and check nothing. Lists with empty places are not
    believed: upstream fills them wrongly.
    Reads: cluster.{memory_bytes,cores}, one number a host.
    """
    for fact, what in (("cluster.memory_bytes", "memory"), ("cluster.cores", "cores")):
        values = record.numbers(fact) if record.has(fact) else ()
        if values and min(values) > 0 and max(values) > (1 + edition["training.advice.hosts_tolerance"]) * min(values):
            saw = f"{what} of hosts from {min(values):g} to {max(values):g}"
            yield Breach(Lands.ADVICE, saw, "a word on which hosts differ")


@advise_run("x-template-epochs", editions=EVERY, numbers="epochs")
def epochs_are_those_of_the_workload(record: Record, edition: Edition) -> Iterator[Breach]:
    """The run has as many epochs as the workload of the edition.

    An edited template leaves no override behind, so that 3.6.2 sees nothing.
    Reads: model, parameters.train.epochs, summary.epochs.
    """
    wanted = edition["training.epochs"].get(record.text("model")) if record.has("model") else None
    for name in ("parameters.train.epochs", "summary.epochs"):
        if wanted is not None and record.has(name) and record.count(name) != wanted:
            yield Breach(Lands.ADVICE, f"{name} is {record.count(name)}", f"{wanted}, as the workload has it")


@advise_result("x-run-spread", editions=EVERY, numbers="advice.spread_percent")
def runs_agree(group: Group, edition: Edition) -> Iterator[Breach]:
    """The throughput of the runs is within 5 % of each other, warm-up included.

    The bound for replicability in the guidelines: within 5 % in five tries.
    Reads: summary.metric.train_throughput_mean_samples_per_second of each run.
    """
    if not _all_tell(group, "summary.metric.train_throughput_mean_samples_per_second"):
        return
    rates = samples_per_s(group.records)
    if rates.spread_percent > edition["training.advice.spread_percent"]:
        saw = f"samples/s from {min(rates.values):,.1f} to {max(rates.values):,.1f}, a spread of {rates.spread_percent:.1f} %"
        yield Breach(Lands.ADVICE, saw, "a word on what differed between the runs")


@advise_result("x-run-gap", editions="1.0")
def runs_are_consecutive(group: Group, edition: Edition) -> Iterator[Breach]:
    """No pause between two runs is longer than a run.

    Edition 1.0 asks for consecutive runs and checks nothing; 2.0 and 3.0 have 2.1.18.
    Reads: summary.{start,end} of each run.
    """
    if not _all_tell(group, "summary.start", "summary.end"):
        return
    shortest = min(duration(run) for run in group.records)
    for before, after in itertools.pairwise(group.records):
        pause = started(after) - started(before) - duration(before)
        if pause > shortest:
            saw = f"a pause of {duration_text(pause.total_seconds())}"
            needs = f"a word on it; the shortest run took {duration_text(shortest.total_seconds())}"
            yield Breach(Lands.ADVICE, saw, needs, where=after.folder.removeprefix(f"{group.folder}/"))


@advise_result("x-unlike-runs", editions=EVERY, numbers="advice.same_in_all_runs advice.memory_tolerance")
def runs_had_the_same_machines(group: Group, edition: Edition) -> Iterator[Breach]:
    """All runs of a result used the same accelerators, hosts, memory and dataset.

    A result is the mean of runs on the same machines, but beyond the model no edition after 1.0 compares them.
    Reads: what the table names, and summary.host_memory_GB, of each run.
    """
    for name in edition["training.advice.same_in_all_runs"]:
        seen = sorted({setting(run, name) for run in group.records if run.has(name)})
        if len(seen) > 1:
            yield Breach(Lands.ADVICE, f"{name.split('.')[-1]} {', '.join(seen):.60}", "the same in all runs")
    told = [run for run in group.records if run.has("summary.host_memory_GB")]
    totals = [sum(run.numbers("summary.host_memory_GB")) for run in told]
    if totals and max(totals) > (1 + edition["training.advice.memory_tolerance"]) * min(totals):
        saw = f"memory of all hosts from {min(totals):,.0f} to {max(totals):,.0f} GiB"
        yield Breach(Lands.ADVICE, saw, "the same in all runs")


@advise_result("x-copied-report", editions="1.0")
def report_is_of_these_runs(group: Group, edition: Edition) -> Iterator[Breach]:
    """The group's report tells what its summaries tell: same accelerators, same files, same throughput.

    A published report was the copy of another group's. The report writes accelerators as a text.
    Reads: report.overall; summary of each run.
    """
    if not group.shared.has("report.overall") or not _all_tell(group, "summary.metric.train_io_mean_MB_per_second"):
        return
    for name in ("train_num_accelerators", "num_files_train"):
        value = group.shared.number(f"report.overall.{name}")
        seen = {run.number(f"summary.{name.removeprefix('train_')}") for run in group.records}
        if seen != {value}:
            saw = f"the report has {name} {value:,.0f}, the runs {', '.join(f'{one:,.0f}' for one in sorted(seen)):.60}"
            yield Breach(Lands.ADVICE, saw, "the report of these runs")
    rate = group.shared.number("report.overall.train_throughput_mean_MB_per_second")
    if not math.isclose(rate, mib_per_s(group.records).mean, rel_tol=1e-6):
        saw = f"the report has {rate:,.1f} MB/s, the runs have {mib_per_s(group.records).mean:,.1f}"
        yield Breach(Lands.ADVICE, saw, "the report of these runs")


def _meminfo_bytes(record: Record) -> float:
    amount, *_ = record.text("summary.host_meminfo.MemTotal").split() or ["none"]
    return 1024 * Record("", "", "", {"MemTotal": amount}).number("MemTotal")


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.inf


def _first_steps(record: Record) -> bool:
    return record.has("steps.first_s") and bool(record.items("steps.first_s"))


def _tells(record: Record, *names: str) -> bool:
    return all(record.has(name) for name in names)


def _all_tell(group: Group, *names: str) -> bool:
    return bool(group.records) and all(_tells(run, *names) for run in group.records)
