"""Progress: rank 0 alone, not too often, and always the end."""

from storagebench.engines.progress import Progress
from storagebench.launch import Job
from tests.engines.training.examples import HOSTS, OneOfMany


def told_by(rank, calls):
    heard = []
    job = Job(module="none", payload={}, ranks=4, hosts=HOSTS)
    progress = Progress(OneOfMany(job, rank, heard.append), "epoch 1/2", 1000, "steps")
    for done in calls:
        progress(done, done * 10)
    return heard


def test_rank_0_speaks_for_all_and_says_the_first_and_the_last_word():
    first, *_, last = told_by(0, range(1, 1001))
    assert first == {"kind": "progress", "stage": "epoch 1/2", "total": 1000, "unit": "steps", "done": 1, "bytes": 40}
    assert (last["done"], last["bytes"]) == (1000, 40_000)


def test_words_are_held_back_while_the_last_one_is_fresh():
    assert len(told_by(0, range(1, 1001))) < 100


def test_the_total_is_never_exceeded():
    assert told_by(0, [1002])[-1]["done"] == 1000


def test_other_ranks_are_silent():
    assert told_by(1, range(1, 1001)) == []
