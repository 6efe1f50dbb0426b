"""The loader: in order, never too far ahead, never silent about a failure."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.training.loader import Loader, batches_ahead
from storagebench.engines.training.schedule import Piece
from storagebench.errors import EngineError


class Batches:
    """Steps with given numbers of pieces; a piece's file is its step."""

    def __init__(self, sizes: list[int]) -> None:
        self.sizes = sizes
        self.steps = len(sizes)

    def pieces(self, step: int) -> Iterator[Piece]:
        return (Piece(step, number, 1) for number in range(self.sizes[step]))


class Seen:
    """Reads nothing, notes what was begun, and waits at a gate."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, piece: Piece) -> int:
        self.begun.append(piece.file)
        self.gate.wait()
        return 10


@pytest.mark.parametrize(
    ("threads", "prefetch", "batches"),
    [(4, 2, 4), (4, 5, 8), (4, None, 4), (1, 3, 3), (8, 0, 16), (2, -1, 4), (0, 2, 0), (0, 0, 0)],
)
def test_the_bound_is_dlios(threads, prefetch, batches):
    assert batches_ahead(threads, prefetch) == batches


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.integers(1, 4), st.integers(0, 6))
def test_every_batch_arrives_whole_and_in_order(sizes, threads, ahead):
    with Loader(Batches(sizes), [Seen()] * threads, ahead) as loader:
        assert [loader.next_batch() for _ in sizes] == [10 * size for size in sizes]


@given(st.integers(1, 4), st.integers(1, 6))
def test_readers_are_never_further_ahead_than_the_bound(threads, ahead):
    taken, too_far = 0, []

    def read(piece: Piece) -> int:
        if piece.file >= taken + ahead:
            too_far.append((piece.file, taken))
        return 1

    with Loader(Batches([2] * 12), [read] * threads, ahead) as loader:
        for step in range(12):
            taken = step + 1  # the loader may open the next batch before `next_batch` has returned
            loader.next_batch()
    assert too_far == []


def test_readers_stop_at_the_bound_until_a_batch_is_taken():
    seen = Seen()
    loader = Loader(Batches([1] * 10), [seen], 3)
    with loader:
        wait_until(lambda: loader._opened == 3 and loader._unread == {0: 0, 1: 0, 2: 0})
        assert seen.begun == [0, 1, 2]
        loader.next_batch()
        wait_until(lambda: len(seen.begun) == 4)
    assert seen.begun == [0, 1, 2, 3]


def test_several_threads_read_one_batch_together():
    together = threading.Barrier(3, timeout=10)

    def read(piece: Piece) -> int:
        return together.wait() * 0 + 1

    with Loader(Batches([3]), [read] * 3, 1) as loader:
        assert loader.next_batch() == 3


def test_without_threads_the_step_loop_reads():
    seen = Seen()
    with Loader(Batches([2, 2]), [seen], 0) as loader:
        assert seen.begun == []
        assert loader.next_batch() == 20
        assert seen.begun == [0, 0]


@pytest.mark.parametrize("ahead", [0, 4])
def test_a_failure_reaches_the_step_loop(ahead):
    def read(piece: Piece) -> int:
        if piece.file == 2:
            raise EngineError("img_0000003.npz is missing")
        return 1

    with Loader(Batches([1] * 5), [read], ahead) as loader, pytest.raises(EngineError, match="img_0000003"):
        for _ in range(5):
            loader.next_batch()


def test_leaving_early_ends_the_threads():
    before = threading.active_count()
    with Loader(Batches([4] * 100), [Seen(), Seen()], 2) as loader:
        loader.next_batch()
    assert threading.active_count() == before


def wait_until(condition):
    """Poll for what a thread is about to do; a failure here is a thread that hangs."""
    for _ in range(10_000):
        if condition():
            return
        threading.Event().wait(0.001)
    pytest.fail("the readers did not get there")
