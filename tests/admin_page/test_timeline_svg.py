from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from downtime.admin_page.timeline import VIEWS, timeline
from downtime.admin_page.timeline_svg import TimelineSvg, timeline_svg
from downtime.files.disk import Fingerprint
from downtime.files.flag_file import Flag
from downtime.files.parser import parse
from downtime.schedule.periods import Period

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
UTC = ZoneInfo("UTC")


def drawn(text: str, view: str = "week", *flags: Flag, language: str = "en") -> TimelineSvg:
    schedule = parse(f"periods:\n{text}", UTC).schedule
    windows = [*schedule.at(NOW, [flag.period for flag in flags]).active, *schedule.upcoming(NOW)]
    with translation.override(language):
        return timeline_svg(timeline(windows, VIEWS[view], now=NOW, zone=UTC), VIEWS[view], list(flags), UTC)


def test_places_and_widths_are_shares_of_the_width_whatever_the_language() -> None:
    found = drawn("- {name: upgrade, start: 2026-12-02, end: 2026-12-03 12:00}", language="de")
    [lane] = found.lanes
    [bar] = lane.bars
    assert (bar.x, bar.width, found.now) == ("14.286%", "21.429%", "7.143%")
    assert bar.title == "upgrade: 2. Dezember 2026 00:00 bis 3. Dezember 2026 12:00 (die ganze Website)"


@pytest.mark.parametrize("start", ["2026-12-02 00:00", "2027-02-28 23:59:40"], ids=["early", "at the very end"])
def test_the_shortest_period_can_be_seen_and_lies_within_the_picture(start: str) -> None:
    [lane] = drawn(f"- {{start: '{start}', duration: 10s}}", "90-days").lanes
    x, width = float(lane.bars[0].x[:-1]), float(lane.bars[0].width[:-1])
    assert width == 0.4
    assert 0 <= x <= 100 - width


def test_lines_lie_below_one_another_and_the_picture_holds_them_all() -> None:
    found = drawn("- {start: 2026-12-02}\n- {start: 2026-12-03}\n- {start: 2026-12-04}\n")
    ends = [lane.bar_y + found.bar_height for lane in found.lanes]
    assert all(end < below.label_y for end, below in zip(ends, found.lanes[1:], strict=False))
    assert ends[-1] < found.height
    assert drawn("").lanes == ()


@pytest.mark.parametrize(
    ("keys", "is_partial"), [("", False), (", read_only: true", True), (", paths: [/a]", True), (", paths: [/]", False)]
)
def test_what_covers_less_than_the_site_looks_different(keys: str, is_partial: bool) -> None:
    assert drawn(f"- {{start: 2026-12-02{keys}}}").lanes[0].is_partial is is_partial


def test_a_flag_and_a_period_without_a_name_are_named_too() -> None:
    flag = Flag("/srv/downtime.flag", Fingerprint(1, 1, 1, 1, 1), Period(NOW))
    found = drawn("- {start: 2026-12-02}", "week", flag)
    assert [lane.label for lane in found.lanes] == ["/srv/downtime.flag", "line 2"]
    assert found.lanes[0].bars[0].title == "/srv/downtime.flag: from Dec. 1, 2026, noon on (the whole site)"


def test_where_not_every_bar_is_drawn_the_rest_is_a_line() -> None:
    [often] = drawn("- {cron: '*/5 * * * *', duration: 1m}").lanes
    assert often.rest == "21.984%"
    [once] = drawn("- {cron: '0 3 * * *', duration: 1m}").lanes
    assert once.rest == ""


@pytest.mark.parametrize(
    ("view", "language", "text"),
    [
        *[("day", "en", "12:00"), ("week", "en", "Tue 1"), ("month", "en", "Dec 1"), ("90-days", "de", "1. Dez")],
        *[("week", "de", "Di 1"), ("month", "ja", "12月1日")],
    ],
)
def test_a_mark_names_its_hour_or_its_day(view: str, language: str, text: str) -> None:
    assert drawn("", view, language=language).marks[0].text.removesuffix(".") == text
