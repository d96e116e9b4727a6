"""The snapshot of this process: how long it holds once a watch is trusted, and moments relative to now."""

from datetime import datetime, timedelta, timezone

from downtime import live
from downtime.conf import conf
from tests.support.waiting import wait_until


def seconds_fresh() -> float:
    """How long no request will look at the files."""
    return live.current.snapshot.fresh_until - live.time.monotonic()


def until_watch_counts() -> None:
    """Returns once a watch is running and trusted."""

    def is_counted_on() -> bool:
        live.current.expire()
        live.answer()
        return seconds_fresh() > conf.DOWNTIME_RECHECK / 4

    wait_until(is_counted_on, within=5, what="a watch is running")


def at(seconds: float) -> str:
    """A time to the second, at least that many seconds from now, as in a schedule."""
    moment = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=seconds + 1)
    return moment.isoformat()
