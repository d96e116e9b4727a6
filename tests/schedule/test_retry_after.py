from datetime import datetime, timedelta, timezone

import pytest

from downtime.schedule.periods import NEVER
from downtime.schedule.retry_after import retry_after

NOW = datetime(2026, 12, 1, 2, tzinfo=timezone.utc)

RETRY_AFTER_CASES = {
    "a release ahead": (NOW + timedelta(hours=2), None, None, 7200),
    "a release comes before what is set": (NOW + timedelta(hours=2), 30, 60, 7200),
    "rounded up": (NOW + timedelta(seconds=9, microseconds=1), None, None, 10),
    "less than a second": (NOW + timedelta(milliseconds=1), None, None, 1),
    "now": (NOW, 30, 60, 1),
    "in the past": (NOW - timedelta(hours=1), 30, 60, 1),
    "far ahead": (NOW + timedelta(days=3650), None, None, 3650 * 86_400),
    "in another zone": (datetime(2026, 12, 1, 3, 0, 5, tzinfo=timezone(timedelta(hours=1))), None, None, 5),
    "unknown": (NEVER, None, None, None),
    "unknown, the period's value": (NEVER, 30, None, 30),
    "unknown, the default": (NEVER, None, 60, 60),
    "unknown, the period's value comes before the default": (NEVER, 30, 60, 30),
}


@pytest.mark.parametrize(("release", "own", "default", "seconds"), RETRY_AFTER_CASES.values(), ids=RETRY_AFTER_CASES)
def test_retry_after_counts_the_seconds_to_the_release(
    release: datetime, own: int | None, default: int | None, seconds: int | None
) -> None:
    assert retry_after(own, release, NOW.timestamp(), default) == seconds
