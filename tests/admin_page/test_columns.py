import re
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from downtime.admin_page.columns import COLUMNS, render_cells
from downtime.admin_page.rows import make_rows
from downtime.files.parser import parse
from tests.support.texts import BERLIN

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
    return " ".join(re.sub(r"<[^>]*>", " ", cell or "").split())


def test_a_cell_for_each_column() -> None:
    assert tuple(row("{start: 2020-01-01}")) == COLUMNS


def test_a_period_says_all_that_is_known_of_it() -> None:
    found = row("{name: upgrade, start: 2026-12-05 02:00, duration: 90m, message: Faster disks., paths: [/shop, /]}")
    assert {column: plain(cell) for column, cell in found.items()} == {
        "name": "upgrade line 2",
        "state": "coming",
        "start": "Dec. 5, 2026, 2 a.m.",
        "end": "Dec. 5, 2026, 3:30 a.m.",
        "length": "1h30m",
        "repeats": "",
        "covers": "/shop, /",
        "message": "Faster disks.",
        "command": "python manage.py downtime_cancel upgrade",
    }


def test_what_is_not_known_is_empty() -> None:
    found = row("{start: 2020-01-01}")
    assert [column for column, cell in found.items() if cell is None] == ["end", "length", "repeats", "message"]
    assert plain(found["name"]) == "line 2"
    assert plain(found["state"]) == "active"
    assert plain(found["covers"]) == "the whole site"
    assert plain(found["command"]) == "python manage.py downtime_edit"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "Dec. 5, 2026, 8 a.m. Dec. 5, 2026, 2 a.m. America/New_York"),
        ("America/New_York", "Dec. 5, 2026, 2 a.m."),
        ("Asia/Kolkata", "Dec. 5, 2026, 12:30 p.m. Dec. 5, 2026, 2 a.m. America/New_York"),
    ],
)
def test_times_are_the_viewer_s_and_those_of_the_period_where_its_zone_is_another(zone: str, shown: str) -> None:
    found = row("{start: 2026-12-05 02:00, timezone: America/New_York}", ZoneInfo(zone))
    assert plain(found["start"]) == shown
    assert '<time datetime="2026-12-05T' in (found["start"] or "")


def test_a_recurring_period_tells_its_next_occurrences() -> None:
    found = row("{cron: '0 12 * * *', duration: 2h, read_only: true}")
    assert plain(found["state"]) == "active"
    assert plain(found["start"]) == "Dec. 1, 2026, noon"
    assert plain(found["length"]) == "2h"
    assert plain(found["covers"]) == "the whole site, read-only"
    assert plain(found["repeats"]) == (
        "0 12 * * * Europe/Berlin Dec. 2, 2026, noon Dec. 3, 2026, noon Dec. 4, 2026, noon"
    )


@pytest.mark.parametrize(
    ("more", "state"), [("end: 2026-11-01", "over"), ("enabled: false", "disabled")], ids=["over", "disabled"]
)
def test_one_that_is_over_or_disabled_tells_none(more: str, state: str) -> None:
    found = row(f"{{cron: '0 12 * * *', duration: 2h, {more}}}")
    assert plain(found["state"]) == state
    assert plain(found["repeats"]) == "0 12 * * * Europe/Berlin"


def test_one_with_few_occurrences_left_tells_those() -> None:
    found = row("{cron: '0 12 * * *', duration: 2h, end: 2026-12-04}")
    assert plain(found["repeats"]).endswith("Berlin Dec. 2, 2026, noon Dec. 3, 2026, noon")
