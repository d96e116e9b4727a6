import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from downtime.reload.turn import Turn
from tests.support.waiting import wait_until

HINT = object()


def takes(turn: Turn, start: float, *, hint: object = HINT, due_by: float = 100.0, recheck: float = 1.0) -> bool:
    """Whether a look that begins at `start` gets the turn, and has then made it."""
    with turn.taken(hint, start, due_by=due_by, recheck=recheck) as is_mine:
        return is_mine


@contextmanager
def hanging(turn: Turn) -> Iterator[None]:
    """Another thread's look at the file does not end."""
    taken, ending = threading.Event(), threading.Event()

    def hang() -> None:
        with turn.taken(object(), 0.0, due_by=100.0, recheck=1.0):
            taken.set()
            ending.wait(30)

    thread = threading.Thread(target=hang, daemon=True)
    thread.start()
    taken.wait(5)
    try:
        yield
    finally:
        ending.set()
        thread.join(5)


@pytest.mark.parametrize(
    ("start", "hint", "is_due"),
    [(10.0, HINT, False), (49.0, HINT, False), (50.0, HINT, True), (101.0, HINT, True), (10.0, object(), True)],
    ids=["just looked", "not for long", "half of the time is over", "due", "a new hint"],
)
def test_a_look_is_made_when_it_is_due_or_worth_while(start: float, hint: object, is_due: bool) -> None:
    turn = Turn()
    assert takes(turn, 0.0)
    assert turn.fresh_until(HINT) == 100.0
    assert takes(turn, start, hint=hint) is is_due


def test_a_look_can_bring_the_next_one_forward() -> None:
    turn = Turn()
    with turn.taken(HINT, 0.0, due_by=100.0, recheck=1.0):
        turn.due_by = 10.0
    assert turn.fresh_until(HINT) == 10.0
    assert not takes(turn, 4.0)
    assert takes(turn, 10.0)


def test_nothing_is_fresh_for_a_hint_that_came_after_the_look() -> None:
    turn = Turn()
    assert takes(turn, 0.0)
    assert turn.fresh_until(object()) == float("-inf")


def test_nothing_is_fresh_while_a_look_is_under_way() -> None:
    turn = Turn()
    takes(turn, 0.0)
    with turn.taken(HINT, 200.0, due_by=300.0, recheck=1.0):
        assert turn.fresh_until(HINT) == float("-inf")


def test_a_look_that_was_interrupted_was_not_made() -> None:
    turn = Turn()
    with pytest.raises(KeyboardInterrupt), turn.taken(HINT, 0.0, due_by=100.0, recheck=1.0):
        raise KeyboardInterrupt
    assert turn.fresh_until(HINT) == float("-inf")
    assert takes(turn, 0.0)


def test_a_look_that_was_interrupted_leaves_nothing_fresh_from_the_one_before() -> None:
    turn = Turn()
    assert takes(turn, 0.0, due_by=100.0)
    with pytest.raises(KeyboardInterrupt), turn.taken(HINT, 90.0, due_by=190.0, recheck=1.0):
        raise KeyboardInterrupt
    assert turn.fresh_until(HINT) == float("-inf")
    assert takes(turn, 10.0)


def test_a_look_that_hangs_is_waited_for_once_and_then_no_more() -> None:
    turn = Turn()
    with hanging(turn):
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            takes(turn, 200.0, recheck=0.0)
        assert time.monotonic() - begun < 5
        wait_until(lambda: time.monotonic() - begun > 0.5, what="the look that hangs is old")
        before = time.thread_time()
        for _ in range(100):
            with pytest.raises(TimeoutError):
                takes(turn, 200.0, recheck=0.5)
        assert time.thread_time() - before < 1
    assert takes(turn, 200.0)


@pytest.mark.parametrize("recheck", [0.0, 0.3, 3600.0])
def test_nobody_waits_for_longer_than_a_second(recheck: float) -> None:
    turn = Turn()
    with hanging(turn):
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            takes(turn, 200.0, recheck=recheck)
        assert min(max(recheck, 0.25), 1.0) - 0.1 < time.monotonic() - begun < 10


def test_threads_at_the_same_time_look_once() -> None:
    turn, looks = Turn(), []

    def look() -> None:
        with turn.taken(HINT, 1.0, due_by=100.0, recheck=1.0) as is_mine:
            if is_mine:
                looks.append(time.sleep(0.05))

    threads = [threading.Thread(target=look) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looks) == 1
