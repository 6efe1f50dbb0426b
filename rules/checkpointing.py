"""Chapter 4 of the rules, checkpointing, as far as one run can be judged by itself; in the order of the text.

Edition 2.0 has these rules as prose without numbers; they carry the numbers that 3.0 gave them. What only CLOSED
forbids leaves a run INVALID that calls itself CLOSED (`verification`, in whatever case: upstream compared with lower
case and never fired, #842), and any other run OPEN.
"""

import functools
from collections.abc import Iterator

from rules.checkpoint_facts import (
    closed_only,
    count_is_closed,
    declares,
    memory_bytes,
    model_of,
    or_none,
    process_count,
    rates_of,
    same,
    size_bytes,
    subset_is_allowed,
    subset_text,
    template,
)
from rules.registry import Breach, rule
from rules.training import OBJECT
from storagebench.model import Edition, Lands, Record
from storagebench.units import bytes_text

checkpointing = functools.partial(rule, family="checkpointing")


@checkpointing("4.3.1", "checkpointDataSizeRatio", editions="2.0 3.0", warns=True, numbers="memory_multiple")
def checkpoint_outgrows_memory(record: Record, edition: Edition) -> Iterator[Breach]:
    """A host writes at least three times its memory, or the caches are cleared before the reads.

    Upstream warns, and holds one checkpoint against the memory where the text speaks of all that is written; so do
    we here (x-written-bytes asks about all of it). Memory is the sum over hosts: the order of host arrays is
    unreliable. Reads: summary.{metric.checkpoint_size_GB,host_memory_GB}.
    """
    size, memory = size_bytes(record), memory_bytes(record)
    needed = edition["checkpointing.memory_multiple"] * memory
    if size < needed:
        saw = f"a checkpoint of {bytes_text(size)} on hosts with {bytes_text(memory)} of memory in all"
        yield Breach(Lands.ADVICE, saw, f"{bytes_text(needed)}, or caches cleared between writes and reads")


@checkpointing("4.3.2", "checkpointFsyncVerification", editions="2.0 3.0")
def checkpoints_are_synced(record: Record, edition: Edition) -> Iterator[Breach]:
    """Every checkpoint is written with fsync.

    Reads: parameters.checkpoint.fsync.
    """
    fsync = record.value("parameters.checkpoint.fsync")
    if not same(fsync, "true"):
        yield Breach(Lands.INVALID, f"checkpoint.fsync={fsync!s:.60}", "true")


@checkpointing("4.3.3", "checkpointModelConfigurationReq", editions="2.0 3.0", numbers="models")
def model_is_one_of_four(record: Record, edition: Edition) -> Iterator[Breach]:
    """The model is Llama 3 of 8B, 70B, 405B or 1T parameters.

    Upstream looks for the size in the model's name, and so do we. Reads: model.
    """
    if model_of(record, edition) is None:
        needs = f"one of {', '.join(edition['checkpointing.models'])}"
        yield Breach(Lands.INVALID, f"model {record.text('model')}", needs)


@checkpointing(
    "4.3.4",
    "checkpointAggregateAcceleratorMemory",
    editions="2.0 3.0",
    numbers="accelerator_memory_gb baseline_accelerator_memory_gb",
)
def accelerators_could_hold_the_checkpoint(record: Record, edition: Edition) -> Iterator[Breach]:
    """The emulated accelerators together have at least as much memory as one checkpoint is large.

    An accelerator that is missing or unknown fails. While the round was open, and in 2.0, runs did not record it:
    then each counts 80 GB. GB and GiB are compared as they stand, as upstream does.
    Reads: accelerator, summary.{num_accelerators,metric.checkpoint_size_GB}.
    """
    count, size = record.count("summary.num_accelerators"), record.number("summary.metric.checkpoint_size_GB")
    known = {} if edition.as_of_round else edition["checkpointing.accelerator_memory_gb"]
    each = edition["checkpointing.baseline_accelerator_memory_gb"]
    if known:
        each = known.get(record.text("accelerator").lower())
    if each is None:
        yield Breach(Lands.INVALID, f"accelerator {record.text('accelerator')}", f"one of {', '.join(known)}")
    elif count * each < size:
        yield Breach(Lands.INVALID, f"{count} × {each} GB = {count * each:,} GB", f"the {size:,.2f} of a checkpoint")


