"""Chapter 3 of the rules, the description of a system: one file a system, held against the edition's shapes.

A finding names the file and the line where the reader found one: `documents["<path>#lines"]` maps dotted names to lines.
"""

import functools
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from rules.places import submitters
from rules.registry import Breach, rule
from rules.shapes import Problem, Shapes
from rules.system_cross import CROSS
from storagebench.model import Edition, Lands, Submission

system = functools.partial(rule, family="system", scope="submission")

REMAPPING = ("remap_time_in_seconds",)
SIMULTANEOUS = ("simultaneous_write", "simultaneous_read", "multi_host")
MOST = 200
"""Mistakes of one file that are named: a file with more of them is no description."""
CAPABILITIES = "system_under_test.solution.capabilities"


@system("2.1.7", "systemsDirectoryFiles.schema", editions="3.0", numbers="shapes open_shapes")
def descriptions_follow_the_schema(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Every systems/<system>.yaml can be read, has the form of the schema, and does not contradict itself.

    Unknown keys are errors, but for drives. The schema of the round's end: with usable capacity and availability, and
    with the total of rack units below the solution or beside it, as both have been published. Cross-field rules 1 to
    17, and product nodes for remote storage on premises; 13 is the next rule's.
    Reads: the YAML files of every systems folder.
    """
    for path in _descriptions(submission, edition):
        if path not in submission.documents:
            yield Breach(Lands.INVALID, submission.problems.get(path, "is empty"), "a description in YAML", path)
        for problem in _problems(submission, edition, path):
            if not _tagged(problem, REMAPPING) and not _tagged(problem, SIMULTANEOUS):
                yield _breach(submission, path, problem)


@system("4.7.3", "checkpointRemappingTimeReporting.declared", editions="3.0")
def remapping_time_is_declared(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Every description says how long remapping takes: 0 exactly when writing and reading are both simultaneous.

    What a checkpointing run shows of it is checkpointRemappingTimeReporting. Reads: capabilities of each description.
    """
    for path in _descriptions(submission, edition):
        for problem in _problems(submission, edition, path):
            if _tagged(problem, REMAPPING):
                yield _breach(submission, path, problem)


@system("4.7.4", "checkpointSimultaneousRwSupport.declared", editions="3.0")
def capabilities_are_declared(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Every description says whether many hosts may use the system, and whether they may write and read at once.

    What a checkpointing run shows of it is checkpointSimultaneousRwSupport. Reads: capabilities of each description.
    """
    for path in _descriptions(submission, edition):
        for problem in _problems(submission, edition, path):
            if _tagged(problem, SIMULTANEOUS):
                yield _breach(submission, path, problem)


@system("x", "x-system-description", editions="1.0 2.0", warns=True, numbers="shapes")
def descriptions_have_the_parts_of_the_example(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Every description can be read and has the parts that the descriptions of its edition have in common.

    Edition 1.0 asked for JSON by a schema kept elsewhere, 2.0 for YAML after an example; nobody checked either, and
    eight of the 52 files of 1.0 are no JSON and were published. Reads: the files of every systems folder.
    """
    for path in sorted({*submission.documents, *submission.problems}):
        if path.split("/")[-2:-1] != ["systems"] or path.endswith("#lines"):
            continue
        if path in submission.problems:
            yield Breach(Lands.ADVICE, submission.problems[path], "a description that can be read", path)
        for problem in _problems(submission, edition, path):
            yield _breach(submission, path, problem)


@system("x", "x-client-switches", editions="3.0", warns=True)
def switches_belong_to_the_storage(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A switch of the product carries traffic between its nodes; one that only serves clients is not storage.

    Three submitters of the round counted such switches and had rack units and watts corrected.
    Reads: product_switches of each description.
    """
    for path in _descriptions(submission, edition):
        found = submission.documents.get(path)
        described = found.get("system_under_test") if isinstance(found, Mapping) else None
        switches = described.get("product_switches") if isinstance(described, Mapping) else None
        for i, switch in enumerate(switches if isinstance(switches, list) else ()):
            ports = switch.get("ports") if isinstance(switch, Mapping) else None
            carried = (
                [port.get("traffic") for port in ports if isinstance(port, Mapping)] if isinstance(ports, list) else []
            )
            kinds = {str(kind) for traffic in carried if isinstance(traffic, list) for kind in traffic}
            if kinds and "backend" not in kinds:
                problem = Problem(f"system_under_test.product_switches.{i}", f"carries {', '.join(sorted(kinds))}", "")
                yield _breach(submission, path, problem._replace(needs="backend traffic, or no place in the product"))


def _descriptions(submission: Submission, edition: Edition) -> Iterator[str]:
    for submitter in submitters(submission, edition):
        for name in submission.listing.files(f"{submitter}/systems"):
            if name.endswith(".yaml") and not name.startswith("."):
                yield f"{submitter}/systems/{name}"


def _problems(submission: Submission, edition: Edition, path: str) -> Iterator[Problem]:
    if path in submission.documents:
        shapes = Shapes(edition["system.shapes"], tuple(edition["system.open_shapes"]))
        found = submission.documents[path]
        yield from itertools.islice(itertools.chain(shapes.problems(found), _contradictions(found)), MOST)


def _contradictions(found: Any) -> Iterator[Problem]:
    described = found.get("system_under_test") if isinstance(found, Mapping) else None
    if isinstance(described, Mapping):
        for name, saw, needs in itertools.chain.from_iterable(cross(described) for cross in CROSS):
            yield Problem(f"system_under_test.{name}".rstrip("."), saw, needs)


def _tagged(problem: Problem, keys: tuple[str, ...]) -> bool:
    wrong = {f"{CAPABILITIES}.{key}" for key in keys}
    return problem.name in wrong or (problem.name == CAPABILITIES and problem.needs in wrong)


def _breach(submission: Submission, path: str, problem: Problem) -> Breach:
    """Make the breach, on the line of the value or of what should hold it."""
    lines: Any = submission.documents.get(f"{path}#lines", {})
    name = problem.name
    while name and name not in lines:
        name = name.rpartition(".")[0]
    where = f"{path}:{lines[name]}" if name in lines else path
    return Breach(Lands.INVALID, f"{problem.name or 'the file'}: {problem.saw}", problem.needs, where)
