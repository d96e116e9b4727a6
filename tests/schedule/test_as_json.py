from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from downtime.schedule.as_json import moment_as_json, status_as_json, window_as_json
from downtime.schedule.periods import ALWAYS, NEVER, Period, Schedule, Window
from downtime.schedule.site_status import site_status

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
SHOP = Period(NOW, NOW + timedelta(hours=1), name="shop", message="New tills.", read_only=True, paths=("/shop", ""))


def test_a_window_is_told_in_that_zone() -> None:
    assert window_as_json(Window(SHOP.start, 0, SHOP.end, SHOP), BERLIN) == {
        "name": "shop",
        "start": "2026-12-01T13:00:00+01:00",
        "end": "2026-12-01T14:00:00+01:00",
        "message": "New tills.",
        "read_only": True,
        "paths": ["/shop", "/"],
    }


def test_of_a_window_without_name_message_and_times_these_are_null() -> None:
    found = window_as_json(Window(ALWAYS, -1, NEVER, Period()), BERLIN)
    assert found == {"name": None, "start": None, "end": None, "message": None, "read_only": False, "paths": []}


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (NOW, "2026-12-01T13:00:00+01:00"),
        (NOW.replace(microsecond=999), "2026-12-01T13:00:00+01:00"),
        (ALWAYS, None),
        (NEVER, None),
    ],
)
def test_a_moment_is_told_to_the_second(moment: datetime, told: str | None) -> None:
    assert moment_as_json(moment, BERLIN) == told


def test_a_state_is_told_with_its_causes_each_once_and_with_what_comes() -> None:
    wiki = [Period(NOW, NOW + timedelta(hours=1), name="wiki", paths=(path,)) for path in ("/wiki", "/help")]
    nameless = Period(NOW, NOW + timedelta(hours=1), paths=("/x",))
    upgrade = Period(NOW + timedelta(minutes=30), NOW + timedelta(hours=2), name="upgrade")
    status = site_status(Schedule((*wiki, nameless, upgrade)).at(NOW))
    assert status_as_json(status, BERLIN, lambda window: window.period.name) == {
        "state": "partly",
        "since": "2026-12-01T13:00:00+01:00",
        "until": "2026-12-01T15:00:00+01:00",
        "refused": [
            {
                "read_only": False,
                "paths": ["/wiki", "/help", "/x"],
                "since": "2026-12-01T13:00:00+01:00",
                "because": ["wiki"],
            }
        ],
        "next": {
            "at": "2026-12-01T13:30:00+01:00",
            "state": "down",
            "refused": [
                {"read_only": False, "paths": [], "since": "2026-12-01T13:30:00+01:00", "because": ["upgrade"]}
            ],
        },
    }


def test_of_a_site_that_is_up_nothing_else_is_told() -> None:
    assert status_as_json(site_status(Schedule().at(NOW)), BERLIN, str) == {
        "state": "up",
        "since": None,
        "until": None,
        "refused": [],
        "next": None,
    }
