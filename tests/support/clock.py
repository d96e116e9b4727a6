"""A clock that tests move forward by hand, and each place where the app reads the time."""

import time
from datetime import datetime, timedelta, tzinfo

CLOCKS = (
    "downtime.live.time",
    "downtime.middleware.monotonic",
    "downtime.http.pages.time",
    "downtime.http.responses.time",
    "downtime.reload.deferred_log.monotonic",
    "downtime.reload.flag_tracker.time",
    "downtime.reload.look.time",
    "downtime.reload.reading.time",
    "downtime.reload.schedule_tracker.time",
    "downtime.reload.process_state.datetime",
    "downtime.reload.process_state.time",
)
"""What the fixture `clock` replaces; a name that does not exist fails every test that uses it."""


class Clock:
    """The clocks that the app reads, moved forward by hand."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._jumped = 0.0

    def passes(self, seconds: float) -> None:
        """Moves every clock forward."""
        self._passed += seconds

    def jumps(self, seconds: float) -> None:
        """Moves the wall clock alone, as somebody who sets it does."""
        self._jumped += seconds

    def monotonic(self) -> float:
        return time.monotonic() + self._passed

    def sleep(self, seconds: float) -> None:
        self.passes(seconds)

    def time(self) -> float:
        return time.time() + self._passed + self._jumped

    def time_ns(self) -> int:
        return int(self.time() * 1e9)

    def now(self, zone: tzinfo) -> datetime:
        return datetime.now(zone) + timedelta(seconds=self._passed + self._jumped)
