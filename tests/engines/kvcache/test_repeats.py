"""One seed is one plan and one multiset of operations: with 1 and 32 threads, on 1 and 2 ranks of MPI, twice in a row."""

from collections import Counter

import pytest

from storagebench.engines.kvcache.trace import make_trace
from storagebench.launch import Job
from storagebench.launch.mpi import MpiLauncher
from storagebench.model import LOCALHOST
from storagebench.serial import to_json
from storagebench.units import GIB, MIB
from tests.engines.kvcache import stages

SEED, THREADS = 42, (1, 32)


def stage_of(keys):
    """Make a stage with far more requests at a time than one thread can read for."""
    load = {"most_gib_per_s": 0.05, "fill_bytes": 4 * MIB, "in_flight": 16}
    return stages.stage(
        "chat", tiers={"storage_bytes": GIB} if keys == "shared" else {}, storing={"keys": keys}, load=load
    )


def execute(folder, keys, ranks, launcher=None, hosts=(LOCALHOST,)):
    """Execute the whole plan under mpirun; return each rank's plan, and what it did with few and with many threads."""
    payload = {"stage": to_json(stage_of(keys)), "seed": SEED, "folder": str(folder), "threads": THREADS}
    job = Job(module="tests.engines.kvcache.whole_plan_ranks", payload=payload, ranks=ranks, hosts=hosts)
    said = (launcher or MpiLauncher()).run(job, lambda _: None)
    return [(one["plan"], *({tuple(row): n for *row, n in once} for once in one["done"])) for one in said]


def planned(seed, keys, ranks=1):
    trace = make_trace(stage_of(keys), seed, ranks)
    rows = trace.operations[["object", "kind", "version"]].tolist()
    return trace.sha256, Counter(rows)


@pytest.mark.parametrize("ranks", [1, 2])
def test_ranks_with_keys_of_their_own_do_the_plans_of_their_seeds_every_time(tmp_path, ranks):
    wanted = [planned(SEED + rank, "private") for rank in range(ranks)]
    for attempt in ("first", "second"):
        for (sha256, operations), (plan, few, many) in zip(
            wanted, execute(tmp_path / attempt, "private", ranks), strict=True
        ):
            assert plan == sha256
            assert few == many == operations


def test_ranks_that_share_keys_do_one_plan_together_every_time(tmp_path):
    sha256, operations = planned(SEED, "shared", 2)
    for attempt in ("first", "second"):
        (plan, few, many), (other_plan, other_few, other_many) = execute(tmp_path / attempt, "shared", 2)
        assert plan == other_plan == sha256
        assert few == many
        assert other_few == other_many
        assert Counter(few) + Counter(other_few) == operations
