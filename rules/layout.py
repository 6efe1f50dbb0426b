"""Chapter 2 of the rules, the tree of a submission down to its models; in the order of the text.

Single leaves (2.1.13 to 2.1.26) are judged in `layout_leaves`, code images and stamps in `provenance`. Editions 1.0 and
2.0 describe a tree in prose and had nobody check it: of their rules only those are asked that every submitter kept.
"""

import functools
import re
from collections.abc import Iterator

from rules.places import place, pools, submitters, systems
from rules.registry import Breach, rule
from storagebench.model import Edition, Group, Lands, Record, Submission, if_known

layout = functools.partial(rule, family="layout", scope="submission")

NAME = re.compile(r"[A-Za-z0-9._-]+")


@layout("2.1.1", "submitterRootDirectory", editions="1.0 2.0 3.0")
def submitters_have_plain_names(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Every submitter's folder is named with letters, digits, dots, hyphens and underscores only.

    The text wants blanks and other characters replaced by hyphens, one for one. Reads: names below each division.
    """
    for path in submitters(submission, edition):
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
    if not set(folders) & set(divisions):  # what lies below a misspelt one is judged all the same
        yield Breach(Lands.INVALID, f"folders at the root: {', '.join(folders) or 'none'}", " or ".join(divisions))
    for name in folders:
        pool = submission.listing.holds(f"{name}/.mlps-image-pool")
        if name not in divisions and name not in shared and not pool:
            yield Breach(Lands.INVALID, "a folder of another name", f"{', '.join([*divisions, *shared])} only", name)


@layout("2.1.5", "requiredSubdirectories", editions="3.0", numbers="submitter_folders")
def submitters_have_results_and_systems(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A submitter's folder holds the folders results and systems, and no other.

    As it stood after the round; during the round `code` was allowed beside them, and demanded of CLOSED while a
    submitter had no pool of code images. A file submission.yaml is allowed.
    Reads: names of the folders below each submitter.
    """
    known = edition["layout.submitter_folders"]
    for path in submitters(submission, edition):
        there = {name for name in submission.listing.folders(path) if not name.startswith(".")}
        division, _, organisation = path.partition("/")
        bare = edition.as_of_round and division.lower() == "closed" and not pools(submission, organisation)
        for name in sorted({*known, *(["code"] if bare else [])} - there):
            yield Breach(Lands.INVALID, f"no folder {name}", " and ".join(known), path)
        for name in sorted(there - {*known, *(["code"] if edition.as_of_round else [])}):
            yield Breach(Lands.INVALID, "a folder of another name", f"{' and '.join(known)} only", f"{path}/{name}")


@layout("2.1.7", "systemsDirectoryFiles", editions="3.0")
def system_descriptions_come_in_pairs(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The systems folder holds pairs of <system>.yaml and <system>.pdf, and no folders.

    Markdown and dot files are tolerated. Reads: names below each systems folder.
    """
    for path in (f"{submitter}/systems" for submitter in submitters(submission, edition)):
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

    The description says the name itself, too. That each has its PDF is 2.1.7.
    Reads: names below results and systems of each submitter; submission_name of the descriptions.
    """
    for submitter in submitters(submission, edition):
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
        for name in sorted(described & results):
            where = f"{submitter}/systems/{name}.yaml"
            if where in submission.documents and (said := _submission_name(submission.documents[where])) != name:
                yield Breach(Lands.INVALID, f"submission_name {said!r:.60}", f"the system's name, {name}", where)


@layout("2.1.9", "identicalSystemConfig", editions="3.0", numbers="memory_tolerance")
def runs_were_made_on_the_system_described(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Training and checkpointing ran on as many hosts, with as much memory, as the description gives the clients.

    Memory is the mean over hosts (the order of host arrays is unreliable) and is compared where all clients are
    alike: one entry, within a tenth. More than one host contradicts multi_host: false. What is absent is not asked.
    Reads: the description of each system; summary.{num_hosts,host_memory_GB} of the runs.
    """
    for group in submission.groups:
        described = _described(submission, group)
        if described is None:
            continue
        for record in group.records:
            for saw, needs in _contradictions(record, described, edition["layout.memory_tolerance"]):
                yield Breach(Lands.INVALID, saw, needs, place(record))


@layout("2.1.10", "workloadCategories", editions="3.0", numbers="categories")
def results_are_of_known_categories(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The results of a system are of one or more of the edition's categories.

    The text lists training and checkpointing; the code has four, and so do we. Reads: names below each system.
    """
    categories = list(edition["layout.categories"])
    for path in systems(submission, edition):
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
    for system in systems(submission, edition):
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


def _submission_name(document: object) -> object:
    described = Record("", "", "", document if isinstance(document, dict) else {})
    return _flag(described, "system_under_test.solution.submission_name")


def _described(submission: Submission, group: Group) -> Record | None:
    path = place(group).split("/")
    if group.family not in ("training", "checkpointing") or len(path) < 4:
        return None
    found = submission.documents.get("/".join((*path[:2], "systems", f"{path[3]}.yaml")))
    system = found.get("system_under_test") if isinstance(found, dict) else None
    return Record("system", group.division, group.folder, system) if isinstance(system, dict) else None


def _contradictions(record: Record, described: Record, tolerance: float) -> Iterator[tuple[str, str]]:
    clients = [entry for entry in _list(described, "clients") if isinstance(entry, dict)]
    counted = [if_known(Record("", "", "", entry).number, "quantity") for entry in clients]
    hosts, quantity = if_known(record.number, "summary.num_hosts"), sum(count or 0 for count in counted)
    if hosts is not None and clients and None not in counted and hosts != quantity:
        yield f"{hosts:g} hosts", f"the {quantity:g} clients of the description"
    memory = if_known(record.numbers, "summary.host_memory_GB") or ()
    capacity = if_known(Record("", "", "", clients[0]).number, "chassis.memory_capacity") if len(clients) == 1 else None
    mean = sum(memory) / hosts if hosts else 0
    if mean > 0 and capacity and not abs(mean - capacity) <= tolerance * capacity:
        yield f"{mean:.1f} GiB a host", f"the {capacity:g} GiB of the description, within {tolerance:.0%}"
    if (hosts or 0) > 1 and _flag(described, "solution.capabilities.multi_host") is False:
        yield f"{hosts:g} hosts", "multi_host: true in the description"


def _list(record: Record, name: str) -> list[object]:
    found = record.value(name) if record.has(name) else None
    return found if isinstance(found, list) else []


def _flag(record: Record, name: str) -> object:
    return record.value(name) if record.has(name) else None


def _unknown_models(submission: Submission, edition: Edition, category: str) -> Iterator[Breach]:
    models = edition["layout.categories"][category]
    for system in systems(submission, edition):
        for name in submission.listing.folders(f"{system}/{category}"):
            if name not in models:
                yield Breach(
                    Lands.INVALID, "an unknown model", f"one of {', '.join(models)}", f"{system}/{category}/{name}"
                )
