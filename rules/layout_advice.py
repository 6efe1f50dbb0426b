"""What a reviewer would ask of a tree, although no rule of chapter 2 forbids it."""

from collections.abc import Callable, Iterator, Mapping

from rules.checkpoint_facts import reading, writing
from rules.layout import layout
from rules.places import place
from rules.registry import Breach
from storagebench.model import Edition, Group, Lands, Missing, Record, Submission, if_known
from storagebench.model.aggregation import measured, read_gib_per_s, series

Figure = Callable[[Group, Edition], float]

COLUMNS: Mapping[str, Mapping[str, Figure]] = {
    "training": {
        "Training - Read B/W (GiB/s)": lambda group, edition: read_gib_per_s(
            measured(group.records, **edition["training.runs"])
        ),
    },
    "checkpointing": {
        "Checkpointing - Write B/W (GiB/s)": lambda group, _: (
            series(writing(group), "summary.metric.save_checkpoint_io_mean_GB_per_second").mean
        ),
        "Checkpointing - Read B/W (GiB/s)": lambda group, _: (
            series(reading(group), "summary.metric.load_checkpoint_io_mean_GB_per_second").mean
        ),
    },
}
"""Columns of a table whose figures the runs tell, by family."""


@layout("x", "x-several-runs", editions="3.0", warns=True)
def one_run_stands_for_a_result(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A result of the KV cache is made of one run; of several, nobody knows which one was meant.

    The tool takes the latest without an error. Reads: the groups.
    """
    for group in submission.groups:
        if group.family == "kv_cache" and len(group.records) > 1:
            names = ", ".join(place(record).rpartition("/")[2] for record in group.records)
            yield Breach(Lands.ADVICE, f"runs {names}", "the run that counts, alone", place(group))


@layout("x", "x-stale-table", editions="3.0", warns=True, numbers="table_tolerance")
def tables_tell_what_the_runs_tell(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The bandwidths in the results.json beside a result are those that its runs make.

    A table that was handed in before the last run, or copied from elsewhere, tells other figures: 26 files of the
    round were stale. Asked where the table has one row. Reads: results.json of each result; the runs' summaries.
    """
    tolerance = edition["layout.table_tolerance"]
    for group in submission.groups:
        path = f"{place(group)}/{'run/' if group.family == 'training' else ''}results.json"
        rows = submission.documents.get(path)
        if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], Mapping):
            continue
        for column, figure in COLUMNS.get(group.family, {}).items():
            said = if_known(Record("", "", "", {"cell": rows[0].get(column)}).number, "cell")
            told = _told(figure, group, edition)
            if said is not None and told is not None and abs(said - told) > tolerance * abs(told):
                yield Breach(Lands.ADVICE, f"{column}: {said:g}", f"{told:.2f}, as the runs make it", path)


@layout("x", "x-renamed", editions="3.0", warns=True)
def runs_lie_where_they_were_made(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The organisation and the system that a run was started for are those of the folders that it lies in.

    Renaming is allowed, and a reader would want to know. One run of each result is named.
    Reads: args.{orgname,systemname}, organisation and system_name of the runs.
    """
    for group in submission.groups:
        for record in group.records:
            said = [record.value(name) for name in ("args.orgname", "args.systemname") if record.has(name)]
            there = [record.value(name) for name in ("organisation", "system_name") if record.has(name)]
            if len(said) == len(there) == 2 and said != there:
                saw, needs = (" / ".join(map(str, names)) for names in (said, there))
                yield Breach(Lands.ADVICE, f"made as {saw:.120}", f"a word on the renaming to {needs}", place(record))
                break


@layout("x", "x-junk", editions="1.0 2.0 3.0", warns=True)
def nothing_is_left_lying_about(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A submission holds nothing that belongs to no result: what was left out of the judgement is named here.

    Reads: junk.
    """
    for why in dict.fromkeys(submission.junk.values()):
        paths = [path for path, words in submission.junk.items() if words == why]
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        yield Breach(Lands.ADVICE, f"{why}{more}", "only what the rules ask for", paths[0])


def _told(figure: Figure, group: Group, edition: Edition) -> float | None:
    try:
        return figure(group, edition) if group.records else None
    except Missing:
        return None
