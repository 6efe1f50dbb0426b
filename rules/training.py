"""Chapter 3 of the rules, training, as far as one run can be judged by itself; in the order of the text.

`summary`, `parameters`, `overrides`, `args` and so on are what `storagebench.record.reading` lifts from a run folder.
"""

import functools
from collections.abc import Iterator

from rules.registry import Breach, rule
from storagebench.model import Edition, Lands, Record, required_files
from storagebench.units import GIB, bytes_text

OBJECT = ("s3", "object")
"""Storage types that have no filesystem."""

training = functools.partial(rule, family="training")


@training("1.2", "storageBackendEnvVarDeclaration", editions="3.0", numbers="storage_library_environment")
def storage_backend_is_declared(record: Record, edition: Edition) -> Iterator[Breach]:
    """No storage-library variable is set in the environment of a timed run unless its configuration declares it.

    Records of other tools do not say what was set: then this is advice, for nothing in a run folder could tell.
    Reads: environment_variables (names only), parameters.environment.
    """
    if not record.has("environment_variables"):
        yield Breach(Lands.ADVICE, "the record does not name the environment's variables", "the submitter's word")
        return
    for name in record.items("environment_variables"):
        if name in edition["training.storage_library_environment"] and not record.has(f"parameters.environment.{name}"):
            yield Breach(Lands.OPEN, f"{name} was set", "the variable declared in the run's configuration, or unset")


@training("run", "check_model_recognized", editions="1.0 2.0 3.0", numbers="points")
def workload_is_sanctioned(record: Record, edition: Edition) -> Iterator[Breach]:
    """The model and the accelerator are among those the edition sanctions.

    The model gate of the edition's own tool; it applies to runs as a whole, so there is nothing OPEN about it.
    Reads: model, accelerator.
    """
    model, accelerator, points = record.text("model"), record.text("accelerator"), edition["training.points"]
    if model not in points:
        yield Breach(Lands.INVALID, f"model {model}", f"one of {', '.join(points)} (edition {edition.name})")
    elif accelerator not in points[model]:
        needs = f"one of {', '.join(points[model])} for {model} (edition {edition.name})"
        yield Breach(Lands.INVALID, f"accelerator {accelerator}", needs)


@training("3.1.1", "trainingVerifyDatasizeUsage", editions="2.0 3.0")
def datasize_was_used(record: Record, edition: Edition) -> Iterator[Breach]:
    """The run carries the dataset parameters that the datasize phase worked out.

    Reads: parameters.dataset.
    """
    if not record.has("parameters.dataset"):
        yield Breach(Lands.INVALID, "no dataset parameters in the run's metadata", "a run planned by datasize")


