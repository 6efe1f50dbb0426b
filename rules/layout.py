"""Chapter 2 of the rules, the tree of a submission, as far as names alone can tell; in the order of the text.

What this chapter says of single run folders (2.1.13 to 2.1.26) and of code images is not judged yet: see `not_checked`.
"""

import functools
import re
from collections.abc import Iterator

from rules.registry import Breach, rule
from storagebench.model import Edition, Lands, Submission

layout = functools.partial(rule, family="layout", scope="submission")

NAME = re.compile(r"[A-Za-z0-9._-]+")


@layout("2.1.1", "submitterRootDirectory", editions="1.0 2.0 3.0")
def submitters_have_plain_names(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Every submitter's folder is named with letters, digits, dots, hyphens and underscores only.

    The text wants blanks and other characters replaced by hyphens, one for one. Reads: names below each division.
    """
    for path in _submitters(submission, edition):
        name = path.rpartition("/")[2]
        if not NAME.fullmatch(name):
            yield Breach(Lands.INVALID, f"the name {name!r}", "letters, digits, '.', '-' and '_' only", path)


@layout("2.1.2", "topLevelSubdirectories", editions="1.0 2.0 3.0", numbers="divisions shared_folders")
def only_divisions_are_at_the_top(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The root holds a folder for closed, for open, or for both, and nothing else but what submitters share.

    3.0 wants lower case; 1.0 and 2.0 were published with either. Names that begin with a dot are ignored.
    Reads: names of the folders at the root.
    """
    divisions, shared = edition["layout.divisions"], edition["layout.shared_folders"]
    folders = [name for name in submission.listing.folders() if not name.startswith(".")]
    if not set(folders) & set(divisions):
        yield Breach(Lands.INVALID, f"folders at the root: {', '.join(folders) or 'none'}", " or ".join(divisions))
    for name in folders:
        pool = submission.listing.holds(f"{name}/.mlps-image-pool")
        if name not in divisions and name not in shared and not pool:
            yield Breach(Lands.INVALID, "a folder of another name", f"{', '.join([*divisions, *shared])} only", name)


@layout("2.1.5", "requiredSubdirectories", editions="3.0", numbers="submitter_folders")
def submitters_have_results_and_systems(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A submitter's folder holds the folders results and systems, and no other.

    As it stood after the round; during the round CLOSED had `code` beside them. A file submission.yaml is allowed.
    Reads: names of the folders below each submitter.
    """
    wanted = edition["layout.submitter_folders"]
    for path in _submitters(submission, edition):
        there = [name for name in submission.listing.folders(path) if not name.startswith(".")]
        for name in sorted(set(wanted) - set(there)):
            yield Breach(Lands.INVALID, f"no folder {name}", f"{' and '.join(wanted)}", path)
        for name in sorted(set(there) - set(wanted)):
            if not (edition.as_of_round and name == "code"):
                yield Breach(
                    Lands.INVALID, "a folder of another name", f"{' and '.join(wanted)} only", f"{path}/{name}"
                )


@layout("2.1.7", "systemsDirectoryFiles", editions="3.0")
def system_descriptions_come_in_pairs(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The systems folder holds pairs of <system>.yaml and <system>.pdf, and no folders.

    Markdown and dot files are tolerated. Reads: names below each systems folder.
    """
    for path in (f"{submitter}/systems" for submitter in _submitters(submission, edition)):
        for name in submission.listing.folders(path):
            yield Breach(Lands.INVALID, "a folder", "files only", f"{path}/{name}")
        files = [name for name in submission.listing.files(path) if not name.startswith(".") and name[-3:] != ".md"]
        for name in files:
            stem, _, kind = name.rpartition(".")
            if kind not in ("yaml", "pdf"):
                yield Breach(
                    Lands.INVALID, "a file of another kind", "<system>.yaml and <system>.pdf", f"{path}/{name}"
                )
            elif f"{stem}.{'pdf' if kind == 'yaml' else 'yaml'}" not in files:
                yield Breach(Lands.INVALID, f"only {name}", f"both {stem}.yaml and {stem}.pdf", f"{path}/{name}")


@layout("2.1.8", "resultsDirectorySystems", editions="3.0")
def results_and_systems_name_the_same(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Every folder of results has a system description of its name, and every description has results.

    Reads: names below results and systems of each submitter.
    """
    for submitter in _submitters(submission, edition):
        results = set(submission.listing.folders(f"{submitter}/results"))
        files = submission.listing.files(f"{submitter}/systems")
        described = {name.removesuffix(".yaml") for name in files if name.endswith(".yaml")}
        for name in sorted(results - described):
            yield Breach(
                Lands.INVALID, "results without a description", f"systems/{name}.yaml", f"{submitter}/results/{name}"
            )
        for name in sorted(described - results):
            where = f"{submitter}/systems/{name}.yaml"
            yield Breach(Lands.INVALID, "a description without results", f"results/{name}", where)


@layout("2.1.10", "workloadCategories", editions="3.0", numbers="categories")
def results_are_of_known_categories(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The results of a system are of one or more of the edition's categories.

    The text lists training and checkpointing; the code has four, and so do we. Reads: names below each system.
    """
    categories = list(edition["layout.categories"])
    for path in _systems(submission, edition):
        there = submission.listing.folders(path)
        if not there:
            yield Breach(Lands.INVALID, "no results", f"one of {', '.join(categories)}", path)
        for name in there:
            if name not in categories:
                yield Breach(
                    Lands.INVALID, "a folder of another name", f"one of {', '.join(categories)}", f"{path}/{name}"
                )


@layout("2.1.11", "trainingWorkloads", editions="3.0", numbers="categories")
def training_results_are_of_known_models(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The training results of a system are of models that the edition sanctions.

    Reads: names below training.
    """
    yield from _unknown_models(submission, edition, "training")


@layout("2.1.12", "trainingPhases", editions="3.0", numbers="training_phases")
def training_results_have_their_phases(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Each training model has the folders datasize, datagen and run, and no other.

    One version of the code forbade datasize; the text requires it. Reads: names below each training model.
    """
    wanted = edition["layout.training_phases"]
    for system in _systems(submission, edition):
        for model in submission.listing.folders(f"{system}/training"):
            path = f"{system}/training/{model}"
            there = submission.listing.folders(path)
            for name in sorted(set(wanted) ^ set(there)):
                saw = f"no folder {name}" if name in wanted else f"a folder {name}"
                yield Breach(Lands.INVALID, saw, f"exactly {', '.join(wanted)}", path)


@layout("2.1.21", "checkpointingWorkloads", editions="3.0", numbers="categories")
def checkpoint_results_are_of_known_models(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The checkpointing results of a system are of models that the edition sanctions.

    Reads: names below checkpointing.
    """
    yield from _unknown_models(submission, edition, "checkpointing")


def _submitters(submission: Submission, edition: Edition) -> Iterator[str]:
    for division in edition["layout.divisions"]:
        for name in submission.listing.folders(division):
            if not name.startswith("."):
                yield f"{division}/{name}"


def _systems(submission: Submission, edition: Edition) -> Iterator[str]:
    for submitter in _submitters(submission, edition):
        for name in submission.listing.folders(f"{submitter}/results"):
            yield f"{submitter}/results/{name}"


def _unknown_models(submission: Submission, edition: Edition, category: str) -> Iterator[Breach]:
    models = edition["layout.categories"][category]
    for system in _systems(submission, edition):
        for name in submission.listing.folders(f"{system}/{category}"):
            if name not in models:
                yield Breach(
                    Lands.INVALID, "an unknown model", f"one of {', '.join(models)}", f"{system}/{category}/{name}"
                )
