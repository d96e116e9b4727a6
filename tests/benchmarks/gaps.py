"""How long other threads get no turn while a long schedule is read."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from downtime import live
from downtime.conf import conf
from downtime.files.parser import parse
from tests.benchmarks import schedules
from tests.benchmarks.django_site import site
from tests.benchmarks.figures import at_most, figure, tell
from tests.support.waiting import wait_until

_PERIODS = 10_000
_RUNS = 10
_NAP = 0.001
_ZONE = ZoneInfo("Europe/Berlin")
_REREAD = 2.5
"""Seconds within which a replaced file has been read, and read again as it was young."""


def in_a_thread() -> None:
    """The longest time for which another thread, that sleeps for a millisecond each time, gets no turn."""
    text = schedules.ahead(_PERIODS)
    idle, taken = [], []
    for _ in range(_RUNS):
        with _turns() as turns:
            time.sleep(0.5)
        idle.append(max(turns) * 1e3)
        with _turns() as turns:
            reader = threading.Thread(target=parse, args=(text, _ZONE))
            reader.start()
            reader.join()
        taken.append(max(turns) * 1e3)
    tell(f"reading {_PERIODS:,}: longest gap, nobody reads", figure(idle), "ms", note=f"{_RUNS} runs", digits=1)
    note = f"{_RUNS} runs, at worst {max(taken):.1f} ms"
    tell(f"reading {_PERIODS:,}: longest gap, in a thread", figure(taken), "ms", at_most(20), note=note, digits=1)


@contextmanager
def _turns() -> Iterator[list[float]]:
    """Seconds by which a thread comes back later than it has asked for, until the block ends."""
    late, is_over = [0.0], threading.Event()

    def sleep() -> None:
        while not is_over.is_set():
            begun = time.perf_counter()
            time.sleep(_NAP)
            late.append(time.perf_counter() - begun - _NAP)

    thread = threading.Thread(target=sleep)
    thread.start()
    try:
        yield late
    finally:
        is_over.set()
        thread.join()


def in_a_site() -> None:
    """The same while a process of a site takes over a file that is replaced, and asks 200 times a second what applies.

    And the longest that such a question takes."""
    gaps, questions = [], []
    with site(schedules.ahead(_PERIODS)):
        path = Path(conf.DOWNTIME_SCHEDULE_FILE)
        live.load()
        wait_until(_has_watch, what="it watches")
        for number in range(_RUNS):
            name = f"new-{number:04}"
            new = path.with_suffix(".new")
            new.write_text(schedules.ahead(_PERIODS).replace("period-0\n", f"{name}\n"))
            with _turns() as turns:
                new.replace(path)
                questions.append(max(_questions(name)) * 1e3)
            gaps.append(max(turns) * 1e3)
    note = f"{_RUNS} runs, at worst {max(gaps):.1f} ms"
    tell(f"reading {_PERIODS:,}: longest gap, in a site", figure(gaps), "ms", at_most(20), note=note, digits=1)
    tell(f"reading {_PERIODS:,}: longest question, in a site", figure(questions), "ms", digits=1)


def _has_watch() -> bool:
    live.answer()
    return any("Emitter" in type(thread).__name__ for thread in threading.enumerate())


def _questions(name: str) -> Iterator[float]:
    """The seconds that each took, until that name is known and the file has been read again."""
    begun = time.monotonic()
    while time.monotonic() < begun + _REREAD:
        asked = time.perf_counter()
        live.answer()
        yield time.perf_counter() - asked
        time.sleep(0.005)
    assert any(window.period.name == name for window in live.current.upcoming())
