import re
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from downtime.admin_page.columns import COLUMNS, render_cells
from downtime.admin_page.rows import make_rows
from downtime.files.parser import parse
from tests.support.texts import BERLIN

DASH = "\N{EN DASH}"
NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)


def row(text: str, zone: ZoneInfo = BERLIN) -> dict[str, str | None]:
    """The cells of the one period."""
    parsed = parse(f"periods:\n  - {text}\n", BERLIN)
    assert parsed.problems == ()
    schedule = parsed.schedule
    [found] = make_rows(schedule, schedule.at(NOW).active, schedule.upcoming(NOW))
    with translation.override("en"):
        return render_cells(found, NOW, zone)


def plain(cell: str | None) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", cell or "").split()).replace(" ,", ",")


def test_a_cell_for_each_column() -> None:
    assert tuple(row("{start: 2020-01-01}")) == COLUMNS


def test_a_period_says_all_that_is_known_of_it() -> None:
    found = row("{name: upgrade, start: 2026-12-05 02:00, duration: 90m, message: Faster disks., paths: [/shop, /]}")
    assert {column: plain(cell) for column, cell in found.items()} == {
        "name": "upgrade Faster disks. line 2 · Preview",
        "state": "coming",
        "when": f"Dec 5 02:00{DASH}03:30, in 4 d",
        "covers": "/shop, /",
        "command": "python manage.py downtime_cancel upgrade",
    }
    assert '<strong id="downtime-period-0">upgrade</strong>' in (found["name"] or "")
    assert '<a href="preview/?period=0">' in (found["name"] or "")


def test_one_without_a_name_is_called_by_its_line() -> None:
    found = row("{start: 2020-01-01}")
    assert plain(found["name"]) == "line 2 Preview"
    assert plain(found["state"]) == "active"
    assert plain(found["when"]) == "since Jan. 1, 2020 00:00"
    assert plain(found["covers"]) == "the whole site"
    assert plain(found["command"]) == "python manage.py downtime_edit"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{start: 2026-12-01 12:00, end: 2026-12-01 14:40}", f"Dec 1 12:00{DASH}14:40, 1 h 40 min left"),
        ("{start: 2026-11-20 12:00, duration: 1h}", f"Nov 20 12:00{DASH}13:00, 11 d ago"),
        ("{start: 2026-12-06 02:00}", "from Dec 6 02:00 on, in 5 d"),
        ("{start: 2026-12-06 02:00, duration: 1h, enabled: false}", f"Dec 6 02:00{DASH}03:00"),
        ("{cron: 0 3 * * *, duration: 1h, end: 2026-11-29}", "until Nov 29 00:00, 3 d ago 0 3 * * * Europe/Berlin"),
    ],
    ids=["active", "over", "without end", "disabled", "repeated once"],
)
def test_how_far_away_it_is_depends_on_its_state(text: str, said: str) -> None:
    assert plain(row(text)["when"]) == said


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "from Dec 5 08:00 on, in 4 d from Dec 5 02:00 on America/New_York"),
        ("America/New_York", "from Dec 5 02:00 on, in 4 d"),
        ("Asia/Kolkata", "from Dec 5 12:30 on, in 4 d from Dec 5 02:00 on America/New_York"),
    ],
)
def test_times_are_the_viewer_s_and_those_of_the_period_where_its_zone_is_another(zone: str, shown: str) -> None:
    found = row("{start: 2026-12-05 02:00, timezone: America/New_York}", ZoneInfo(zone))
    assert plain(found["when"]) == shown
    assert '<time datetime="2026-12-05T' in (found["when"] or "")


def test_a_recurring_period_tells_its_next_occurrences() -> None:
    found = row("{cron: '0 12 * * *', duration: 2h, read_only: true}")
    assert plain(found["state"]) == "active"
    assert plain(found["covers"]) == "the whole site, read-only"
    assert plain(found["when"]) == (
        f"Dec 1 12:00{DASH}14:00, 1 h left 0 12 * * * Europe/Berlin Dec 2 12:00 · Dec 3 12:00 · Dec 4 12:00"
    )


def test_the_next_occurrences_come_after_the_one_that_is_told() -> None:
    found = row("{cron: '0 12 * * *', duration: 30m}")
    assert plain(found["when"]).endswith("Berlin Dec 3 12:00 · Dec 4 12:00 · Dec 5 12:00")


def test_one_that_is_disabled_tells_none_and_one_without_bounds_only_how_it_would_repeat() -> None:
    found = row("{cron: '0 12 * * *', duration: 2h, enabled: false}")
    assert plain(found["state"]) == "disabled"
    assert plain(found["when"]) == "0 12 * * * Europe/Berlin"


def test_one_with_few_occurrences_left_tells_those() -> None:
    found = row("{cron: '0 12 * * *', duration: 2h, end: 2026-12-04}")
    assert plain(found["when"]).endswith("Berlin Dec 2 12:00 · Dec 3 12:00")
    found = row("{cron: '0 12 * * *', duration: 2h, end: 2026-12-02}")
    assert plain(found["when"]).endswith("Berlin")
