"""Chapter 2 of the rules, the files of single leaves and of tables beside them; in the order of the text.

A leaf is a folder named by a time stamp: one phase of one run. Of a log that staff pruned a placeholder of sixteen
bytes is left: the file is there, so the rule holds, and a reader is told.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from rules.layout import layout
from rules.places import STAMP, checkpoint_leaves, models, phase_leaves, stamped_leaves, submitters, systems
from rules.registry import Breach
from storagebench.model import Edition, Lands, Submission


@layout("2.1.13", "datagenTimestamp", editions="3.0")
def data_was_generated_once(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The folder datagen holds exactly one folder, named by its time stamp.

    Reads: names below each datagen; a model without that folder is the business of 2.1.12.
    """
    for model in models(submission, edition, "training"):
        path = f"{model}/datagen"
        names = [name for name in submission.listing.folders(path) if not name.startswith(".")]
        if submission.listing.holds(path) and len(names) != 1:
            yield Breach(Lands.INVALID, f"{len(names)} folders", "exactly one", path)
        for name in names:
            if not STAMP.fullmatch(name):
                yield Breach(Lands.INVALID, f"a folder named {name!r}", "a name like 20260712_120720", path)


@layout("2.1.14", "datagenFiles", editions="3.0", numbers="leaf_files pruned_bytes")
def datagen_leaves_are_whole(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A datagen leaf holds the engine's log, both streams of the tool, its metadata and dlio_config.

    The text also lists the output, epochs and summary files, which data generation never writes: we go by the
    list of the edition's own table. Reads: names and sizes below each datagen leaf.
    """
    for leaf in phase_leaves(submission, edition, "datagen"):
        yield from _files(submission, edition, leaf, "datagen")


@layout("2.1.15", "datagenDlioConfig", editions="3.0", numbers="dlio_config")
def datagen_configurations_are_whole(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The dlio_config of a datagen leaf holds exactly config.yaml, hydra.yaml and overrides.yaml.

    Reads: names below dlio_config; a leaf without that folder is the business of 2.1.14.
    """
    for leaf in phase_leaves(submission, edition, "datagen"):
        yield from _configuration(submission, edition, leaf)


@layout("2.1.19", "runFiles", editions="3.0", numbers="leaf_files pruned_bytes")
def run_leaves_are_whole(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A leaf of a training run holds the logs, the ranks' output and epochs, the summary and dlio_config.

    Reads: names and sizes below each run leaf.
    """
    for leaf in phase_leaves(submission, edition, "run"):
        yield from _files(submission, edition, leaf, "run")


@layout("2.1.20", "runDlioConfig", editions="3.0", numbers="dlio_config")
def run_configurations_are_whole(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The dlio_config of a training run holds exactly config.yaml, hydra.yaml and overrides.yaml.

    Reads: names below dlio_config; a leaf without that folder is the business of 2.1.19.
    """
    for leaf in phase_leaves(submission, edition, "run"):
        yield from _configuration(submission, edition, leaf)


@layout("2.1.22", "checkpointingResultsJson", editions="3.0")
def results_json_lies_beside_the_checkpoints(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The folder of a checkpointing model holds one results.json, the table that the tool's own report wrote.

    Reads: names below each checkpointing model.
    """
    for model in models(submission, edition, "checkpointing"):
        if "results.json" not in submission.listing.files(model):
            yield Breach(Lands.INVALID, "no results.json", "the one that the report of the tool writes", model)


@layout("2.1.25", "checkpointingFiles", editions="3.0", numbers="leaf_files pruned_bytes")
def checkpoint_leaves_are_whole(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A leaf of a checkpointing run holds the logs, the ranks' output and epochs, the summary and dlio_config.

    Reads: names and sizes below each checkpointing leaf.
    """
    for leaf in checkpoint_leaves(submission, edition):
        yield from _files(submission, edition, leaf, "checkpointing")


@layout("2.1.26", "checkpointingDlioConfig", editions="3.0", numbers="dlio_config")
def checkpoint_configurations_are_whole(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The dlio_config of a checkpointing run holds exactly config.yaml, hydra.yaml and overrides.yaml.

    Reads: names below dlio_config; a leaf without that folder is the business of 2.1.25.
    """
    for leaf in checkpoint_leaves(submission, edition):
        yield from _configuration(submission, edition, leaf)


@layout("LEAF-01", "runLeafMetadata", editions="3.0", numbers="identified_by_metadata")
def leaves_say_what_they_are(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A run of the KV cache or of a vector database holds exactly one metadata file.

    Nothing else tells what such a leaf is: a report without it loses the row. Databases may lie below their index
    or below engine and index. Reads: names below each run leaf.
    """
    for system in systems(submission, edition):
        for category in edition["layout.identified_by_metadata"]:
            for leaf in stamped_leaves(submission, f"{system}/{category}"):
                names = [name for name in submission.listing.files(leaf) if name.endswith("_metadata.json")]
                if leaf.split("/")[-2] == "run" and len(names) != 1:
                    wanted = f"only {category}_{leaf.rpartition('/')[2]}_metadata.json"
                    yield Breach(Lands.INVALID, f"{len(names)} metadata files", wanted, leaf)


@layout("RPT-01", "rollupTableAgreement", editions="3.0")
def tables_agree_with_the_rollup(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The results.json of an organisation has the Public IDs of the tables below it, no more and no fewer.

    Rows without an ID are no results; an organisation without a table has not reported yet.
    Reads: results.json at every level.
    """
    for submitter in submitters(submission, edition):
        rollup = f"{submitter}/results/results.json"
        if not submission.listing.holds(rollup):
            continue
        tables = _tables(submission, f"{submitter}/results/")
        for path, rows in tables.items():
            if not isinstance(rows, list):
                yield Breach(
                    Lands.INVALID, submission.problems.get(path, "no list of rows"), "a table of results", path
                )
        below = {name for path, rows in tables.items() if path != rollup for name in _public_ids(rows)}
        for name in sorted(below ^ _public_ids(tables[rollup])):
            saw = f"{name:.60} only in {'a table below' if name in below else 'the rollup'}"
            yield Breach(Lands.INVALID, saw, "the same Public IDs in both", rollup)


def _files(submission: Submission, edition: Edition, leaf: str, phase: str) -> Iterator[Breach]:
    names = [*submission.listing.files(leaf), *(f"{name}/" for name in submission.listing.folders(leaf))]
    wanted = edition["layout.leaf_files"][phase]
    lacking = [pattern for pattern in wanted if not any(fnmatchcase(name, pattern) for name in names)]
    if lacking:
        yield Breach(Lands.INVALID, f"lacks {', '.join(lacking)}", f"all {len(wanted)} parts of the leaf", leaf)
    sizes, pruned = submission.listing.sizes, edition["layout.pruned_bytes"]
    left = [name for name in names if name.endswith(".log") and sizes.get(f"{leaf}/{name}") == pruned]
    if left:
        yield Breach(Lands.ADVICE, f"pruned to {pruned} bytes: {', '.join(left)}", "the logs, to a reader", leaf)


def _configuration(submission: Submission, edition: Edition, leaf: str) -> Iterator[Breach]:
    path, wanted = f"{leaf}/dlio_config", edition["layout.dlio_config"]
    there = [name for name in submission.listing.files(path) if not name.startswith(".")]
    if submission.listing.holds(path) and set(there) != set(wanted):
        yield Breach(Lands.INVALID, f"{', '.join(there) or 'nothing'}", f"exactly {', '.join(wanted)}", path)


def _tables(submission: Submission, above: str) -> dict[str, Any]:
    """Return every table below a folder, None for one that cannot be read."""
    paths = (path for path in submission.listing.sizes if path.startswith(above) and path.endswith("/results.json"))
    return {path: submission.documents.get(path) for path in paths}


def _public_ids(table: Any) -> set[str]:
    rows = table if isinstance(table, list) else []
    return {str(row["Public ID"]) for row in rows if isinstance(row, dict) and row.get("Public ID")}
