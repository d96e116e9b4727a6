import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.template import Context, RequestContext, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import timezone as django_timezone
from django.utils import translation

from downtime import live
from tests.support.snapshot import at
from tests.test_urls import Included


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
    assert 'class="downtime-banner" role="region" aria-label="Maintenance notice" data-downtime-state="coming"' in text
    assert 'lang="en-us" dir="ltr"' in text
    assert "<p> <strong>Planned maintenance:</strong>" in text
    for moment in (start, start + timedelta(hours=2)):
        local = django_timezone.localtime(moment)
        assert f'<time datetime="{local.isoformat()}">' in text
        assert f"{local:%H:%M}" in text
    assert f"{local:%Z}</time>." in text
    assert '<div lang="en-us" dir="auto"><p>Faster &lt;b&gt;disks&lt;/b&gt;.</p></div>' in text


def shown(schedule: Path, periods: str, *, path: str = "", zone: str = "UTC", language: str = "en") -> str:
    """The words of the banner on that page, or on one whose template is not given the request."""
    schedule.write_text(f"timezone: {zone}\nperiods: [{periods}]\n")
    live.answer()
    context = RequestContext(RequestFactory().get(path)) if path else Context()
    with translation.override(language), django_timezone.override(zone):
        html = Template("{% load downtime %}{% downtime_banner within='3660d' %}").render(context)
    words = " ".join(re.sub("<button.*?</button>|<[^>]*>", "", html).split())
    return words.replace("\N{EN DASH}", "-").replace("\N{FULLWIDTH TILDE}", "~")


FROM_ONE = "start: 2031-11-27 01:00"
WORDS: dict[str, tuple[str, dict[str, str], str]] = {
    "one day": (f"{FROM_ONE}, duration: 2h", {}, "Planned maintenance: Nov. 27, 2031, 01:00-03:00 UTC."),
    "two days": (
        f"{FROM_ONE}, duration: 1d",
        {},
        "Planned maintenance: Nov. 27, 2031, 01:00 to Nov. 28, 2031, 01:00 UTC.",
    ),
    "no end": (FROM_ONE, {}, "Planned maintenance: from Nov. 27, 2031, 01:00 UTC."),
    "read-only": (
        f"{FROM_ONE}, duration: 2h, read_only: true",
        {},
        "Changes will be paused: Nov. 27, 2031, 01:00-03:00 UTC.",
    ),
    "a part": (
        f"{FROM_ONE}, paths: [/shop, /cart]",
        {},
        "Planned maintenance: from Nov. 27, 2031, 01:00 UTC. Affected: /shop, /cart",
    ),
    "a zone without letters": (
        f"{FROM_ONE}, duration: 2h",
        {"zone": "America/Sao_Paulo"},
        "Planned maintenance: Nov. 27, 2031, 01:00-03:00 UTC\N{MINUS SIGN}3.",
    ),
    "the clocks change meanwhile": (
        "start: 2027-10-31 01:00, end: 2027-10-31 04:00",
        {"zone": "Europe/Berlin"},
        "Planned maintenance: Oct. 31, 2027, 01:00 CEST-04:00 CET.",
    ),
    "German": (
        f"{FROM_ONE}, duration: 2h",
        {"language": "de"},
        "Geplante Wartung: 27. November 2031, 01:00-03:00 Uhr (UTC).",
    ),
    "Japanese": (
        f"{FROM_ONE}, duration: 2h",
        {"language": "ja"},
        "メンテナンスの予定: 2031年11月27日 01:00~03:00 (UTC)。",
    ),
    "read-only now": (
        "start: 2020-01-01, end: 2031-11-27 03:00, read_only: true",
        {},
        "Changes are paused until Nov. 27, 2031 at 03:00 UTC."
        " You can go on reading, but nothing that you send is saved.",
    ),
    "read-only now, without an end": (
        "start: 2020-01-01, read_only: true, message: Soon., paths: [/shop]",
        {"path": "/shop/1"},
        "Changes are paused. You can go on reading, but nothing that you send is saved. Affected: /shop Soon.",
    ),
}


@pytest.mark.parametrize(("period", "options", "words"), WORDS.values(), ids=WORDS)
def test_the_words_of_the_banner(schedule: Path, period: str, options: dict[str, str], words: str) -> None:
    assert shown(schedule, f"{{{period}}}", **options) == words


