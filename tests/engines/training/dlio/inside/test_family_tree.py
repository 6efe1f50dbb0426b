"""What a process and its children used, those that have ended included."""

import multiprocessing

from storagebench.engines.training.dlio.inside.family_tree import usage


def _work(done, go_on):
    total = sum(number * number for number in range(2_000_000))
    done.put(total)
    go_on.wait()


def test_children_count_while_they_live_and_after():
    context = multiprocessing.get_context("fork")
    done, go_on = context.Queue(), context.Event()
    before = usage()
    child = context.Process(target=_work, args=(done, go_on))
    child.start()
    done.get()
    during = usage()
    go_on.set()
    child.join()
    after = usage()
    assert before.cpu_s < during.cpu_s <= after.cpu_s
    assert before.memory_bytes > 0
    assert after.process_read_bytes >= before.process_read_bytes
