"""Hosts that do not agree, or are unfit, from facts alone: what stops a run, what is a warning, who shares a sentence."""

import sys
from dataclasses import replace

import pytest

from storagebench.collect import probe
from storagebench.collect.agreement import conditions, disagreements, unlocked
from storagebench.collect.host import facts_of
from storagebench.collect.survey import Sight, Survey
from storagebench.collect.versions import CHECKOUT
from storagebench.model import Dataset
from tests.engines.training.plans import make_plan

DATASET = Dataset(model="unet3d", format="npz", num_files=4, num_samples_per_file=1, record_length_bytes=1000)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """A plan, and what this host sees of it; another host that sees the same agrees."""
    folder = tmp_path_factory.mktemp("storage")
    plan = replace(make_plan(DATASET, folder), data_dir=str(folder), results_dir="/nowhere")
    (folder / "sentinel").write_text("text")
    asked = {
        "paths": [plan.storage_dir, plan.results_dir],
        "sentinel": f"{folder}/sentinel",
        "python": sys.executable,
        "checkout": str(CHECKOUT / "storagebench"),
    }
    return plan, probe.answer(asked)


def said(seen, **changed):
    plan, answer = seen
    other = Sight("h2", {**answer, **changed})
    found = disagreements(plan, Survey(Sight("this host", answer), (Sight("h1", answer), other), "text"))
    return [(problem.text, problem.stops) for problem in found]


def test_hosts_that_see_the_same_agree(seen):
    assert said(seen) == []


@pytest.mark.parametrize(
    ("changed", "words", "stops"),
    [
        ({"python": {"path": "/v/python", "error": "No such file"}}, "h2: the Python of this environment (/v/python) No such", True),
        ({"python": {"path": "/v/python", "version": "3.9.1"}}, "h2: Python is 3.9.1 there and", True),
        ({"python": {"path": "/v", "version": "3.11.99"}}, "h2: Python is 3.11.99 there and", False),
        ({"checkout": {"path": "/c", "digest": None}}, "h2: there is no checkout at", True),
        ({"checkout": {"path": "/c", "digest": "0"}}, "is another one than here: update it", True),
        ({"sentinel": None}, "is another storage there: a file written here does not show", True),
        ({"sentinel": "other"}, "is another storage there", True),
        ({"open_files": 64}, "h2: a rank needs", True),
    ],
)  # fmt: skip
def test_a_host_that_differs_is_named_with_what_to_do(seen, changed, words, stops):
    if sys.version_info[:2] != (3, 11) and "3.11.99" in str(changed):
        pytest.skip("this Python is of another series")
    ((text, stopping),) = said(seen, **changed)
    assert words in text
    assert stopping is stops


def test_a_storage_that_is_not_mounted_stops_the_run(seen):
    plan, answer = seen
    paths = {path: {**look, "is_directory": False} for path, look in answer["paths"].items()}
    assert said(seen, paths=paths) == [
        (f"h2: --data-dir={plan.data_dir} is no directory there: mount the storage", True)
    ]


def test_memory_is_no_storage_and_results_belong_elsewhere(seen):
    plan, answer = seen
    looks = {path: {**answer["paths"][plan.data_dir], "existing": "/mem"} for path in answer["paths"]}
    files = {**answer["files"], "/proc/self/mountinfo": "30 1 0:27 / /mem rw - tmpfs tmpfs rw\n"}
    (first, _), (second, _) = said(seen, paths=looks, files=files)
    assert "is on tmpfs there, memory: figures will not be those of storage" in first
    assert "rule 3.4.2 wants them apart" in second


HEALTHY = replace(facts_of(probe.answer({})), meminfo={}, memory_limit_bytes=None, cpu_limit=None)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"meminfo": {"SwapTotal": "2097152 kB", "SwapFree": "1048576 kB"}}, "1.00 GiB are in swap"),
        ({"memory_limit_bytes": 2**30}, "a control group allows 1.00 GiB of"),
        ({"cpu_limit": 0.5}, "a control group allows 0.5 of"),
        ({"clock_offset_s": -90.0, "clock_uncertainty_s": 0.2}, "the clock is 90.0 s behind this host's"),
        ({"clock_offset_s": 90.0, "clock_uncertainty_s": 0.2}, "the clock is 90.0 s ahead of this host's"),
    ],
)
def test_what_taints_figures_is_a_warning_that_hosts_share(facts, words):
    tainted = replace(HEALTHY, **facts)
    (problem,) = conditions([("h1", tainted), ("h2", HEALTHY), ("h3", tainted)])
    assert problem.text.startswith("h1, h3: ")
    assert words in problem.text
    assert not problem.stops


def test_a_clock_within_its_uncertainty_is_right():
    slow = replace(HEALTHY, clock_offset_s=3.0, clock_uncertainty_s=2.5)
    assert conditions([("h1", HEALTHY), ("h2", slow)]) == []


def test_environments_are_held_against_the_lock_and_share_a_sentence():
    pinned = {"numpy": "2.4.0", "pyarrow": "21.0"}
    found = unlocked(
        pinned, [("h1", {"NumPy": "2.3"}), ("h2", {"numpy": "2.3"}), ("h3", {"numpy": "2.4.0", "pyarrow": "21.0"})]
    )
    (problem,) = found
    assert problem.stops
    assert problem.text.startswith(
        "h1, h2: the environment is not that of requirements.lock: numpy 2.3 instead of 2.4.0, pyarrow is missing; mend it with `"
    )
