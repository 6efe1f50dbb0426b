"""When a run stands still: decided by signs of life alone, told once, and said in one sentence."""

from hypothesis import given
from hypothesis import strategies as st

from storagebench.watch.stall import Detector, Place, Rank, io_counters, places, sentence

RANKS = (Rank(0, "h1", 10), Rank(1, "h1", 11), Rank(2, "h2", 10))


def test_silence_with_still_counters_is_told_once():
    detector = Detector(600, now=0)
    assert [detector.see(now, {"rank 0": 5}) for now in (300, 599, 600, 900, 1500)] == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert detector.silent_s(1500) == 1500


def test_the_stacks_that_stalled_ranks_write_down_are_no_life():
    detector = Detector(600, now=0)
    assert detector.see(600, {"rank 0": 5})
    assert [detector.see(now, {"rank 0": 1005}) for now in (750, 900, 1500)] == [False, False, False]
    assert detector.silent_s(1500) == 1500


def test_io_without_a_word_is_life():
    detector = Detector(600, now=0)
    assert not any(detector.see(now, {"rank 0": now}) for now in range(0, 6000, 150))


def test_one_rank_that_reads_is_enough():
    detector = Detector(600, now=0)
    assert not any(detector.see(now, {"rank 0": 5, "rank 1": now}) for now in range(0, 6000, 150))


def test_a_word_of_progress_ends_a_stall_and_the_next_one_is_told_again():
    detector = Detector(600, now=0)
    assert detector.see(600, {"rank 0": 5})
    detector.hear(700)
    assert not detector.see(1200, {"rank 0": 5})
    assert detector.see(1300, {"rank 0": 5})


def test_a_run_that_talks_is_never_looked_at():
    detector = Detector(600, now=0)
    detector.hear(1)
    assert not detector.needs_look()
    assert detector.needs_look()


@given(st.lists(st.tuples(st.floats(0.1, 400), st.sampled_from(["word", "io", "nothing"])), max_size=60))
def test_a_stall_is_told_only_after_silence_of_that_length_and_then_always(course):
    detector, now, alive_at, counter, told = Detector(600, now=0.0), 0.0, 0.0, 0, False
    seen = False
    for step_s, what in course:
        now += step_s
        if what == "word":
            detector.hear(now)
            alive_at, told, seen = now, False, False
            continue
        counter += what == "io"
        stalled = detector.see(now, {"rank 0": counter})
        if what == "io" and seen:
            alive_at, told = now, False
        seen = not stalled
        assert stalled == (not told and now - alive_at >= 600)
        told = told or stalled


def answer(pid, io, threads=(("S", "futex_wait"),), sectors=7):
    return {"device_sectors": sectors, "ranks": [{"pid": pid, "io": io, "threads": [list(one) for one in threads]}]}


def test_ranks_count_by_their_processes_and_a_host_that_hides_them_by_its_device():
    looked = {"h1": answer(10, 100), "h2": answer(10, None)}
    assert io_counters(RANKS, looked) == {"rank 0": 100, "device of h2": 7}


def test_a_rank_is_where_its_threads_are():
    looked = {"h1": answer(10, 1, [("S", "futex_wait"), ("D", "folio_wait"), ("D", "folio_wait"), ("R", "")])}
    first, second, third = places(RANKS, looked)
    assert first.text == "S futex_wait, 2 threads D folio_wait, 1 thread R"
    assert second.text == "gone"
    assert third.text == "its host does not answer"


def test_ranks_at_one_place_are_named_together():
    waiting = (("S", "futex_wait"),)
    found = [Place(Rank(number, "h1", 100 + number), waiting) for number in range(8)]
    found.append(Place(Rank(8, "h2", 4711), (("D", "rpc_wait"),)))
    said = sentence(605, "epoch 3/5", found)
    assert said == (
        "no progress and no I/O for 10 min 5 s in epoch 3/5: ranks 0-7 on h1 S futex_wait; rank 8 on h2 (pid 4711) D rpc_wait"
    )


def test_a_sentence_stays_one_however_many_ranks_there_are():
    found = [Place(Rank(number, f"h{number}", 1), (("S", "x"),)) for number in range(1000)]
    assert sentence(600, "", found).endswith("rank 3 on h3 (pid 1) S x; 996 more")
    assert sentence(600, "", []).endswith(": its ranks have not met yet")
