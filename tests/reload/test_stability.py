import pytest

from downtime.files.disk import Fingerprint
from downtime.reload.stability import Stability, is_young

OLD = Fingerprint(1, 2, 3, 4, 5)
NEW = Fingerprint(1, 2, 30, 40, 50)
SECOND = 1_000_000_000


def test_nothing_is_due_while_the_file_is_as_it_was_taken() -> None:
    state = Stability(OLD, OLD)
    assert state.look(OLD, stable_at=99.0) == state
    assert state.due is None


@pytest.mark.parametrize("found", [NEW, None], ids=["changed", "gone"])
def test_a_change_is_due_once_it_has_held_still(found: Fingerprint | None) -> None:
    state = Stability(OLD, OLD).look(found, stable_at=21.5)
    assert (state.seen, state.taken, state.due) == (found, OLD, 21.5)
    assert state.look(found, stable_at=22.5).due == 21.5


def test_each_further_change_starts_the_wait_anew() -> None:
    state = Stability(OLD, OLD).look(NEW, stable_at=21.0).look(NEW._replace(size=31), stable_at=21.9)
    assert state.due == 21.9


def test_a_change_that_was_taken_back_is_due_no_more() -> None:
    assert Stability(OLD, OLD).look(None, stable_at=21.0).look(OLD, stable_at=21.1).due is None


def test_what_was_read_is_taken_and_due_again_only_where_it_is_said() -> None:
    state = Stability(OLD, OLD).look(NEW, stable_at=21.0)
    assert state.take(NEW, reread_at=None).due is None
    assert state.take(NEW, reread_at=23.0).due == 23.0
    assert state.take(NEW, reread_at=23.0).look(OLD, stable_at=22.0).due == 22.0
    assert state.take(NEW, reread_at=23.0).take(NEW, reread_at=None).due is None


def test_what_has_been_replaced_since_it_was_read_is_taken_and_its_successor_is_due() -> None:
    state = Stability(OLD, OLD).look(NEW, stable_at=21.0).look(NEW._replace(size=31), stable_at=22.0)
    taken = state.take(NEW, reread_at=23.0)
    assert (taken.taken, taken.due, taken.is_reread) == (NEW, 22.0, False)


@pytest.mark.parametrize(
    ("seen", "finished_ns", "is_finished"),
    [(NEW, 50, True), (NEW, 51, True), (NEW, 49, False), (NEW, 0, False), (None, 50, False)],
    ids=["at once", "since", "written after that", "never", "gone"],
)
def test_a_file_is_finished_when_its_writer_was_seen_to_finish_it_with_nothing_written_since(
    seen: Fingerprint | None, finished_ns: int, is_finished: bool
) -> None:
    state = Stability(seen, OLD, stable_at=21.0).finish(finished_ns, now=20.5)
    assert state.due == (20.5 if is_finished else 21.0)


def test_what_is_to_be_read_once_more_is_due_at_once_when_its_writer_finishes_it_again() -> None:
    state = Stability(NEW, NEW, reread_at=23.0)
    assert state.is_reread
    assert state.finish(50, now=20.5).due == 20.5
    assert state.finish(49, now=20.5).due == 23.0
    assert Stability(NEW, NEW).finish(50, now=20.5).due is None


@pytest.mark.parametrize(
    ("modified_ns", "changed_ns", "expected"),
    [
        (10 * SECOND, 10 * SECOND, True),
        (8 * SECOND + 1, 8 * SECOND + 1, True),
        (8 * SECOND, 8 * SECOND, False),
        (1 * SECOND, 9 * SECOND, True),
        (99 * SECOND, 99 * SECOND, True),
    ],
    ids=["now", "just under two seconds ago", "two seconds ago", "its times were set back", "the clock was set back"],
)
def test_a_file_is_young_while_another_write_could_leave_no_trace(
    modified_ns: int, changed_ns: int, expected: bool
) -> None:
    seen = OLD._replace(modified_ns=modified_ns, changed_ns=changed_ns)
    assert is_young(seen, 10 * SECOND) is expected


def test_a_file_that_is_gone_is_not_young() -> None:
    assert not is_young(None, 0)
