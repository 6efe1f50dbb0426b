"""Every rule on the tree has a listing that just passes and one that just fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import RULES
from storagebench.edition import edition_names, load_edition
from storagebench.judge import judge
from storagebench.model import Listing, Submission, Verdict

GOLDEN = (
    "closed/acme/systems/one.yaml",
    "closed/acme/systems/one.pdf",
    "closed/acme/results/one/training/unet3d/datasize/20260101_000000/training_x_metadata.json",
    "closed/acme/results/one/training/unet3d/datagen/20260101_000000/training_x_metadata.json",
    "closed/acme/results/one/training/unet3d/run/20260101_000000/summary.json",
    "closed/acme/results/one/checkpointing/llama3-8b/20260101_000000/summary.json",
)


def submission(*more: str, without: str = "?") -> Submission:
    paths = [path for path in GOLDEN if without not in path]
    return Submission("tree", Listing(dict.fromkeys((*paths, *more), 1)), ())


def found(subject: Submission, edition: str = "3.0", *, as_of_round: bool = False) -> list[tuple[str, str]]:
    findings = judge(subject, load_edition(edition, as_of_round=as_of_round), "layout").findings
    return [(finding.rule_name, finding.where) for finding in findings]


@pytest.mark.parametrize("edition", edition_names())
def test_the_golden_tree_is_closed(edition):
    assert found(submission(), edition) == []


@pytest.mark.parametrize(
    ("more", "without", "name", "where"),
    [
        (["closed/acme inc/results/x/training/unet3d/run/s"], "?", "submitterRootDirectory", "closed/acme inc"),
        (["results/one/file"], "?", "topLevelSubdirectories", "results"),
        (["closed/acme/code/main.py"], "?", "requiredSubdirectories", "closed/acme/code"),
        (["closed/acme/systems/two.pdf"], "?", "systemsDirectoryFiles", "closed/acme/systems/two.pdf"),
        ([], "systems/one.pdf", "systemsDirectoryFiles", "closed/acme/systems/one.yaml"),
        ([], "systems/one.yaml", "resultsDirectorySystems", "closed/acme/results/one"),
        (["closed/acme/results/one/inference/x/file"], "?", "workloadCategories", "closed/acme/results/one/inference"),
        (
            ["closed/acme/results/one/training/dlrm/datasize/a", "closed/acme/results/one/training/dlrm/datagen/a"],
            "?",
            "trainingWorkloads",
            "closed/acme/results/one/training/dlrm",
        ),
        ([], "datasize", "trainingPhases", "closed/acme/results/one/training/unet3d"),
        (
            ["closed/acme/results/one/checkpointing/llama2/s/summary.json"],
            "?",
            "checkpointingWorkloads",
            "closed/acme/results/one/checkpointing/llama2",
        ),
    ],
)
def test_a_tree_just_fails(more, without, name, where):
    assert (name, where) in found(submission(*more, without=without))


def test_every_rule_of_the_chapter_is_seen_to_fire():
    named = {rule.name for rule in RULES.values() if rule.family == "layout"}
    cases = next(mark for mark in test_a_tree_just_fails.pytestmark if mark.name == "parametrize").args[1]
    assert {case[2] for case in cases} == named


def test_dot_files_markdown_and_image_pools_are_tolerated():
    allowed = (
        ".git/config",
        "closed/acme/systems/README.md",
        "closed/acme/systems/.keep",
        "acme/.mlps-image-pool",
        "acme/code-1/x",
    )
    assert found(submission(*allowed)) == []


def test_a_code_folder_was_part_of_the_round():
    assert found(submission("closed/acme/code/main.py"), as_of_round=True) == []


def test_older_editions_were_published_with_capitals():
    tree = Submission("tree", Listing({"Closed/acme/results/one/unet3d/run1/summary.json": 1}), ())
    assert found(tree, "1.0") == []
    assert ("topLevelSubdirectories", "") in found(tree, "3.0")


PATHS = st.lists(
    st.sampled_from(["closed", "open", "acme", "results", "systems", "training", "run", "a b", ".x", "x.yaml"]),
    min_size=1,
    max_size=7,
)


@given(st.lists(PATHS.map("/".join), max_size=12), st.sampled_from(edition_names()))
def test_any_tree_is_answered(paths, edition):
    files = [path for path in paths if not any(other.startswith(f"{path}/") for other in paths)]
    judge(Submission("tree", Listing(dict.fromkeys(files, 1)), ()), load_edition(edition))


@given(st.sets(st.sampled_from(["results/x/y", "closed/a b/z", "closed/acme/code/x", "closed/acme/systems/two.pdf"])))
def test_adding_a_breach_never_improves_the_verdict(breaches):
    before = judge(submission(), load_edition("3.0"), "layout").verdict
    after = judge(submission(*breaches), load_edition("3.0"), "layout").verdict
    assert after >= before
    assert (after is Verdict.INVALID) == bool(breaches)
