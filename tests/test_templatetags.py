from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.template import Context, Template, TemplateSyntaxError
from django.utils import timezone as django_timezone
from django.utils import translation

from downtime import live


def banner(source: str = "{% downtime_banner %}", **context: Any) -> str:
    """What the tag shows, after a request has looked at the files."""
    live.answer()
    return Template("{% load downtime %}" + source).render(Context(context))


def planned(schedule: Path, ahead: timedelta, more: str = "") -> datetime:
    """The start of a period that is planned in the file, so long from now."""
    start = (datetime.now(timezone.utc) + ahead).replace(microsecond=0)
    schedule.write_text(f"periods:\n  - {{start: '{start.isoformat()}', duration: 2h{more}}}\n")
    return start


def test_without_a_period_to_come_nothing_is_shown() -> None:
    assert banner().strip() == ""


@pytest.mark.parametrize(
    ("source", "ahead", "is_shown"),
    [
        ("{% downtime_banner %}", timedelta(hours=23), True),
        ("{% downtime_banner %}", timedelta(hours=25), False),
        ("{% downtime_banner within='7d' %}", timedelta(days=6), True),
        ("{% downtime_banner '7d' %}", timedelta(days=8), False),
        ("{% downtime_banner within=ahead %}", timedelta(minutes=20), True),
        ("{% downtime_banner within=ahead %}", timedelta(minutes=40), False),
    ],
)
def test_the_next_period_is_announced_for_a_time_ahead(
    schedule: Path, source: str, ahead: timedelta, is_shown: bool
) -> None:
    planned(schedule, ahead)
    assert ("downtime-banner" in banner(source, ahead="30m")) is is_shown


def test_the_banner_tells_when_and_why_and_escapes_it(schedule: Path) -> None:
    start = planned(schedule, timedelta(hours=3), ', message: "Faster <b>disks</b>."')
    text = " ".join(banner().split())
    assert 'class="downtime-banner"' in text
    for moment in (start, start + timedelta(hours=2)):
        local = django_timezone.localtime(moment)
        assert f'<time datetime="{local.isoformat()}">' in text
        assert f"at {local:%H:%M %Z}</time>" in text
    assert "Maintenance is planned from" in text
    assert "Expected to end on" in text
    assert "Faster &lt;b&gt;disks&lt;/b&gt;." in text


def test_without_time_zones_the_banner_tells_the_same(settings: pytest_django.Settings, schedule: Path) -> None:
    settings.USE_TZ = False
    start = planned(schedule, timedelta(hours=3))
    assert f"at {django_timezone.localtime(start):%H:%M %Z}</time>" in banner()
    planned(schedule, timedelta(days=3))
    assert banner().strip() == ""


def test_a_schedule_that_can_not_be_asked_breaks_no_page(
    schedule: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(schedule: object, now: object) -> list[object]:
        raise OverflowError("date value out of range")

    planned(schedule, timedelta(hours=3))
    monkeypatch.setattr("downtime.schedule.periods.Schedule.upcoming", failing)
    for _ in range(3):
        assert banner().strip() == ""
    assert [record.message for record in caplog.records] == [f"{schedule} can't be asked what is to come; nothing is"]


def test_a_period_without_an_end_is_announced_without_one(schedule: Path) -> None:
    planned(schedule, timedelta(hours=3))
    schedule.write_text(schedule.read_text().replace(", duration: 2h", ""))
    text = banner()
    assert "Maintenance is planned from" in text
    assert "Expected to end" not in text


def test_a_read_only_period_is_announced_as_such(schedule: Path) -> None:
    planned(schedule, timedelta(hours=3), ", read_only: true")
    assert "Changes will be paused from" in banner()


def test_the_banner_is_in_the_language_and_the_zone_of_the_request(schedule: Path) -> None:
    start = planned(schedule, timedelta(hours=3))
    with translation.override("de"), django_timezone.override("Asia/Tokyo"):
        text = banner()
    assert "Wartung" in text
    assert start.astimezone(django_timezone.zoneinfo.ZoneInfo("Asia/Tokyo")).isoformat() in text
    assert "JST" in text


@pytest.mark.parametrize("within", ["soon", "", "5", "-1h", "1.5h"])
def test_a_time_ahead_that_is_none_is_refused_whether_or_not_a_period_is_to_come(within: str) -> None:
    with pytest.raises(TemplateSyntaxError, match=r"^within of downtime_banner is '.*'; it must be a duration"):
        banner("{% downtime_banner within=within %}", within=within)


def test_the_banner_s_template_can_be_replaced(
    settings: pytest_django.Settings, schedule: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "templates" / "downtime"
    folder.mkdir(parents=True)
    (folder / "banner.html").write_text("{% if period %}mine: {{ start|date:'H:i' }} {{ period.message }}{% endif %}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [folder.parent]}]
    assert banner() == ""
    start = planned(schedule, timedelta(hours=3), ", message: soon")
    assert banner() == f"mine: {django_timezone.localtime(start):%H:%M} soon"


def test_the_banner_costs_no_file_access(schedule: Path, file_accesses: list[str]) -> None:
    planned(schedule, timedelta(hours=3))
    template = Template("{% load downtime %}{% downtime_banner %}")
    live.answer()
    template.render(Context())
    file_accesses.clear()
    live.current.expire()
    assert "downtime-banner" in template.render(Context())
    assert file_accesses == []
