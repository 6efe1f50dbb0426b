"""What the rules say of the runs of one training result together: how many, how far apart, alike, and what is published.

The records of a group are the runs of one result, oldest first; `folders`, `results_json` and `report` are the group's own.
"""

import functools
import itertools
import math
import re
from collections.abc import Iterator

from rules.registry import Breach, rule
from storagebench.model import Edition, Group, Lands, Record
from storagebench.model.aggregation import duration, epoch_lists, measured, setting, started
from storagebench.units import duration_text

result = functools.partial(rule, family="training", scope="group")


@result("2.1.16", "runResultsJson", editions="3.0")
def results_json_lies_beside_the_runs(group: Group, edition: Edition) -> Iterator[Breach]:
    """The folder of the runs holds one results.json, the table that the tool's own report wrote.

    Reads: results_json of the group.
    """
    if not group.shared.has("results_json") or group.shared.value("results_json") in (False, "absent"):
        yield Breach(Lands.INVALID, "no results.json beside the runs", "the one that the report of the tool writes")


@result("2.1.17", "runTimestamps", editions="3.0", numbers="runs")
def six_stamped_folders(group: Group, edition: Edition) -> Iterator[Breach]:
    """There are exactly six runs, each in a folder named by its time stamp: the earliest is the warm-up, five count.

    The text counts the folders of a workload; where several accelerators share that folder
    (mlcommons/storage#679) we count the runs of each and want every six folders accounted for.
    Reads: stamp of each run; folders.run of the group, which names every folder but those with a dot.
    """
    wanted = edition["training.runs.warm_up"] + edition["training.runs.measured"]
    if len(group.records) != wanted:
        yield Breach(Lands.INVALID, f"{len(group.records)} runs", f"exactly {wanted}: a warm-up and the measured ones")
    folders = group.shared.items("folders.run")
    if len(group.records) == wanted and len(folders) % wanted:
        yield Breach(Lands.INVALID, f"{len(folders)} folders", f"{wanted} of each accelerator and no others")
    for name in folders:
        if not re.fullmatch(r"\d{8}_\d{6}", str(name)):
            yield Breach(Lands.INVALID, f"a folder named {name!s:.60}", "a name like 20260712_120720", where="run")


@result("2.1.18", "runTimestampGap", editions="2.0 3.0", numbers="run_gap_multiple")
def runs_follow_one_another(group: Group, edition: Edition) -> Iterator[Breach]:
    """Every run starts before the one before it is twice the shortest run's duration past: no run fits in between.

    The text allows a pause of one run's duration; we measure as the code does, from start to start against
    twice the shortest run. Edition 2.0 says the same in prose. Picking six in a row out of more runs is
    allowed (2.1.18a runPickingSubsets); picking others leaves a gap.
    Reads: stamp (else summary.start), summary.{start,end} of each run.
    """
    limit = edition["training.run_gap_multiple"] * min((duration(run) for run in group.records), default=math.inf)
    for before, after in itertools.pairwise(group.records):
        gap = started(after) - started(before)
        if gap >= limit:
            saw = f"{duration_text(gap.total_seconds())} from the start of one run to the next"
            needs = f"less than {duration_text(limit.total_seconds())}, twice the shortest run"
            yield Breach(Lands.INVALID, saw, needs, where=_path(after, group))


@result("3.3.8", "trainingResultAggregation", editions="3.0", numbers="runs")
def every_measured_run_can_be_averaged(group: Group, edition: Edition) -> Iterator[Breach]:
    """The published figures are means over the measured runs, so none of these has an empty list of epochs.

    Read B/W is the mean of train_io_mean_MB_per_second by 1024, in GiB/s; where a measured run lacks that
    field the cell stays blank, which is no breach but is said. The warm-up may be anything.
    Reads: summary.metric of each run.
    """
    for run in measured(group.records, **edition["training.runs"]):
        for name, epochs in epoch_lists(run).items():
            if not epochs:
                yield Breach(Lands.INVALID, f"{name} is empty", "a value of every epoch", where=_path(run, group))
        if not run.has("summary.metric.train_io_mean_MB_per_second"):
            saw = "no train_io_mean_MB_per_second, so Read B/W stays blank"
            yield Breach(Lands.ADVICE, saw, "the field in every measured run", where=_path(run, group))


@result("sub", "check_num_runs", editions="1.0 2.0 3.0", numbers="run_count")
def enough_runs(group: Group, edition: Edition) -> Iterator[Breach]:
    """A result is made of as many runs as the edition wants.

    1.0: exactly five (report.py). 2.0: five, or six with the warm-up; upstream's check is empty, the guidelines
    are not. 3.0: at least five by the code, where 2.1.17 wants exactly six folders and is judged beside.
    Reads: the runs of the group.
    """
    runs, least = len(group.records), edition["training.run_count.least"]
    most = edition["training.run_count"].get("most", math.inf)
    if not least <= runs <= most:
        needs = f"{least} or more" if most == math.inf else f"{least}" if most == least else f"{least} or {most}"
        yield Breach(Lands.INVALID, f"{runs} runs", needs)


@result("sub", "check_run_consistency", editions="1.0 2.0 3.0", numbers="same_in_all_runs")
def runs_are_of_one_kind(group: Group, edition: Edition) -> Iterator[Breach]:
    """All runs of a result are of the same model; 1.0 wants the same accelerators and the same dataset too.

    1.0's report.py calls this check_unique. A number written as a text is that number.
    Reads: what the table names, of each run.
    """
    for name in edition["training.same_in_all_runs"]:
        seen = sorted({setting(run, name) for run in group.records})
        if len(seen) > 1:
            yield Breach(Lands.INVALID, f"{name.split('.')[-1]} {', '.join(seen):.60}", "the same in all runs")


def _path(run: Record, group: Group) -> str:
    return run.folder.removeprefix(f"{group.folder}/")
