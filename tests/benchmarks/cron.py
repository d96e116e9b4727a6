"""What it takes to find the occurrence of a repeating period that runs, and the next one."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from cronsim import CronSim

from downtime.schedule.recurrence import Recurrence
from tests.benchmarks.figures import Measured, compared, figure, tell

_ZONE = ZoneInfo("Europe/Berlin")
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=timezone.utc), datetime(2100, 1, 1, tzinfo=timezone.utc)
_COUNT = 50
_CASES = {
    "each Sunday": ("30 3 * * SUN", datetime(2026, 6, 10, 12, tzinfo=timezone.utc)),
    "each quarter of an hour": ("*/15 * * * *", datetime(2026, 6, 10, 12, tzinfo=timezone.utc)),
    "each first of a month": ("0 2 1 * *", datetime(2026, 6, 10, 12, tzinfo=timezone.utc)),
    "each night, in the hour of a clock change": ("30 2 * * *", datetime(2026, 10, 25, 0, 45, tzinfo=timezone.utc)),
}


def occurrences() -> None:
    """Both, for some expressions; and to one search of cronsim's forwards, the least that it can be."""
    for what, (expression, now) in _CASES.items():
        own, least = _own(expression, now), _least(expression, now)
        ratio, _ = compared(own, least, seconds=3)
        taken = figure(own() / _COUNT * 1e6 for _ in range(100))
        tell(f"cron, {what}", taken, "µs", note=f"{ratio.median:.1f} times one search of cronsim", digits=1)


def _own(expression: str, now: datetime) -> Measured:
    recurrence = Recurrence(expression, _ZONE, timedelta(minutes=45))

    def measured() -> float:
        start = time.process_time()
        for _ in range(_COUNT):
            next(recurrence.windows(now, _FIRST, _LAST))
        return time.process_time() - start

    return measured


def _least(expression: str, now: datetime) -> Measured:
    local = now.astimezone(_ZONE)

    def measured() -> float:
        start = time.process_time()
        for _ in range(_COUNT):
            next(CronSim(expression, local))
        return time.process_time() - start

    return measured
