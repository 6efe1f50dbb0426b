"""`--climb`, end to end: real runs at more and more accelerators, a record of each, and one answer."""

import json

import pytest

from tests.suites.session import TINY, session

CLIMB = ("--climb", "-k", "unet3d-b200", *TINY)
FED = "--param=metric.au=0.001"
"""An AU that every storage reaches, so that the limits alone end a climb."""
STARVED = ("--param=train.computation_time=0.000001", "--param=metric.au=0.99")
"""An AU that none reaches."""


@pytest.fixture(scope="module")
def climbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("climbed")
    return session(folder, *CLIMB, FED, "--climb-to=3", f"--html={folder}/r.html")


def test_every_number_is_a_run_of_its_own_and_the_item_has_the_ladder(climbed):
    assert climbed.returncode == 0, climbed.output
    records = climbed.records()
    assert [(record["id"], record["plan"]["run"]) for record in records] == [
        (f"unet3d-b200-x{count}-climb", "climb") for count in (1, 2, 3)
    ]
    ladder = records[-1]["climb"]
    assert [one["accelerators"] for one in ladder["rungs"]] == [1, 2, 3]
    assert ladder["answer"] == "x3 is at 0.1 % AU or above, and no more were tried: --climb-to=3"
    assert [one["samples_per_s"] for one in ladder["rungs"]] == [one["metrics"]["samples_per_s"] for one in records]
    assert [record.get("climb") for record in records[:-1]] == [None, None]
    assert f"climb: {ladder['answer']}" in climbed.output
    (case,) = climbed.testcases()
    properties = {item.get("name"): item.get("value") for item in case.iter("property")}
    assert (properties["item"], properties["climb_accelerators"]) == ("unet3d-b200-x3-climb", "3.0")
    page = (climbed.folder / "r.html").read_text()
    assert ladder["answer"] in page
    assert "over accelerators" in page


def test_the_dataset_is_made_once(climbed):
    assert len({record["dataset"]["started_at"] for record in climbed.records()}) == 1


def test_a_climb_goes_on_where_it_broke_off_and_is_no_part_of_a_result(climbed):
    before = len(climbed.records())
    done = session(climbed.folder, *CLIMB, FED, "--climb-to=4", "--resume")
    assert done.returncode == 0, done.output
    assert len(done.records()) == before + 1
    assert "climb: x4 is at 0.1 % AU or above" in done.output
    # A run of one of these numbers is still to be made.
    alone = session(climbed.folder, *TINY, FED, "-k", "unet3d-b200-x2", "--accelerators=2", "--resume")
    assert "1 skipped" not in alone.output
    assert alone.returncode == 0, alone.output


def test_what_the_first_number_does_not_hold_is_not_tried_with_more(tmp_path):
    starved = (*(option for option in CLIMB if "computation_time" not in option), *STARVED)
    done = session(tmp_path, *starved)
    assert done.returncode == 0, done.output  # whatif asserts nothing
    assert done.line("climb: x1 is not at 99 % AU or above").endswith("so no larger number was tried")
    assert len(done.records()) == 1
    asked = session(tmp_path, *starved, "--division=open")
    assert asked.returncode == 1
    message = asked.testcases()[0].find("failure").get("message")
    assert message.startswith("x1 is not CLOSED or OPEN (AU ")


def test_a_run_that_fails_ends_the_climb_with_what_held_before(tmp_path):
    done = session(tmp_path, *CLIMB, FED, "--climb-to=1")
    assert done.returncode == 0, done.output
    victim = tmp_path / "data" / "unet3d" / "train" / "img_0000003.npz"
    victim.write_bytes(b"")
    done = session(tmp_path, *CLIMB, FED, "--climb-to=2", "--resume")
    assert done.returncode == 1
    assert "x2: " in done.line("holds 0 bytes instead of")
    assert "; the last that is at 0.1 % AU or above is x1" in done.output
    assert "Traceback" not in done.output
    at_once = session(tmp_path, *CLIMB, FED, "--climb-to=2")
    assert "x1: " in at_once.line("holds 0 bytes instead of")
    assert "the last that is" not in at_once.output
    assert "Traceback" not in at_once.output


def test_a_plan_says_how_far_a_climb_may_go_and_runs_nothing(tmp_path):
    done = session(tmp_path, *CLIMB, "--plan")
    assert done.returncode == 0, done.output
    assert "doubles from x1 to x8 at most" in done.output  # 16 samples make eight batches of two
    assert "make no whole batch of 2 for each of 9 accelerators" in done.line("no more than x8: ")
    assert done.records() == []


def test_a_quick_climb_needs_no_storage_named(tmp_path):
    done = session(
        tmp_path,
        "--climb",
        "--climb-to=2",
        "--quick",
        "-k",
        "unet3d",
        FED,
        *(one for one in TINY if "division" not in one),
    )
    assert done.returncode == 0, done.output
    assert [record["quick"] for record in done.records()] == [True, True]
    assert "unet3d-b200-x2-climb  QUICK" in done.output


def test_without_the_option_nothing_climbs_and_with_it_nothing_else_runs():
    from tests.suites.test_compare import answer

    plain = answer("nowhere", "suites", "--collect-only", "-q").stdout
    assert "test_run[" in plain
    assert "test_climb[" not in plain
    climbing = answer("nowhere", "suites", "--climb", "--collect-only", "-q").stdout
    assert "test_climb[unet3d-b200-climb]" in climbing
    assert "test_run[" not in climbing


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["suites/kvcache", "--climb"], "only training workloads climb"),
        (["--climb", "--runs=2"], "--climb and --runs exclude each other: each number of accelerators is run once"),
        (["--climb", "--compare=latest"], "--climb and --compare exclude each other"),
        (["--climb", "--accelerators=1,2"], "--climb begins at one number of accelerators"),
        (["--climb-to=many"], "--climb-to=many: give a whole number above zero"),
        (["--climb-to=2", "--accelerators=4"], "--climb-to=2: the climb begins at 4"),
        (
            ["--climb", "--hosts=h1,h2", "--accelerators=3"],
            "--accelerators=3: rule 3.3.6 wants as many on each of the 2",
        ),
    ],
)
def test_a_wrong_option_is_one_sentence(tmp_path, options, sentence):
    done = session(tmp_path, *options, suite="suites/training" if options[0][0] == "-" else options.pop(0))
    assert done.returncode == 4
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_the_records_of_a_climb_keep_to_the_schema(climbed):
    import jsonschema

    from tests.suites.test_training_suite import SCHEMA

    for record in climbed.records():
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(record)))