@checkpointing("4.3.5", "checkpointSubsetRunValidation", editions="2.0 3.0", numbers="subset")
def subsets_are_written_where_allowed(record: Record, edition: Edition) -> Iterator[Breach]:
    """A CLOSED run writes a subset of a checkpoint only with eight processes, and only of the 8B model.

    2.0 and the text during the round allow it for every model but the 8B one: the opposite, which ten rows of the
    round followed (#841). Reads: overrides, parameters.checkpoint.mode, args.checkpoint_subset,
    summary.num_accelerators, model, verification.
    """
    overrides = record.table("overrides") if record.has("overrides") else {}
    mode = overrides.get("checkpoint.mode", or_none(record, "parameters.checkpoint.mode"))
    if same(mode, "subset") or same(or_none(record, "args.checkpoint_subset"), "true"):
        processes, model = record.count("summary.num_accelerators"), model_of(record, edition)
        if model and not subset_is_allowed(model, processes, edition):
            yield Breach(closed_only([record]), f"a subset, {processes} processes of {model}", subset_text(edition))


@checkpointing("4.4.1", "checkpointPathArgs", editions="3.0")
def checkpoints_and_results_are_apart(record: Record, edition: Edition) -> Iterator[Breach]:
    """The checkpoint folder and the results directory are both given and are not the same.

    Reads: args.{checkpoint_folder,results_dir}.
    """
    if record.text("args.checkpoint_folder") == record.text("args.results_dir"):
        saw = f"checkpoints and results both in {record.text('args.results_dir')}"
        yield Breach(Lands.INVALID, saw, "a results directory other than the checkpoint folder")


@checkpointing("4.4.2", "checkpointFilesystemCheck", editions="3.0")
def results_stay_off_the_storage_under_test(record: Record, edition: Edition) -> Iterator[Breach]:
    """The checkpoints and the results are on different filesystems, and the run has the evidence.

    No evidence at all was a warning during the round and is INVALID after it. Object storage is exempt.
    Reads: parameters.storage.storage_type, fs_separation.same_filesystem.
    """
    if record.has("parameters.storage.storage_type") and record.value("parameters.storage.storage_type") in OBJECT:
        return
    if record.value("fs_separation.same_filesystem"):
        yield Breach(Lands.INVALID, "checkpoints and results share a filesystem", "results on another filesystem")


@checkpointing("4.6.1", "checkpointClosedMpiProcesses", editions="2.0 3.0", numbers="closed_processes subset")
def closed_has_the_full_count(record: Record, edition: Edition) -> Iterator[Breach]:
    """A CLOSED run has exactly 8, 64, 512 or 1024 processes, as its model demands.

    2.0 and the round also accept the eight of a subset (4.3.5). A run that does not call itself CLOSED is left to
    check_num_processes, which knows the counts of OPEN. Reads: model, args.num_processes, verification.
    """
    model, processes = model_of(record, edition), process_count(record)
    if model and declares(record, "closed") and not count_is_closed(model, processes, edition):
        needs = f"exactly {edition['checkpointing.closed_processes'][model]:,} for {model}"
        yield Breach(Lands.INVALID, f"{processes:,} processes", needs)


@checkpointing(
    "4.6.2", "checkpointClosedAcceleratorsPerHost", editions="2.0 3.0", numbers="accelerators_per_host_above"
)
def closed_fills_its_hosts(record: Record, edition: Edition) -> Iterator[Breach]:
    """A CLOSED run has more than four accelerators on each host.

    The text says "more than 4", its table of parameters "minimum 4"; we take the text. Upstream never fired: rows
    with exactly four are published in 2.0 and 3.0 (#866, undecided), so it only warned during the round.
    Reads: summary.{num_accelerators,num_hosts}, verification.
    """
    accelerators, hosts = record.count("summary.num_accelerators"), record.count("summary.num_hosts")
    above = edition["checkpointing.accelerators_per_host_above"]
    if accelerators <= above * hosts or not hosts:
        saw = f"{accelerators} accelerators on {hosts} hosts"
        yield Breach(closed_only([record]), saw, f"more than {above} a host")


