"""What the rules of checkpointing ask of runs and results: sizes, counts, divisions, times.

Times are those of the invocation, which the metadata tells; where it does not, the engine's own, which leave out
starting up and so make the gap between two invocations look longer than it was (#696).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from storagebench.model import Edition, Group, Lands, Missing, Record
from storagebench.units import GIB


def model_of(record: Record, edition: Edition) -> str | None:
    """Name the model of the edition whose size is in the run's name of it; 4.3.3 turns the others away."""
    said = record.text("model").lower()
    return next((model for model in edition["checkpointing.models"] if model.removeprefix("llama3-") in said), None)


def template(record: Record, edition: Edition) -> dict[str, Any]:
    """Return what the model's template sets, by dotted name."""
    return {
        **edition["checkpointing.template"],
        **edition["checkpointing.templates"].get(model_of(record, edition), {}),
    }


def process_count(record: Record) -> int:
    """Count the processes: as asked for, else as many as the summary has accelerators, which is the same."""
    asked = "args.num_processes"
    return record.count(asked if record.has(asked) else "summary.num_accelerators")


def subset_models(edition: Edition) -> list[str]:
    """Name the models of which a CLOSED run may write a subset."""
    subset = edition["checkpointing.subset"]
    return list(subset.get("round_models", subset["models"]) if edition.as_of_round else subset["models"])


def subset_is_allowed(model: str, count: int, edition: Edition) -> bool:
    """Say whether a CLOSED run may write a subset of this model by so many processes."""
    return model in subset_models(edition) and count == edition["checkpointing.subset"]["processes"]


def subset_text(edition: Edition) -> str:
    """Say what subset mode is for."""
    return f"{edition['checkpointing.subset']['processes']} processes of {' or '.join(subset_models(edition))}"


def count_is_closed(model: str, count: int, edition: Edition) -> bool:
    """Say whether CLOSED allows so many processes: the full count, or that of an allowed subset."""
    return count == edition["checkpointing.closed_processes"][model] or subset_is_allowed(model, count, edition)


def declares(record: Record, division: str) -> bool:
    """Say whether a run calls itself CLOSED or OPEN, in whatever case; one that says nothing calls itself neither."""
    return same(or_none(record, "verification"), division)


def closed_only(records: Iterable[Record]) -> Lands:
    """Where a breach lands that only CLOSED forbids: INVALID if a run calls itself CLOSED, else OPEN."""
    return Lands.INVALID if any(declares(record, "closed") for record in records) else Lands.OPEN


def same(value: Any, word: str) -> bool:
    """Compare a value with a word without regard to case; YAML, JSON and command lines spell them differently."""
    return isinstance(value, str | bool | int | float) and str(value).casefold() == word.casefold()


def or_none(record: Record, name: str) -> Any:
    """Return a fact of any kind, None where there is none."""
    return record.value(name) if record.has(name) else None


def size_bytes(record: Record) -> float:
    """Return the size of one checkpoint as the run reports it (upstream's GB are GiB)."""
    return record.number("summary.metric.checkpoint_size_GB") * GIB


def memory_bytes(record: Record) -> float:
    """Return the memory of all hosts: the order of host arrays is unreliable, their sum is not."""
    return sum(record.numbers("summary.host_memory_GB")) * GIB


def rates_of(record: Record, phase: str) -> tuple[float, ...]:
    """Return the rates of a series ("save" or "load") in GiB/s; none where the run has no such series."""
    name = f"checkpoints.{phase}.gib_per_s"
    return record.numbers(name) if record.has(name) else ()


def counts_of(group: Group) -> list[tuple[int, int]]:
    """Count the writes and the reads of each run: by its arguments, its parameters, or what it made."""
    return [(_asked(record, "write", "save"), _asked(record, "read", "load")) for record in group.records]


def writing(group: Group) -> list[Record]:
    """Return the runs that write."""
    return [record for record, (writes, _) in zip(group.records, counts_of(group), strict=True) if writes]


def reading(group: Group) -> list[Record]:
    """Return the runs that read."""
    return [record for record, (_, reads) in zip(group.records, counts_of(group), strict=True) if reads]


def bookends(group: Group) -> tuple[Record, Record]:
    """Return the last run that writes and the first that reads; the same one where one does both.

    Raises:
        Missing: no run writes, or none reads.
    """
    writers, readers = writing(group), reading(group)
    if not writers or not readers:
        raise Missing("a run that reads" if writers else "a run that writes")
    return writers[-1], readers[0]


def duration_s(first: Record, last: Record) -> float:
    """Return the seconds from the start of one run to the end of another, or of the same (Raises: Missing)."""
    return _seconds(_began(first), _ended(last))


def gap_s(earlier: Record, later: Record) -> float:
    """Return the seconds from the end of one run to the start of the next (Raises: Missing)."""
    return _seconds(_ended(earlier), _began(later))


def gap_source(earlier: Record, later: Record) -> str:
    """Say so where one end of a gap is the engine's and not the invocation's, and what the folder's stamp makes of it."""
    if earlier.has("invocation.ended_at") and later.has("invocation.started_at"):
        return ""
    try:
        stamped = _seconds(_ended(earlier), _parsed(later.text("stamp").replace("_", "T"), "stamp"))
    except Missing:
        return " (by the summaries: starting up counts in)"
    return f" (by the summaries: starting up counts in; by the later folder's stamp {stamped:.1f} s)"


def overlap(write: Record, read: Record) -> bool:
    """Say whether the reads began, by the summaries, before the writes had ended (Raises: Missing)."""
    if not write.has("summary.end") or not read.has("summary.start"):
        return False
    return _seconds(_time(write, "summary.end"), _time(read, "summary.start")) < 0


def save_to_load_s(write: Record, read: Record) -> float:
    """Return the seconds from the last save to the first load, by the engine's times (Raises: Missing)."""
    ended, started = write.items("checkpoints.save.ended_at"), read.items("checkpoints.load.started_at")
    if not ended or not started:
        raise Missing("checkpoints", "has no saves or no loads")
    return _seconds(_parsed(ended[-1], "checkpoints.save.ended_at"), _parsed(started[0], "checkpoints.load.started_at"))


def _asked(record: Record, word: str, phase: str) -> int:
    for name in (f"args.num_checkpoints_{word}", f"parameters.checkpoint.num_checkpoints_{word}"):
        if record.has(name):
            return record.count(name)
    if not record.has("checkpoints"):
        raise Missing(f"args.num_checkpoints_{word}")
    made = f"checkpoints.{phase}.gib_per_s"
    return len(record.items(made)) if record.has(made) else 0


def _began(record: Record) -> datetime:
    return _time(record, "invocation.started_at" if record.has("invocation.started_at") else "summary.start")


def _ended(record: Record) -> datetime:
    return _time(record, "invocation.ended_at" if record.has("invocation.ended_at") else "summary.end")


def _time(record: Record, name: str) -> datetime:
    return _parsed(record.value(name), name)


def _parsed(text: object, name: str) -> datetime:
    try:
        return datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        raise Missing(name, f"is {text!r:.60}, not a time") from None


def _seconds(earlier: datetime, later: datetime) -> float:
    if (earlier.tzinfo is None) != (later.tzinfo is None):
        raise Missing("the times", "are partly with and partly without a time zone")
    return (later - earlier).total_seconds()
