"""Folders and files of a submission: what the examples of the rules (test_chapters.py) leave to say."""

import dataclasses
import itertools

from hypothesis import given
from hypothesis import strategies as st

from storagebench.edition import edition_names, load_edition
from storagebench.judge import judge
from storagebench.model import Listing, Submission, Verdict
from tests.rules.golden_submission import CACHE, PHASES, RESULTS, RUNS, SYSTEM, description, submission
from tests.rules.golden_submission import golden_group as group

TRAINING, DATAGEN = f"{RESULTS}/training/unet3d", PHASES[1]


def found(subject: Submission, edition: str = "3.0", *, as_of_round: bool = False) -> list[tuple[str, str]]:
    findings = judge(subject, load_edition(edition, as_of_round=as_of_round), "layout").findings
    return [(finding.rule_name, finding.where) for finding in findings]


def described(**changes) -> dict[str, object]:
    found = description()
    found["system_under_test"]["clients"][0]["quantity"] = changes.get("clients", 1)
    found["system_under_test"]["solution"]["capabilities"]["multi_host"] = changes.get("multi_host", True)
    return {SYSTEM: found}


def hosts(count: int, *memory: float) -> dict[str, object]:
    return {"groups": (group(summary={"num_hosts": count, "host_memory_GB": list(memory)}),)}


def test_hosts_memory_and_capability_are_each_held_against_the_description():
    def said(subject):
        findings = judge(subject, load_edition("3.0"), "layout").findings
        return [f"{finding.saw}; {finding.needs}" for finding in findings if finding.where == RUNS[0]]

    two = hosts(2, 250, 250)
    assert said(submission(**two, documents=described(clients=2))) == []
    assert said(submission(**hosts(2, 500, 0), documents=described(clients=2))) == []  # only the sum can be trusted
    assert said(submission(**two)) == ["2 hosts; the 1 clients of the description"]
    alone = described(clients=2, multi_host=False)
    assert said(submission(**two, documents=alone)) == ["2 hosts; multi_host: true in the description"]
    assert said(submission(groups=(group(summary={}),))) == []


def test_a_pruned_log_is_there_and_a_reader_is_told():
    pruned = submission(sizes={f"{RUNS[1]}/dlio.log": 16})
    (finding,) = judge(pruned, load_edition("3.0"), "layout").findings
    assert finding.lands == 0
    assert (finding.where, finding.saw) == (RUNS[1], "pruned to 16 bytes: dlio.log")


def test_a_damaged_table_and_a_lost_one_are_each_said():
    path = f"{TRAINING}/run/results.json"
    damaged = submission(documents={path: None}, problems={path: "is not JSON"})
    assert [where for name, where in found(damaged) if name == "rollupTableAgreement"] == [
        path,
        "closed/acme/results/results.json",
    ]


def test_databases_may_lie_below_engine_and_index_or_below_the_index_alone():
    for above in ("milvus/DISKANN", "DISKANN"):
        leaf = f"{RESULTS}/vector_database/{above}/run/20260715_100000"
        assert ("runLeafMetadata", leaf) in found(submission(f"{leaf}/summary.json"))
        assert found(submission(f"{leaf}/vector_database_20260715_100000_metadata.json")) == []


def test_what_lies_below_a_division_in_capitals_is_judged_all_the_same():
    files = {path.replace("closed/", "Closed/"): 1 for path in submission().listing.sizes}
    tree = Submission("tree", Listing({**files, "Closed/a b/results/x/y": 1}), ())
    assert ("topLevelSubdirectories", "") in found(tree)
    assert ("submitterRootDirectory", "Closed/a b") in found(tree)
    assert not [name for name, _ in found(tree, "1.0")[1:]]


def test_code_was_demanded_of_closed_in_the_round_unless_there_was_a_pool():
    code = [("requiredSubdirectories", "closed/acme")]
    without = submission(without="mlps-image-pool")
    assert [one for one in found(without, as_of_round=True) if one in code] == code
    names = [name for name, _ in found(submission("closed/acme/code/x", without="mlps-image-pool"), as_of_round=True)]
    assert "requiredSubdirectories" not in names


WORDS = [
    "closed",
    "open",
    "Closed",
    "acme",
    "results",
    "systems",
    "training",
    "unet3d",
    "run",
    "datagen",
    "dlio_config",
]
WORDS += ["checkpointing", "20260712_080000", "a b", ".x", "x.yaml", "code", "code-01234567", ".mlps-image-pool"]
PATHS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map("/".join)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3),
    max_leaves=6,
)


@given(st.lists(PATHS, max_size=12), st.sampled_from(edition_names()), st.booleans())
def test_any_tree_is_answered(paths, edition, as_of_round):
    files = [path for path in paths if not any(other.startswith(f"{path}/") for other in paths)]
    judge(Submission("tree", Listing(dict.fromkeys(files, 1)), ()), load_edition(edition, as_of_round=as_of_round))


@given(st.data(), JUNK)
def test_any_document_and_any_fact_is_answered(data, junk):
    path = data.draw(st.sampled_from(sorted(submission().documents)))
    fact = data.draw(st.sampled_from(["summary", "args", "organisation", "path"]))
    spoilt = submission(documents={path: {} if junk is None else junk}, groups=(group(**{fact: junk}),))
    judge(spoilt, load_edition("3.0"))
    judge(spoilt, load_edition("3.0", as_of_round=True))


def test_a_tree_as_deep_as_paths_can_be_is_answered():
    deep = "/".join(["closed", "acme", "results", "one", "kv_cache", *itertools.repeat("a", 2000), "x"])
    judge(dataclasses.replace(submission(), listing=Listing({deep: 1})), load_edition("3.0"))


BREACHES = [
    "results/x/y",
    "closed/a b/z",
    "closed/acme/code/x",
    "closed/acme/systems/two.pdf",
    f"{CACHE}/2_metadata.json",
]


@given(st.sets(st.sampled_from(BREACHES)), st.sampled_from(BREACHES))
def test_adding_a_breach_never_improves_the_verdict(breaches, more):
    before, after = (
        judge(submission(*files), load_edition("3.0"), "layout").verdict for files in (breaches, breaches | {more})
    )
    assert after >= before
    assert after is Verdict.INVALID
