import os
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest
from django.conf import settings
from django.test import RequestFactory

from downtime import live
from downtime.exemptions import Exemptions, Refused
from downtime.standin.meaning import Meaning
from downtime.standin.observer import PAUSE
from downtime.standin.options import Options
from tests.support.waiting import wait_until

MakeOptions = Callable[..., Options]
CASES = {
    "nothing": ("", None),
    "a flag": ("", ""),
    "a message": ("", "message: Faster disks."),
    "plain text": ("", "Faster disks."),
    "an end": ("", "end: 2099-01-01T02:00+01:00"),
    "an end in the zone": ("", "end: 2099-01-01 02:00"),
    "an end that is over": ("", "end: 2020-01-01"),
    "a read-only flag": ("", "read_only: true"),
    "a flag for a part": ("", "paths: [/shop]"),
    "a flag for the whole site in parts": ("", "paths: [/, /shop]"),
    "broken YAML": ("", "message: [unclosed"),
    "a period": ("periods:\n  - {start: 2020-01-01, message: Planned.}\n", None),
    "a period with an end": ("periods:\n  - {start: 2020-01-01, end: 2099-01-01, retry_after: 60}\n", None),
    "a period that follows": (
        "periods:\n  - {start: 2020-01-01, end: 2098-01-01}\n  - {start: 2098-01-01, end: 2099-01-01}\n",
        None,
    ),
    "a period to come": ("periods:\n  - {start: 2999-01-01}\n", None),
    "a disabled period": ("periods:\n  - {start: 2020-01-01, enabled: false}\n", None),
    "a period for a part": ("periods:\n  - {start: 2020-01-01, paths: [/shop]}\n", None),
    "a damaged schedule": ("periods:\n  - {start: 2020-01-01}\n  - {start: nonsense}\n", None),
    "no YAML": ("periods: [\n", None),
    "a part by flag, the whole by schedule": ("periods:\n  - {start: 2020-01-01}\n", "paths: [/shop]"),
    "writing by flag, the whole by schedule": (
        "periods:\n  - {start: 2020-01-01, message: all}\n",
        "read_only: true\nmessage: w",
    ),
}


@pytest.mark.parametrize(("periods", "said"), CASES.values(), ids=CASES)
def test_a_page_is_refused_for_as_long_and_with_the_same_words_as_by_the_middleware(
    options: MakeOptions, schedule: Path, flag: Path, periods: str, said: str | None
) -> None:
    if periods:
        schedule.write_text(periods)
    if said is not None:
        flag.write_text(said)
    downtime = Meaning(options(time_zone=settings.TIME_ZONE), PAUSE).downtime()
    ruling = Exemptions().ruling(RequestFactory().get("/"), live.answer())
    if not isinstance(ruling, Refused):
        assert downtime is None
    else:
        assert downtime is not None
        period, release = ruling.window.period, ruling.release
        assert (downtime.message, downtime.retry_after) == (period.message, period.retry_after)
        assert downtime.end == (release if release.year < 9999 else None)


def test_a_flag_lets_go_when_it_is_too_old(options: MakeOptions, flag: Path) -> None:
    flag.touch()
    os.utime(flag, (time.time() - 100, time.time() - 100))
    assert Meaning(options(flag_max_age=50), PAUSE).downtime() is None
    downtime = Meaning(options(flag_max_age=200), PAUSE).downtime()
    assert downtime is not None
    assert downtime.end is not None
    assert 90 < (downtime.end - datetime.now(timezone.utc)).total_seconds() < 102


def test_without_a_zone_an_end_without_an_offset_is_unknown(options: MakeOptions, flag: Path) -> None:
    """So the site stays down, as whoever raised the flag said."""
    only_flag = options(schedule_file=None, time_zone=None)
    flag.write_text("end: 2020-01-01 02:00\n")
    os.utime(flag, (0, 0))
    downtime = Meaning(only_flag, PAUSE).downtime()
    assert downtime is not None
    assert downtime.end is None
    flag.write_text("end: 2020-01-01T02:00Z\n")
    os.utime(flag, (0, 0))
    assert Meaning(only_flag, PAUSE).downtime() is None


def test_a_schedule_that_is_damaged_later_leaves_the_last_good_one_in_force(
    options: MakeOptions, schedule: Path
) -> None:
    schedule.write_text("periods:\n  - {start: 2020-01-01, message: first}\n")
    meaning = Meaning(options(), PAUSE)
    assert meaning.downtime() is not None
    schedule.write_text("periods: [\n")

    def is_read() -> bool:
        downtime = meaning.downtime()
        assert downtime is not None
        assert downtime.message == "first"
        return bool(meaning._schedule and meaning._schedule.known.problems)

    wait_until(is_read, what="the damaged schedule is read")


def test_a_flag_may_hand_over_to_a_schedule_without_a_gap(options: MakeOptions, schedule: Path, flag: Path) -> None:
    """A flag is gone at once, and a schedule counts once it has held still; in between, the site stays down."""
    flag.write_text("Faster disks.")
    meaning = Meaning(options(time_zone=settings.TIME_ZONE), PAUSE)
    before = meaning.downtime()
    schedule.write_text("periods:\n  - {start: 2020-01-01, message: Planned.}\n")
    flag.unlink()
    between = meaning.downtime()
    assert (between, between is before) == (before, False)
    wait_until(lambda: message(meaning) == "Planned.", within=5, what="the schedule applies")
    schedule.write_text("periods: []\n")
    wait_until(lambda: meaning.downtime() is None, within=5, what="the site is up")
    assert meaning.downtime() is None


def message(meaning: Meaning) -> str:
    downtime = meaning.downtime()
    assert downtime is not None
    return downtime.message