@checkpointing("4.6.3", "checkpointClosedCheckpointParameters", editions="2.0 3.0", numbers="parameters template")
def only_the_folder_changes(record: Record, edition: Edition) -> Iterator[Breach]:
    """A run changes no parameter of its model's template but the checkpoint folder.

    Neither division lists any other, hence INVALID for both; what the tools set themselves (subset mode, the counts
    of a split, object storage) is not held against the user. Reads: overrides, parameters, model.
    """
    allowed, overrides = edition["checkpointing.parameters"], record.table("overrides")
    for name, value in overrides.items():
        if name not in allowed["closed"] and name not in allowed["injected"]:
            yield Breach(Lands.INVALID, f"{name}={value!s:.60}", "this parameter as the template has it")
    for name, needed in template(record, edition).items():
        if name not in overrides and record.has(f"parameters.{name}"):
            value = record.value(f"parameters.{name}")
            if not same(value, str(needed)):
                yield Breach(Lands.INVALID, f"{name}={value!s:.60}", f"{needed}, as the template has it")


@checkpointing("4.6.4", "checkpointOpenSubmissionScaling", editions="2.0 3.0", numbers="tensor_times_pipeline")
def open_scales_by_whole_models(record: Record, edition: Edition) -> Iterator[Breach]:
    """An OPEN run has a positive multiple of tensor by pipeline parallelism as its number of processes.

    For 8B that is any number here, although check_num_processes asks for eights before the launch: both stand.
    Reads: model, args.num_processes, verification.
    """
    model, processes = model_of(record, edition), process_count(record)
    if model and declares(record, "open"):
        unit = edition["checkpointing.tensor_times_pipeline"][model]
        if processes == 0 or processes % unit:
            yield Breach(Lands.INVALID, f"{processes:,} processes", f"a multiple of {unit} for {model}")


@checkpointing(
    "run", "check_num_processes", editions="2.0 3.0", numbers="closed_processes open_process_multiple subset"
)
def process_count_is_known(record: Record, edition: Edition) -> Iterator[Breach]:
    """The number of processes is that of CLOSED; a multiple of what the model's parallelism needs is OPEN.

    #792: 408 processes for 405B ran to the end before anybody said so. Reads: model, args.num_processes.
    """
    model, processes = model_of(record, edition), process_count(record)
    if model and not count_is_closed(model, processes, edition):
        unit = edition["checkpointing.open_process_multiple"][model]
        lands = Lands.OPEN if processes and processes % unit == 0 else Lands.INVALID
        closed = edition["checkpointing.closed_processes"][model]
        yield Breach(lands, f"{processes:,} processes", f"{closed:,} for CLOSED {model}, a multiple of {unit} for OPEN")


@checkpointing(
    "run",
    "check_accelerator_memory",
    editions="3.0",
    numbers="accelerators accelerator_memory_gb checkpoint_size_gb",
)
def gate_lets_the_accelerators_pass(record: Record, edition: Edition) -> Iterator[Breach]:
    """The accelerators are sanctioned, and have the memory that Table 2 gives the model's whole checkpoint.

    The gate before the launch: a subset counts as the whole (4.3.4 asks about what was written). A record without an
    accelerator is left to 4.3.4, as is the round, whose runs had none. Reads: accelerator, args.num_processes, model.
    """
    model, sanctioned = model_of(record, edition), edition["checkpointing.accelerators"]
    if edition.as_of_round or not model or not record.has("accelerator"):
        return
    accelerator, size = record.text("accelerator").lower(), edition["checkpointing.checkpoint_size_gb"][model]
    if accelerator not in sanctioned and record.division != "whatif":
        yield Breach(Lands.INVALID, f"accelerator {accelerator}", f"one of {', '.join(sanctioned)}")
    memory = process_count(record) * edition["checkpointing.accelerator_memory_gb"].get(accelerator, 0)
    if memory < size:
        yield Breach(Lands.INVALID, f"{memory:,} GB of {accelerator}", f"{size:,} GB for {model} (Table 2)")