@pytest.mark.parametrize(
    ("path", "names"), [("/shop/1", ["of-shop", "of-all"]), ("/", ["of-all"]), ("", ["of-shop", "of-all"])]
)
def test_a_page_is_told_what_concerns_it_and_a_part_hides_no_whole_site(
    schedule: Path, path: str, names: list[str]
) -> None:
    part = f"{{start: '{at(600)}', duration: 5m, paths: [/shop], message: of-shop}}"
    whole = f"{{start: '{at(1200)}', duration: 5m, message: of-all}}"
    assert re.findall("of-[a-z]+", shown(schedule, f"{part}, {whole}", path=path)) == names


def test_a_request_in_the_context_by_its_name_counts_too(schedule: Path) -> None:
    planned(schedule, timedelta(hours=3), ", paths: [/shop]")
    assert "downtime-banner" in banner(request=RequestFactory().get("/shop"))
    assert banner(request=RequestFactory().get("/")).strip() == ""


def test_lang_dir_texts_and_dates_agree_where_the_page_has_another_language(schedule: Path) -> None:
    """Django has Arabic, and would give Arabic dates to English words."""
    planned(schedule, timedelta(hours=3))
    with translation.override("ar"):
        html = banner()
    assert 'lang="en-us" dir="ltr"' in html
    assert "Planned maintenance" in html
    assert html.replace("\N{EN DASH}", "-").replace("\N{MULTIPLICATION SIGN}", "x").isascii()


def test_without_time_zones_the_banner_tells_the_same(settings: pytest_django.Settings, schedule: Path) -> None:
    settings.USE_TZ = False
    start = planned(schedule, timedelta(hours=3))
    assert f"{django_timezone.localtime(start):%H:%M}" in banner()
    assert f"{django_timezone.localtime(start + timedelta(hours=2)):%H:%M %Z}</time>" in banner()
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
    told = f"{schedule} can't be asked what is to come, so nothing is announced"
    assert [record.message for record in caplog.records] == [told]


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


OWN_BANNER = (
    "{% for a in announcements %}mine: {{ a.start|date:'H:i' }} {{ a.period.message }}{{ a.is_running }}{% endfor %}"
)


def test_the_banner_s_template_can_be_replaced(
    settings: pytest_django.Settings, schedule: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "templates" / "downtime"
    folder.mkdir(parents=True)
    (folder / "banner.html").write_text(OWN_BANNER)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [folder.parent]}]
    assert banner() == ""
    start = planned(schedule, timedelta(hours=3), ", message: soon")
    assert banner() == f"mine: {django_timezone.localtime(start):%H:%M} soonFalse"


@pytest.mark.parametrize(
    ("flag_text", "state"), [("", ""), ("paths: [/shop]", ""), ("read_only: true", "read-only")], ids=str
)
def test_what_is_running_can_not_be_hidden_and_what_is_coming_can(
    schedule: Path, flag: Path, flag_text: str, state: str
) -> None:
    """A page that is down itself needs no banner for that."""
    flag.write_text(flag_text)
    planned(schedule, timedelta(hours=3))
    html = banner()
    assert f'data-downtime-state="{state or "coming"}"' in html
    assert len(re.findall("class=.downtime-announcement", html)) == (2 if state else 1)
    [notice] = re.findall(r"<div [^>]*data-downtime-id=.*?</button>", html, re.DOTALL)
    assert "Planned maintenance:" in notice
    assert "Changes are paused" not in notice
    assert re.findall("<button.*?>", html) == [
        '<button type="button" class="downtime-dismiss" aria-label="Hide this notice" hidden>'
    ]


def test_what_is_hidden_on_one_page_is_hidden_on_another_where_it_takes_longer(schedule: Path) -> None:
    start, then = at(3600), at(7200)
    schedule.write_text(
        f"periods: [{{start: '{start}', end: '{then}'}}, {{start: '{then}', duration: 1h, paths: [/shop]}}]\n"
    )
    pages = [banner(request=RequestFactory().get(path)) for path in ("/", "/shop")]
    assert len({re.findall('datetime="(.*?)"', page)[1] for page in pages}) == 2
    assert len({id for page in pages for id in re.findall('data-downtime-id="(.*?)"', page)}) == 1


# Its style and its script

STYLESHEET = '<link rel="stylesheet" href="/static/downtime/banner.css">'
SCRIPT = '<script src="/static/downtime/banner.js"></script>'
PAGE = "language=en-us&amp;zone=Europe%2FBerlin"


def test_the_style_and_the_script_come_with_it(schedule: Path) -> None:
    planned(schedule, timedelta(hours=3))
    html = banner().strip()
    assert html.startswith(f'{STYLESHEET}<div class="downtime-banner"')
    assert html.endswith(f"</div>{SCRIPT}")


def test_nothing_of_it_needs_a_policy_that_allows_what_is_inline(schedule: Path) -> None:
    planned(schedule, timedelta(hours=3))
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)|javascript:", banner())


