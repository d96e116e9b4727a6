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
        return timeline_svg(
            timeline(windows, VIEWS[view], now=NOW, zone=UTC),
            VIEWS[view],
            list(flags),
            UTC,
            lambda rank: f"#row-{rank}",
        )


def test_places_and_widths_are_shares_of_the_width_whatever_the_language() -> None:
    found = drawn("- {name: upgrade, start: 2026-12-02, end: 2026-12-03 12:00}", language="de")
    [lane] = found.lanes
    [bar] = lane.bars
    assert (bar.x, bar.width, found.now) == ("14.286%", "21.429%", "7.143%")
    assert bar.title == "upgrade: 2. Dezember 2026 00:00 bis 3. Dezember 2026 12:00 (die ganze Website)"


@pytest.mark.parametrize("start", ["2026-12-02 00:00", "2027-02-28 23:59:40"], ids=["early", "at the very end"])
def test_the_shortest_period_is_a_tick_of_a_pixel_and_lies_within_the_picture(start: str) -> None:
    [lane] = drawn(f"- {{start: '{start}', duration: 10s}}", "90-days").lanes
    assert lane.bars[0].width == "1"
    assert 0 <= float(lane.bars[0].x[:-1]) <= 99.8


@pytest.mark.parametrize(("minutes", "is_tick"), [(27, True), (28, False)])
def test_what_would_be_narrower_than_two_pixels_is_a_tick(minutes: int, is_tick: bool) -> None:
    """Of 725, as many as the picture has in a window of 1280: there a week shows 13.9 minutes as one."""
    [lane] = drawn(f"- {{start: 2026-12-02, duration: {minutes}m}}").lanes
    assert (lane.bars[0].width == "1") is is_tick


@pytest.mark.parametrize("view", ["day", "week", "month", "90-days"])
@pytest.mark.parametrize("duration", ["20m", "45m", "2h", "10h"])
def test_bars_take_up_no_more_than_the_time_they_stand_for(view: str, duration: str) -> None:
    [lane] = drawn(f"- {{cron: '0 13 * * *', duration: {duration}}}", view).lanes
    widths = [float(bar.width[:-1]) for bar in lane.bars if bar.width.endswith("%")]
    hours = {"20m": 1 / 3, "45m": 0.75, "2h": 2, "10h": 10}[duration]
    days = {"day": 1, "week": 7, "month": 30, "90-days": 90}[view]
    assert sum(widths) <= 100 * len(lane.bars) * hours / (24 * days) + 0.001 * len(widths)
    assert {bar.width for bar in lane.bars if not bar.width.endswith("%")} <= {"1"}


def test_what_is_active_differs_from_what_is_planned() -> None:
    found = drawn("- {cron: '0 12 * * *', duration: 2h}\n- {start: 2026-12-02}\n")
    assert [[bar.is_active for bar in lane.bars] for lane in found.lanes] == [[True] + [False] * 6, [False]]


def test_of_many_lines_the_first_twelve_are_shown_and_the_others_if_they_are_asked_for() -> None:
    found = drawn("".join(f"- {{start: '2026-12-02 {hour:02}:00', duration: 1h}}\n" for hour in range(15)))
    assert (len(found.lanes), len(found.more_lanes), found.left_out) == (12, 3, 0)
    assert found.all_lanes == (*found.lanes, *found.more_lanes)
    assert drawn("").lanes == ()


def test_a_line_leads_to_its_row() -> None:
    assert [lane.href for lane in drawn("- {start: 2026-12-03}\n- {start: 2026-12-02}\n").lanes] == ["#row-1", "#row-0"]


def test_weekends_and_the_first_of_a_month_have_their_places() -> None:
    found = drawn("", "month")
    assert [month.text for month in found.months] == []
    assert found.weekends[0] == ("13.333%", "6.667%")
    assert len(found.weekends) == 4
    assert [month.text for month in drawn("", "90-days", language="de").months] == ["Januar", "Februar"]


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
