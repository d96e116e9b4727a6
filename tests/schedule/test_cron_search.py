from datetime import datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from downtime.schedule.cron_search import CronSearch
from downtime.schedule.periods import Period, Schedule
from downtime.schedule.recurrence import Recurrence


class Bounded(CronSearch):
    """A search that fails instead of going on for ever."""

    ticks = 0

    def tick(self, seconds: int = 1) -> None:
        self.ticks += 1
        assert self.ticks < 10_000, "it goes to and fro"
        super().tick(seconds)


CHATHAM, NUUK = ZoneInfo("Pacific/Chatham"), ZoneInfo("America/Nuuk")
ENDLESS = [
    *((CHATHAM, text, False) for text in ("45 */3 * * *", "0 */2 * * *", "30 */2 * * *", "*/50 2 * * *")),
    *((NUUK, text, True) for text in ("0 * * * SAT", "*/45 * * * SAT")),
]
CHANGES = {CHATHAM: datetime(2027, 4, 3, 14, tzinfo=timezone.utc), NUUK: datetime(2027, 3, 28, 1, tzinfo=timezone.utc)}


@pytest.mark.parametrize(("zone", "expression", "is_reverse"), ENDLESS)
def test_a_search_near_a_clock_change_goes_on_in_its_direction(
    zone: ZoneInfo, expression: str, is_reverse: bool
) -> None:
    for minutes in range(-360, 361, 5):
        begin = (CHANGES[zone] + timedelta(minutes=minutes)).astimezone(zone)
        found = [moment.timestamp() for moment in islice(Bounded(expression, begin, reverse=is_reverse), 20)]
        assert found == sorted(set(found), reverse=is_reverse)
        assert (found[0] < begin.timestamp()) is is_reverse


@pytest.mark.parametrize(("zone", "expression", "is_reverse"), ENDLESS)
def test_a_schedule_can_be_asked_near_such_a_change(
    zone: ZoneInfo, expression: str, is_reverse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("downtime.schedule.recurrence.CronSearch", Bounded)
    period = Period(recurrence=Recurrence(expression, zone, timedelta(minutes=30)), zone=zone)
    for minutes in range(-360, 361, 45):
        now = CHANGES[zone] + timedelta(minutes=minutes)
        assert all(window.end > now for window in Schedule((period,)).at(now).run)
        assert all(window.start > now for window in Schedule((period,)).upcoming(now))


@pytest.mark.parametrize("zone", [None, ZoneInfo("UTC"), ZoneInfo("Europe/Berlin"), CHATHAM, NUUK], ids=str)
@pytest.mark.parametrize("expression", ["*/5 * * * *", "0 */2 * * *", "30 3 * * SUN", "15 4 1 */3 *", "0 0 * * MON#1"])
@pytest.mark.parametrize("is_reverse", [False, True], ids=["forwards", "backwards"])
def test_far_from_a_clock_change_it_finds_what_cronsim_finds(
    zone: ZoneInfo | None, expression: str, is_reverse: bool
) -> None:
    begin = datetime(2026, 7, 15, 12, 34, 56, tzinfo=zone)
    found, expected = (islice(search(expression, begin, reverse=is_reverse), 3) for search in (CronSearch, CronSim))
    assert list(found) == list(expected)
