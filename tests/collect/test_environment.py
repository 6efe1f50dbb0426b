"""All that is wrong is said at once, before anything starts."""

import resource
from dataclasses import replace
from pathlib import Path

import pytest

from storagebench.collect import probe
from storagebench.collect.environment import problems
from storagebench.collect.host import facts_of
from storagebench.collect.problem import Problem, refuse
from storagebench.collect.reach import reach
from storagebench.errors import ClusterError
from storagebench.model import Cluster, Dataset, Host
from storagebench.plan import check_memory
from tests.engines.training.plans import make_plan

DATASET = Dataset(model="unet3d", format="npz", num_files=4, num_samples_per_file=1, record_length_bytes=1000)


@pytest.fixture
def plan(tmp_path):
    """A plan with nothing wrong but that its results are on the data's filesystem."""
    (tmp_path / "results").mkdir()
    return replace(make_plan(DATASET, tmp_path), results_dir=str(tmp_path / "results"), data_dir=str(tmp_path))


def texts(plan, *checks, stops=True):
    return [problem.text for problem in problems(plan, *checks) if problem.stops is stops]


def test_a_sound_plan_has_nothing_in_its_way(plan):
    assert texts(plan) == []
    refuse(problems(plan))


def test_results_beside_the_data_are_worth_a_word(plan):
    assert ["rule 3.4.2" in text for text in texts(plan, stops=False)] == [True]


def test_data_in_memory_is_worth_a_word_and_apart_from_results(plan):
    found = texts(replace(plan, data_dir="/dev/shm"), stops=False)
    assert found == ["--data-dir=/dev/shm is on tmpfs, memory: figures will not be those of storage"]


def test_a_data_dir_that_is_not_there_is_not_made_silently(plan, tmp_path):
    missing = replace(plan, data_dir=str(tmp_path / "forgotten"))
    assert [text.split(":")[0] for text in texts(missing)] == [f"--data-dir={tmp_path}/forgotten is no directory"]
    assert texts(replace(missing, quick=True)) == []


def test_a_folder_that_cannot_be_written_is_named(plan):
    assert texts(replace(plan, results_dir="/proc/nowhere")) == [
        "--results-dir=/proc/nowhere cannot be written: No such file or directory; choose another"
    ]


def test_mpi_wants_an_mpirun_and_known_hosts(tmp_path):
    found = [problem.text for problem in reach((Host("nohost.invalid", 4), Host("127.0.0.1", 4)), str(tmp_path))]
    assert len(found) == 2
    assert found[0].startswith("--mpi-bin")
    assert "nohost.invalid" in found[1]


def test_mpi_wants_a_slot_for_each_rank(plan):
    wanted = replace(plan, launcher="mpi", accelerators=9, hosts=(Host("h1", 4), Host("h2", 4)))
    assert [text.partition(":")[0] for text in texts(wanted)] == ["--hosts has 8 slots for 9 ranks"]


def test_too_few_descriptors_come_with_the_command_that_raises_them(plan):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        found = texts(replace(plan, accelerators=100))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found == ["464 open files are needed and 256 allowed: run `ulimit -n 464` first"]


def test_what_a_family_refuses_stands_beside_the_rest(plan):
    greedy = replace(plan, prediction=replace(plan.prediction, memory_bytes_per_host=2**60, working=("1 EiB",)))
    cluster = Cluster((facts_of(probe.answer({})),), "local", "2026-01-01T00:00:00+00:00")
    (found,) = texts(greedy, lambda: check_memory(greedy, cluster))
    assert "(1 EiB); lower --accelerators" in found


def test_one_problem_is_one_sentence_and_several_are_a_list():
    advice = Problem("nice to know", stops=False)
    refuse([advice])
    with pytest.raises(ClusterError, match="^no mpirun$"):
        refuse([Problem("no mpirun", stops=True), advice])
    with pytest.raises(ClusterError, match="^2 things are in the way of this run:\n  1. a\n  2. b$"):
        refuse([Problem("a", stops=True), Problem("b", stops=True), advice])


def test_nothing_is_left_in_the_folders(plan, tmp_path):
    problems(plan)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["results"]
    assert not list(Path(plan.results_dir).iterdir())