def test_without_static_files_the_words_are_there(schedule: Path, settings: pytest_django.Settings) -> None:
    settings.INSTALLED_APPS = ["downtime"]
    settings.ROOT_URLCONF = Included
    assert banner().strip() == ""
    planned(schedule, timedelta(hours=3))
    assert banner().strip().startswith('<div class="downtime-banner"')
    assert "<script" not in banner()


def test_a_page_is_kept_up_to_date_where_the_site_includes_the_feeds(
    schedule: Path, settings: pytest_django.Settings
) -> None:
    settings.ROOT_URLCONF = Included
    context = RequestContext(RequestFactory().get("/shop/?q=1"))
    live.answer()
    template = Template("{% load downtime %}{% downtime_banner within='7d' %}")
    place = (
        '<div data-downtime-status="/downtime/status.json" data-downtime-banner="/downtime/banner.html?'
        f'{PAGE}&amp;within=604800s&amp;path=%2Fshop%2F" data-downtime-within="604800" aria-live="polite"'
    )
    assert template.render(context).split("\n") == [
        f"{place} hidden>",
        f"</div>{SCRIPT.replace('></', ' async></')}",
        "",
    ]
    planned(schedule, timedelta(hours=3))
    live.answer()
    html = template.render(context)
    assert html.startswith(f'{place}>{STYLESHEET}<div class="downtime-banner"')
    assert html.endswith(f"</div>\n</div>{SCRIPT}\n")


def test_the_script_can_read_its_number_whatever_separates_thousands(settings: pytest_django.Settings) -> None:
    settings.ROOT_URLCONF = Included
    settings.USE_THOUSAND_SEPARATOR = True
    assert 'data-downtime-within="86400"' in banner(request=RequestFactory().get("/"))


@pytest.mark.parametrize(
    ("flag_text", "path", "passes"),
    [
        ("", "/shop", True),
        ("paths: [/shop]", "/shop", True),
        ("paths: [/shop]", "/", False),
        ("read_only: true", "/", False),
        ("", "", False),
    ],
)
def test_a_page_that_is_shown_while_it_is_down_is_that_of_somebody_who_passes(
    flag: Path, settings: pytest_django.Settings, flag_text: str, path: str, passes: bool
) -> None:
    settings.ROOT_URLCONF = Included
    flag.write_text(flag_text)
    assert ("&amp;passes=1" in banner(request=RequestFactory().get(path) if path else None)) is passes


@pytest.mark.parametrize("urlconf", ["no.such.urlconf", None])
def test_a_urlconf_that_can_not_be_loaded_breaks_no_banner(
    schedule: Path, settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture, urlconf: str | None
) -> None:
    settings.ROOT_URLCONF = urlconf
    planned(schedule, timedelta(hours=3))
    assert "Planned maintenance" in banner()
    assert "data-downtime-status" not in banner()
    told = "the URLconf can't be asked for the feeds, so the banner does not change on an open page"
    assert caplog.messages.count(told) == 1


def test_without_the_request_it_is_kept_up_to_date_for_the_whole_site(settings: pytest_django.Settings) -> None:
    settings.ROOT_URLCONF = Included
    assert f'data-downtime-banner="/downtime/banner.html?{PAGE}&amp;within=86400s"' in banner()


@pytest.mark.parametrize("source", ["context", "request"])
def test_the_nonce_of_the_site_s_policy_is_on_both(schedule: Path, source: str) -> None:
    """As `csp_nonce` of Django 6 is in the context, and that of django-csp on the request."""
    planned(schedule, timedelta(hours=3))
    request = RequestFactory().get("/")
    if source == "request":
        request.csp_nonce = "abc"  # type: ignore[attr-defined]
    html = banner(request=request, **({"csp_nonce": "abc"} if source == "context" else {}))
    assert re.findall(r'<(\w+)[^>]* nonce="abc"', html) == ["link", "script"]


def test_a_nonce_is_not_made_unless_it_is_used() -> None:
    class Nonce:
        def __str__(self) -> str:
            raise AssertionError

        def __bool__(self) -> bool:
            raise AssertionError

    assert banner(csp_nonce=Nonce()).strip() == ""


def test_the_banner_costs_no_file_access(schedule: Path, file_accesses: list[str]) -> None:
    planned(schedule, timedelta(hours=3))
    template = Template("{% load downtime %}{% downtime_banner %}")
    live.answer()
    template.render(Context())
    file_accesses.clear()
    live.current.expire()
    assert "downtime-banner" in template.render(Context())
    assert file_accesses == []
