"""Threads stand in for processes: the counters know no difference."""

import os
import random
import threading
import time

import pytest

from storagebench.launch.event_barrier import EventBarrier, make_counters


@pytest.fixture
def counters():
    made = make_counters()
    yield made
    for descriptor in made:
        os.close(descriptor)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_nobody_goes_on_before_all_have_come(counters, size):
    rounds, come, early = 300, [0] * 300, []

    def work(rank):
        barrier, draws = EventBarrier(counters, rank, size), random.Random(rank)
        for number in range(rounds):
            if draws.random() < 0.02:
                time.sleep(0.002)
            with counting:
                come[number] += 1
            barrier.wait(lambda: None)
            if come[number] < size:
                early.append((rank, number))

    counting = threading.Lock()
    crew = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join(120)
    assert come == [size] * rounds
    assert early == []


@pytest.mark.parametrize("late_rank", [0, 1])
def test_who_waits_long_says_so_and_who_is_last_does_not(counters, monkeypatch, late_rank):
    monkeypatch.setattr("storagebench.launch.event_barrier.PATIENCE_S", 0.05)
    said, heard = [], threading.Event()

    def tell(rank):
        said.append(rank)
        heard.set()

    def work(rank):
        if rank == late_rank:
            heard.wait(60)
        EventBarrier(counters, rank, 2).wait(lambda: tell(rank))

    crew = [threading.Thread(target=work, args=(rank,)) for rank in range(2)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join(60)
    assert said[0] == 1 - late_rank
    assert len(said) == len(set(said))
