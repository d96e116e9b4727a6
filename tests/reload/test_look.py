import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timezone

import pytest

from downtime.reload.deferred_log import DeferredLog
from downtime.reload.look import Look
from downtime.reload.look_settings import LookSettings
from downtime.reload.turn import Turn

SETTINGS = LookSettings("/srv/downtime.yml", ("/srv/downtime.flag",), None, 0.25, "none", timezone.utc)
HINT = object()


def take(look: Look, turn: Turn, what: str = "/srv/downtime.yml", look_at: Callable[[], object] | None = None) -> bool:
    """Whether the file was looked at."""
    looks: list[object] = []
    look.take(turn, what, lambda: looks.append(look_at and look_at()), interval=100)
    return bool(looks)


@contextmanager
def hanging(turn: Turn) -> Iterator[None]:
    """The look of another thread at that file does not end."""
    begun, ending = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        ending.wait(30)

    look = Look(object(), SETTINGS, DeferredLog())
    thread = threading.Thread(target=take, args=(look, turn, "/srv/downtime.yml", hang), daemon=True)
    thread.start()
    try:
        assert begun.wait(5)
        yield
    finally:
        ending.set()
        thread.join(5)


def test_a_file_is_looked_at_once_for_each_hint() -> None:
    turn = Turn()
    look = Look(HINT, SETTINGS, DeferredLog())
    assert [take(look, turn), take(look, turn)] == [True, False]
    assert take(Look(object(), SETTINGS, DeferredLog()), turn)


def test_what_a_file_raises_is_logged_and_the_look_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise MemoryError

    log, turn = DeferredLog(), Turn()
    look = Look(HINT, SETTINGS, log)
    take(look, turn, "/srv/a\n::error::", fail)
    assert take(look, Turn())
    assert not look.is_hindered
    assert turn.fresh_until(HINT) > time.monotonic()
    log.say()
    assert [record.getMessage() for record in caplog.records] == [
        r"/srv/a\n::error:: could not be looked at; what applied before still does"
    ]


def test_a_look_keeps_away_from_the_folder_in_which_another_one_hangs() -> None:
    hung = Turn()
    look = Look(HINT, SETTINGS, DeferredLog())
    with hanging(hung):
        assert not take(look, hung)
        assert look.is_hindered
        assert not take(look, Turn(), "/srv/downtime.flag")
        assert take(look, Turn(), "/run/downtime.flag")