@checkpointing("run", "check_subset_mode", editions="3.0", numbers="subset")
def subset_is_asked_for_where_allowed(record: Record, edition: Edition) -> Iterator[Breach]:
    """Nobody asks for a subset by --checkpoint-subset except with eight processes of the 8B model.

    During the round the tool enforced the text as it then stood (see 4.3.5).
    Reads: args.checkpoint_subset, args.num_processes, model.
    """
    model, processes = model_of(record, edition), process_count(record)
    asked = same(or_none(record, "args.checkpoint_subset"), "true")
    if asked and model and not subset_is_allowed(model, processes, edition):
        saw = f"--checkpoint-subset with {processes} processes of {model}"
        yield Breach(Lands.INVALID, saw, subset_text(edition))


@checkpointing("x", "x-checkpoints-done", editions="2.0 3.0", warns=True)
def asked_for_is_done(record: Record, edition: Edition) -> Iterator[Breach]:
    """The run made as many checkpoints as it was asked for.

    The rules count what was asked. Reads: args.num_checkpoints_{write,read}, checkpoints.{save,load}.
    """
    for word, phase in (("write", "save"), ("read", "load")):
        if record.has("checkpoints") and record.has(f"args.num_checkpoints_{word}"):
            asked, done = record.count(f"args.num_checkpoints_{word}"), len(rates_of(record, phase))
            if asked != done:
                yield Breach(Lands.ADVICE, f"{done} of {asked} checkpoints in the {phase} series", f"{asked}")


@checkpointing("x", "x-save-rates-spread", editions="2.0 3.0", warns=True, numbers="advice")
def saves_are_alike(record: Record, edition: Edition) -> Iterator[Breach]:
    """The fastest save of a series is at most three times as fast as the slowest.

    A wider spread is the mark of a page cache that fills while the series runs. Reads: checkpoints.save.gib_per_s.
    """
    rates, limit = rates_of(record, "save"), edition["checkpointing.advice"]["save_rates_spread"]
    if rates and max(rates) > limit * min(rates):
        saw = f"saves from {min(rates):.2f} to {max(rates):.2f} GiB/s"
        yield Breach(Lands.ADVICE, saw, f"the fastest at most {limit} times the slowest, or a word on what cached")


@checkpointing("x", "x-first-saves-faster", editions="2.0 3.0", warns=True, numbers="advice")
def first_saves_are_like_the_others(record: Record, edition: Edition) -> Iterator[Breach]:
    """The first half of the saves is at most twice as fast as the second half.

    Memory takes the first saves and the storage the later ones: then the mean of ten rates is the rate of neither.
    Reads: checkpoints.save.gib_per_s.
    """
    rates, limit = rates_of(record, "save"), edition["checkpointing.advice"]["first_saves_to_later"]
    half = len(rates) // 2
    first, later = (sum(part) / max(1, half) for part in (rates[:half], rates[-half:]))
    if half and first > limit * later:
        saw = f"the first {half} saves at {first:.2f} GiB/s, the last {half} at {later:.2f}"
        yield Breach(Lands.ADVICE, saw, f"the first at most {limit} times as fast, or a word on what absorbed them")


@checkpointing("x", "x-checkpoint-device", editions="2.0 3.0", warns=True, numbers="advice")
def device_moved_the_bytes(record: Record, edition: Edition) -> Iterator[Breach]:
    """At least nine tenths of the bytes of every save reached the device within it, and of every load came from it.

    The rest was in a cache: a save that left it there has not been written, and a load that found it there tells
    nothing of the storage. Reads: moved.{save,load}.{bytes,device_bytes} (absent where no device can be watched).
    """
    share = edition["checkpointing.advice"]["device_share"]
    for phase, way in (("save", "to"), ("load", "from")):
        if not record.has(f"moved.{phase}"):
            continue
        sizes, device = (record.numbers(f"moved.{phase}.{name}") for name in ("bytes", "device_bytes"))
        for number, (size, counted) in enumerate(zip(sizes, device, strict=False), start=1):
            if counted < share * size:
                saw = f"{bytes_text(counted)} of {bytes_text(size)} {way} the device in {phase} {number}"
                yield Breach(Lands.ADVICE, saw, "a word on which cache held the rest")
                break