@training(
    "3.1.2",
    "trainingRecalculateDatasetSize",
    editions="1.0 2.0 3.0",
    numbers="minimum_steps_per_epoch memory_multiple rounding memory_in_whole_gib",
)
def dataset_is_large_enough(record: Record, edition: Edition) -> Iterator[Breach]:
    """The dataset fills 500 steps of every epoch and at least five times the memory of all hosts.

    The text says "exactly match"; code and commentary make it a minimum, and so do we. Memory is the sum over
    hosts (the order of host arrays is unreliable). 3.0 rounds up, 2.0 and 1.0 down; the script of 1.0 took the memory
    of a host in whole GiB, so 503.55 GiB counted as 503, and runs sized by it are accepted as they were then.
    Reads: summary.{num_accelerators,num_hosts,host_memory_GB,num_files_train,num_samples_per_file},
    parameters.reader.batch_size, parameters.dataset.record_length_bytes.
    """
    record_length = record.number("parameters.dataset.record_length_bytes")
    if record_length <= 0:
        yield Breach(Lands.INVALID, f"record length {record_length:g} B", "a record length above zero")
        return
    hosts, memory_gib = record.count("summary.num_hosts"), sum(record.numbers("summary.host_memory_GB"))
    if edition["training.memory_in_whole_gib"] and hosts:
        memory_gib = hosts * (memory_gib // hosts)
    needed = required_files(
        edition,
        memory_bytes=memory_gib * GIB,
        num_hosts=hosts,
        accelerators=record.count("summary.num_accelerators"),
        batch_size=record.count("parameters.reader.batch_size"),
        record_length_bytes=record_length,
        num_samples_per_file=max(1, record.count("summary.num_samples_per_file")),
    )
    files = record.count("summary.num_files_train")
    if files < needed.num_files:
        yield Breach(Lands.INVALID, f"{files:,} files", f"at least {needed.num_files:,}; {needed.working[-1]}")


@training("3.2.1", "trainingDatagenMinimumSize", editions="1.0 2.0 3.0", numbers="datagen_leaf")
def generated_data_covers_the_run(record: Record, edition: Edition) -> Iterator[Breach]:
    """The generated dataset holds at least as many bytes as the run reads.

    Editions 1.0 and 2.0 did not ask for what data generation left behind: without it there is nothing to judge.
    Reads: datagen and parameters: dataset.{num_files_train,num_samples_per_file,record_length_bytes}.
    """
    if not record.has("datagen") and not edition["training.datagen_leaf"]:
        return
    generated, used = _dataset_bytes(record, "datagen"), _dataset_bytes(record, "parameters")
    if generated < used:
        yield Breach(Lands.INVALID, f"{bytes_text(generated)} generated", f"the {bytes_text(used)} that the run uses")


@training("3.3.1", "trainingRunDataMatchesDatasize", editions="3.0")
def run_matches_datasize_and_datagen(record: Record, edition: Edition) -> Iterator[Breach]:
    """The run uses at least what datasize demanded, at most what datagen made, from the same folder and subfolders.

    The text wants run and datasize equal; the check after the round is datasize <= run <= datagen.
    Reads: datasize, parameters, datagen: dataset.{num_files_train,num_subfolders_train}; args.data_dir, datagen.data_dir.
    """
    demanded, used, made = (
        record.count(f"{phase}.dataset.num_files_train") for phase in ("datasize", "parameters", "datagen")
    )
    if used < demanded:
        yield Breach(Lands.INVALID, f"{used:,} files in the run", f"the {demanded:,} of datasize (DATASIZE-UNDERRUN)")
    if used > made:
        yield Breach(Lands.INVALID, f"{used:,} files in the run", f"at most the {made:,} of datagen (DATAGEN-OVERRUN)")
    folders = {phase: _subfolders(record, phase) for phase in ("datasize", "parameters", "datagen")}
    if len(set(folders.values())) > 1:
        seen = ", ".join(f"{phase} {count}" for phase, count in folders.items())
        yield Breach(Lands.INVALID, f"subfolders: {seen}", "the same number of subfolders in every phase")
    if record.text("datagen.data_dir") != record.text("args.data_dir"):
        saw = f"data generated in {record.text('datagen.data_dir')} and read from {record.text('args.data_dir')}"
        yield Breach(Lands.INVALID, saw, "one data directory (DATADIR-MISMATCH)")


@training("3.3.2", "trainingAcceleratorUtilizationCheck", editions="1.0 2.0 3.0", numbers="au_minimum_percent")
def accelerators_were_kept_busy(record: Record, edition: Edition) -> Iterator[Breach]:
    """The mean AU over epochs reaches the edition's minimum for the model, and the engine says so itself.

    Only the mean decides: single epochs below the minimum are allowed.
    Reads: model, summary.metric.{train_au_mean_percentage,train_au_meet_expectation}.
    """
    minimum = edition["training.au_minimum_percent"].get(record.text("model"))
    if minimum is None:
        return  # no minimum is defined for a model that check_model_recognized turns away
    utilization = record.number("summary.metric.train_au_mean_percentage")
    if utilization < minimum:
        yield Breach(Lands.INVALID, f"AU {utilization:.2f} %", f"at least {minimum} %")
    word = record.text("summary.metric.train_au_meet_expectation")
    if word != "success":
        yield Breach(Lands.INVALID, f"the engine's own word on AU is {word!r}", "'success'")


@training(
    "3.3.3",
    "trainingSingleHostSimulatedAccelerators",
    editions="3.0",
    warns=True,
    numbers="minimum_accelerators_single_host",
)
def one_host_emulates_several_accelerators(record: Record, edition: Edition) -> Iterator[Breach]:
    """A single host emulates at least four accelerators.

    Upstream warns and accepts. Reads: summary.{num_hosts,num_accelerators}.
    """
    least, accelerators = edition["training.minimum_accelerators_single_host"], record.count("summary.num_accelerators")
    if record.count("summary.num_hosts") == 1 and accelerators < least:
        yield Breach(Lands.ADVICE, f"{accelerators} on one host", f"{least} or more, to be of interest to a reader")


@training("3.3.4", "trainingSingleHostClientLimit", editions="3.0")
def one_host_means_one_host(record: Record, edition: Edition) -> Iterator[Breach]:
    """A run on one host names one host.

    Reads: summary.num_hosts, args.hosts.
    """
    hosts = record.items("args.hosts")
    if record.count("summary.num_hosts") == 1 and len(hosts) > 1:
        yield Breach(Lands.INVALID, f"{len(hosts)} hosts named, one took part", "as many hosts as were named")


@training("3.3.6", "trainingIdenticalAcceleratorsPerNode", editions="1.0 2.0 3.0")
def hosts_emulate_equally_many(record: Record, edition: Edition) -> Iterator[Breach]:
    """Every host emulates the same number of accelerators.

    Reads: summary.{num_accelerators,num_hosts}.
    """
    accelerators, hosts = record.count("summary.num_accelerators"), record.count("summary.num_hosts")
    if hosts == 0 or accelerators % hosts:
        yield Breach(Lands.INVALID, f"{accelerators} accelerators on {hosts} hosts", "the same number on every host")


@training("3.3.7", "trainingNodeCapabilityConsistency", editions="3.0", warns=True, numbers="host_spread_maximum")
def hosts_are_alike(record: Record, edition: Edition) -> Iterator[Breach]:
    """Memory and cores of the hosts differ by no more than half.

    Upstream warns and accepts. Reads: cluster.{memory_bytes,cores}, one number a host.
    """
    limit = edition["training.host_spread_maximum"]
    for fact, what in (("cluster.memory_bytes", "memory"), ("cluster.cores", "cores")):
        values = record.numbers(fact)
        if values and max(values) > limit * min(values):
            saw = f"{what} of hosts from {min(values):g} to {max(values):g}"
            yield Breach(Lands.ADVICE, saw, f"the largest at most {limit} times the smallest")


@training("3.4.1", "trainingMlpstoragePathArgs", editions="3.0")
def paths_are_given_and_differ(record: Record, edition: Edition) -> Iterator[Breach]:
    """The data directory and the results directory are both given and are not the same.

    Reads: args.{data_dir,results_dir}.
    """
    if record.text("args.data_dir") == record.text("args.results_dir"):
        saw = f"data and results both in {record.text('args.data_dir')}"
        yield Breach(Lands.INVALID, saw, "a --results-dir other than --data-dir")


@training("3.4.2", "trainingMlpstorageFilesystemCheck", editions="3.0")
def results_live_on_another_filesystem(record: Record, edition: Edition) -> Iterator[Breach]:
    """The data under test and the results are on different filesystems, and the run has the evidence.

    No evidence at all was a warning during the round and is INVALID after it. Object storage is exempt.
    Reads: parameters.storage.storage_type, fs_separation.same_filesystem.
    """
    if record.has("parameters.storage.storage_type") and record.value("parameters.storage.storage_type") in OBJECT:
        return
    if record.value("fs_separation.same_filesystem"):
        saw = f"{record.text('args.data_dir')} and {record.text('args.results_dir')} share a filesystem"
        yield Breach(Lands.INVALID, saw, "a --results-dir on another filesystem")


@training("3.6.2", "trainingClosedSubmissionParameters", editions="1.0 2.0 3.0", numbers="parameters")
def closed_changes_only_what_it_may(record: Record, edition: Edition) -> Iterator[Breach]:
    """A CLOSED run changes only the parameters on the edition's list, within their ranges.

    What the tools set themselves is not held against the user. Reads: overrides.
    """
    allowed = edition["training.parameters"]
    for name, value in record.table("overrides").items():
        if name in allowed["injected"]:
            continue
        if name in allowed["open"]:
            yield Breach(
                Lands.OPEN, f"{name}={value}", "this parameter as the workload has it; only OPEN may change it"
            )
        if name in allowed["closed_ranges"]:
            low, high = allowed["closed_ranges"][name]
            if not low <= record.number(f"parameters.{name}") <= high:
                yield Breach(Lands.OPEN, f"{name}={value}", f"a value from {low} to {high} for CLOSED")


@training("3.6.3", "trainingOpenSubmissionParameters", editions="1.0 2.0 3.0", numbers="parameters")
def open_changes_only_what_it_may(record: Record, edition: Edition) -> Iterator[Breach]:
    """Any run changes only the parameters that CLOSED or OPEN list; workflow.* is judged by rules of its own.

    Reads: overrides.
    """
    allowed = edition["training.parameters"]
    for name, value in record.table("overrides").items():
        listed = any(name in allowed[kind] for kind in ("injected", "closed", "open"))
        if not listed and not name.startswith("workflow."):
            hint = f"; did you mean {allowed['misspelt'][name]}?" if name in allowed["misspelt"] else ""
            yield Breach(Lands.INVALID, f"{name}={value!s:.60}", f"this parameter as the workload has it{hint}")


@training("run", "check_odirect_supported_model", editions="2.0 3.0", numbers="odirect_models")
def direct_io_only_where_allowed(record: Record, edition: Edition) -> Iterator[Breach]:
    """O_DIRECT reading is allowed only for the models the edition names.

    Reads: model, parameters.reader.odirect.
    """
    model, allowed = record.text("model"), edition["training.odirect_models"]
    direct = record.table("parameters.reader").get("odirect")
    if direct in (True, "True", "true") and model not in allowed:
        yield Breach(
            Lands.INVALID, f"reader.odirect with {model}", f"buffered reading (O_DIRECT: {', '.join(allowed)})"
        )


@training("x", "x-quick", editions="1.0 2.0 3.0", warns=True)
def quick_figures_are_not_results(record: Record, edition: Edition) -> Iterator[Breach]:
    """A run made with --quick shows that everything works; its figures say nothing about the storage.

    Reads: quick (absent in records of other tools).
    """
    if record.has("quick") and record.value("quick"):
        yield Breach(Lands.ADVICE, "sizes shrunk by --quick", "a run without --quick, for figures that mean something")


@training("x", "x-page-cache", editions="1.0 2.0 3.0", warns=True)
def device_delivered_the_bytes(record: Record, edition: Edition) -> Iterator[Breach]:
    """At least nine tenths of the bytes that the rules count came from the device, in every epoch.

    A reviewer would ask where the rest came from: a dataset that fits in memory is served by the page cache.
    Reads: epochs.{nominal_bytes,device_bytes}, one number an epoch (absent where no device can be watched).
    """
    if not record.has("epochs.device_bytes"):
        return
    for epoch, (device, nominal) in enumerate(
        zip(record.numbers("epochs.device_bytes"), record.numbers("epochs.nominal_bytes"), strict=False), start=1
    ):
        if device < 0.9 * nominal:
            saw = f"{bytes_text(device)} of {bytes_text(nominal)} from the device in epoch {epoch}"
            yield Breach(Lands.ADVICE, saw, "a word on what else served the reads (page cache, client cache)")
            return


def _dataset_bytes(record: Record, phase: str) -> float:
    return (
        record.count(f"{phase}.dataset.num_files_train")
        * record.count(f"{phase}.dataset.num_samples_per_file")
        * record.number(f"{phase}.dataset.record_length_bytes")
    )


def _subfolders(record: Record, phase: str) -> int:
    name = f"{phase}.dataset.num_subfolders_train"
    return record.count(name) if record.has(name) else 0
