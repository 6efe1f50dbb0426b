"""Chapter 4 of the rules, checkpointing, as far as all invocations of one result are judged together.

A result is one invocation that writes and reads, or one that writes and then one that reads (2.0: any number).
"""

import functools
import re
from collections.abc import Iterator

from rules.checkpoint_facts import (
    bookends,
    closed_only,
    counts_of,
    duration_s,
    gap_s,
    gap_source,
    memory_bytes,
    overlap,
    reading,
    save_to_load_s,
    size_bytes,
    writing,
)
from rules.registry import Breach, rule
from storagebench.model import Edition, Group, Lands
from storagebench.units import bytes_text

checkpoints = functools.partial(rule, family="checkpointing", scope="group")

STAMP = re.compile(r"\d{8}_\d{6}")
"""A run folder's name: local date and time."""

CAPABILITIES = "system.system_under_test.solution.capabilities"


@checkpoints("2.1.23", "checkpointingTimestamps", editions="3.0", numbers="invocations")
def invocations_are_one_or_two(group: Group, edition: Edition) -> Iterator[Breach]:
    """A result has one or two run folders, each named by date and time.

    Reads: the group's folders.run.
    """
    stamps, (least, most) = group.shared.items("folders.run"), edition["checkpointing.invocations"].values()
    if not least <= len(stamps) <= most:
        yield Breach(Lands.INVALID, f"{len(stamps)} run folders", f"{least} or {most}")
    for stamp in stamps:
        if not STAMP.fullmatch(str(stamp)):
            yield Breach(Lands.INVALID, f"a folder named {stamp!s:.60}", "YYYYMMDD_HHMMSS", str(stamp)[:60])


@checkpoints("2.1.24", "checkpointingTimestampGap", editions="3.0")
def invocations_follow_each_other(group: Group, edition: Edition) -> Iterator[Breach]:
    """Between two invocations passes less time than the longer of them took.

    A warning while the round was open.
    Reads: invocation.{started_at,ended_at}, else summary.{start,end}, of every run.
    """
    for earlier, later in zip(group.records, group.records[1:], strict=False):
        gap, longest = gap_s(earlier, later), max(duration_s(earlier, earlier), duration_s(later, later))
        if gap >= longest:
            saw = f"{gap:.1f} s between two invocations{gap_source(earlier, later)}"
            yield Breach(Lands.INVALID, saw, f"less than the {longest:.1f} s of the longer one")


@checkpoints("4.7.1", "checkpointCacheFlushValidation", editions="3.0", numbers="writes reads gap_maximum_s")
def reads_follow_the_writes(group: Group, edition: Edition) -> Iterator[Breach]:
    """One invocation writes ten checkpoints and reads ten, or one writes and within 30 s another reads.

    What comes first binds CLOSED, the gap binds both. Clocks that disagree (a gap below zero) are advice, as the
    validator has it; runs that overlap by their summaries are INVALID, as the multi-run checker has it. While the
    round was open the gap was a warning and the rest never fired.
    Reads: args.num_checkpoints_{write,read}, invocation or summary times of every run, verification.
    """
    counts, writes, reads = counts_of(group), edition["checkpointing.writes"], edition["checkpointing.reads"]
    if counts not in ([(writes, reads)], [(writes, 0), (0, reads)]):
        saw = "; ".join(f"{written} writes and {read} reads" for written, read in counts) or "no invocation"
        needs = f"{writes} and {reads} at once, or {writes} writes and then {reads} reads"
        yield Breach(closed_only(group.records), saw, needs)
    write, read = bookends(group)
    if write is not read:
        gap, most = gap_s(write, read), edition["checkpointing.gap_maximum_s"]
        if gap > most:
            saw = f"reads began {gap:.1f} s after the writes{gap_source(write, read)}"
            yield Breach(Lands.INVALID, saw, f"at most {most} s, clearing caches included")
        if overlap(write, read):
            yield Breach(Lands.INVALID, "reads that began before the writes had ended", "one after the other")
        elif gap < 0:
            yield Breach(Lands.ADVICE, f"reads {-gap:.1f} s before the end of the writes", "clocks that agree")


@checkpoints("4.7.2", "checkpointTotalTestDuration", editions="3.0")
def duration_can_be_told(group: Group, edition: Edition) -> Iterator[Breach]:
    """The time from the first write to the last read can be told, remapping included.

    Reads: invocation or summary times of the first run that writes and the last that reads.
    """
    writers, readers = writing(group), reading(group)
    if not writers or not readers:
        yield Breach(Lands.INVALID, f"{len(writers)} runs that write, {len(readers)} that read", "both")
    elif (duration := duration_s(writers[0], readers[-1])) <= 0:
        yield Breach(Lands.INVALID, f"{duration:.1f} s from the first write to the last read", "a time above zero")


