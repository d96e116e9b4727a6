from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from downtime.admin_page import wording
from downtime.files.disk import Fingerprint
from downtime.files.flag_file import Flag
from downtime.files.parser import parse
from downtime.schedule.periods import Period, Schedule
from downtime.schedule.site_status import FLAGS, SCHEDULE, site_status
from tests.support.texts import BERLIN

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
UPGRADE = "- {name: upgrade, start: 2026-12-01 02:00, end: 2026-12-01 14:00, message: Faster disks.}\n"
SHOP = "- {name: shop, start: 2026-12-01 03:00, duration: 1d, paths: [/shop, /cart]}\n"
READING = "- {start: 2026-12-01 04:00, end: 2026-12-02, read_only: true}\n"
LATER = "- {name: later, start: 2026-12-03, duration: 1h}\n- {name: last, start: 2026-12-04, duration: 1h}\n"


def status(text: str, *flags: Flag, language: str = "en", zone: ZoneInfo = BERLIN) -> str:
    parsed = parse(f"periods:\n{text}", BERLIN)
    assert parsed.problems == ()
    schedule = parsed.schedule
    answer = schedule.at(NOW, [flag.period for flag in flags])
    coming = next(iter(schedule.upcoming(NOW)), None)
    with translation.override(language):
        return wording.status_line(site_status(answer), zone, flags, coming=coming)


def flag(**keys: object) -> Flag:
    return Flag("/srv/downtime.flag", Fingerprint(1, 1, 1, 1, 1), Period(NOW - timedelta(hours=1), **keys))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The site is up"),
        (LATER, "The site is up · next: later, Dec. 3, 2026, midnight"),
        (
            UPGRADE,
            "The site is down · since Dec. 1, 2026, 2 a.m. · until Dec. 1, 2026, 2 p.m. · because of upgrade"
            " · Faster disks.",
        ),
        (
            f"{READING}{SHOP}",
            "A part of the site is down · /shop, /cart · since Dec. 1, 2026, 3 a.m. · because of shop"
            " · The rest of the site is read-only · since Dec. 1, 2026, 4 a.m. · because of line 2"
            " · from Dec. 2, 2026, midnight on: A part of the site is down · /shop, /cart · because of shop"
            " · everything is back at Dec. 2, 2026, 3 a.m.",
        ),
        (
            "- {start: 2026-12-01 04:00, end: 2026-12-01 13:59:59.5}\n",
            "The site is down · since Dec. 1, 2026, 4 a.m. · until Dec. 1, 2026, 2 p.m. · because of line 2",
        ),
        (
            READING,
            "The site is read-only · since Dec. 1, 2026, 4 a.m. · until Dec. 2, 2026, midnight · because of line 2",
        ),
        (
            "- {name: cart, start: 2026-12-01, paths: [/cart], read_only: true}\n",
            "A part of the site is read-only · /cart · since Dec. 1, 2026, midnight · end not known · because of cart",
        ),
    ],
    ids=[
        "up",
        "up, and something is coming",
        "down",
        "partly",
        "down until half a second",
        "read-only",
        "a part is read-only",
    ],
)
def test_the_state_is_one_line(text: str, said: str) -> None:
    assert status(text) == said


def test_the_reason_is_what_takes_most_away_whatever_stands_before_it() -> None:
    shop = "- {name: shop, start: 2026-12-01 03:00, end: 2026-12-01 14:00, paths: [/shop], message: New prices.}\n"
    assert status(shop + UPGRADE).endswith(" · because of upgrade · Faster disks.")


def test_of_many_causes_and_parts_the_first_are_named() -> None:
    text = "".join(f"- {{name: p{n}, start: 2026-12-01, paths: [/{max(n - 1, 0)}]}}\n" for n in range(10))
    said = status(text)
    assert "A part of the site is down · /0, /1, /2, /3, /4, /5, /6, /7, … · since " in said
    assert said.endswith(" · because of p0, p1, p2, p3, p4, p5, p6, p7, …")


def test_a_flag_is_called_by_its_path_and_comes_first() -> None:
    assert status(UPGRADE, flag(message="Back\n at four.")) == (
        "The site is down · since Dec. 1, 2026, 2 a.m. · end not known"
        " · because of /srv/downtime.flag, upgrade · Back at four."
    )


def test_a_long_message_is_cut() -> None:
    assert len(status("", flag(message="long " * 99)).rpartition(" · ")[2]) == 120


def test_it_is_in_the_language_and_the_zone_of_the_viewer() -> None:
    assert status(LATER, language="de", zone=ZoneInfo("UTC")) == (
        "Die Website ist online · nächste Wartung: later, 2. Dezember 2026 23:00"
    )


def test_a_state_in_doubt_is_told_with_what_is_known() -> None:
    """What a process that starts now goes by, and this one if it goes by something else."""
    now, own = site_status(Schedule().at(NOW), [SCHEDULE, FLAGS]), site_status(Schedule((Period(NOW),)).at(NOW))
    with translation.override("en"):
        for of_process in (None, now.if_started_now):
            assert wording.status_line(now, BERLIN, of_process=of_process) == (
                "The state of the site is unknown"
                " · the schedule has problems: a running process keeps the last one without any"
                " · a flag can't be looked at: for a running process it counts as before"
                " · for a process that starts now: The site is up"
            )
        line = wording.status_line(now, BERLIN, of_process=own)
    assert " · for this process: The site is down · since Dec. 1, 2026, 1 p.m. · end not known" in line


def outlook(text: str, *flags: Flag, doubts: tuple[str, ...] = (), language: str = "en") -> str:
    schedule = parse(f"periods:\n{text}", BERLIN).schedule
    answer = schedule.at(NOW, [flag.period for flag in flags])
    coming = next(iter(schedule.upcoming(NOW)), None)
    with translation.override(language):
        return wording.outlook(site_status(answer, doubts), BERLIN, NOW, coming)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing is planned"),
        (LATER, "next: later, Dec 3 00:00, in 1 d 11 h"),
        (UPGRADE, "back at 14:00, in 1 h"),
        (READING, "back on Dec 2 00:00, in 11 h"),
        ("- {start: 2026-12-01 04:00, end: 2026-12-01 14:39:59.5}\n", "back at 14:40, in 1 h 40 min"),
        ("- {start: 2026-12-01 04:00}\n", "end not known"),
    ],
    ids=["up", "up, and something is coming", "back today", "back tomorrow", "half a second", "no end"],
)
def test_what_comes_next_stands_beside_the_state(text: str, said: str) -> None:
    assert outlook(text) == said


def test_nothing_is_foretold_while_the_state_is_in_doubt() -> None:
    assert outlook(LATER, doubts=(SCHEDULE,)) == ""
    assert outlook(LATER, flag(), doubts=(SCHEDULE,)) == "end not known"


def test_each_state_has_a_word_of_its_own() -> None:
    with translation.override("en"):
        assert [str(word) for word in wording.STATES.values()] == ["UP", "DOWN", "READ-ONLY", "PARTLY", "UNKNOWN"]