@checkpoints("4.7.3", "checkpointRemappingTimeReporting", editions="3.0", numbers="remap_share_minimum")
def remapping_took_place(group: Group, edition: Edition) -> Iterator[Breach]:
    """A system that declares a time for remapping spends at least half of it between the writes and the reads.

    That the time is declared exactly when it must be is a rule on the system description. In one invocation the
    time is that between the last save and the first load.
    Reads: the system's capabilities.remap_time_in_seconds, invocation or summary times, checkpoints.
    """
    declared = group.shared.number(f"{CAPABILITIES}.remap_time_in_seconds")
    if declared > 0:
        write, read = bookends(group)
        observed = gap_s(write, read) if write is not read else save_to_load_s(write, read)
        if observed < edition["checkpointing.remap_share_minimum"] * declared:
            saw = f"{observed:.1f} s between writes and reads, {declared:g} s declared for remapping"
            yield Breach(Lands.INVALID, saw, f"at least {edition['checkpointing.remap_share_minimum'] * declared:g} s")


@checkpoints("4.7.4", "checkpointSimultaneousRwSupport", editions="3.0")
def capabilities_agree_with_the_run(group: Group, edition: Edition) -> Iterator[Breach]:
    """The system description says what several hosts can do at once, and the result does not contradict it.

    A missing answer is INVALID. Upstream warns of a "false" beside a completed run; we do so where several hosts
    took part, for on one host it contradicts nothing.
    Reads: the system's capabilities.{multi_host,simultaneous_write,simultaneous_read}, summary.num_hosts.
    """
    hosts = max((record.count("summary.num_hosts") for record in group.records), default=0)
    for name in ("multi_host", "simultaneous_write", "simultaneous_read"):
        answer = group.shared.value(f"{CAPABILITIES}.{name}")
        if not isinstance(answer, bool):
            yield Breach(Lands.INVALID, f"{name}: {answer!s:.60}", "true or false")
        elif not answer and hosts > 1:
            yield Breach(Lands.ADVICE, f"{name}: false, and {hosts} hosts completed the run", f"{name}: true")


@checkpoints("sub", "checkpointing.check_num_runs", editions="2.0 3.0", numbers="writes reads")
def ten_writes_and_ten_reads(group: Group, edition: Edition) -> Iterator[Breach]:
    """All invocations together write ten checkpoints and read ten.

    Upstream's check_num_runs of this family; the bare name is that of training.
    Reads: args.num_checkpoints_{write,read} of every run, else parameters.checkpoint, else the checkpoints made.
    """
    counts = counts_of(group)
    written, read = sum(writes for writes, _ in counts), sum(reads for _, reads in counts)
    writes, reads = edition["checkpointing.writes"], edition["checkpointing.reads"]
    if (written, read) != (writes, reads):
        yield Breach(Lands.INVALID, f"{written} writes and {read} reads in all", f"{writes} and {reads}")


@checkpoints("x", "x-written-bytes", editions="2.0 3.0", warns=True, numbers="memory_multiple")
def writes_outgrow_memory(group: Group, edition: Edition) -> Iterator[Breach]:
    """All checkpoints together have at least three times the bytes of the hosts' memory.

    The text's wish as its examples count it (4.3.1 counts one checkpoint). Below it, reads may come from memory.
    Reads: summary.{metric.checkpoint_size_GB,host_memory_GB}, the number of writes, of every run that writes.
    """
    if writers := writing(group):
        written = sum(writes * size_bytes(writers[0]) for writes, _ in counts_of(group))
        needed = edition["checkpointing.memory_multiple"] * max(memory_bytes(record) for record in writers)
        if written < needed:
            yield Breach(Lands.ADVICE, f"{bytes_text(written)} written", f"{bytes_text(needed)}, or caches cleared")


@checkpoints("x", "x-loads-from-memory", editions="2.0 3.0", warns=True, numbers="advice")
def loads_could_not_come_from_memory(group: Group, edition: Edition) -> Iterator[Breach]:
    """Checkpoints that the hosts' memory can hold are not loaded right after they were saved.

    Within one invocation nothing can have cleared the caches; between two, the record does not say.
    Reads: checkpoints.save.ended_at, checkpoints.load.started_at, summary.{metric.checkpoint_size_GB,host_memory_GB}.
    """
    saved = [record for record in group.records if record.has("checkpoints.save.ended_at")]
    loaded = [record for record in group.records if record.has("checkpoints.load.started_at")]
    if saved and loaded:
        size, memory = size_bytes(loaded[0]), memory_bytes(loaded[0])
        pause = save_to_load_s(saved[-1], loaded[0])
        if size <= memory and pause < edition["checkpointing.advice"]["loads_after_saves_s"]:
            saw = f"loads of {bytes_text(size)} began {pause:.1f} s after the last save, on {bytes_text(memory)} of memory"
            yield Breach(Lands.ADVICE, saw, "more than the hosts' memory, or a word on how caches were cleared")
