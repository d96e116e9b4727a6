"""The down page, as somebody sees it in the admin who is not refused."""

import re
from pathlib import Path

import pytest
import pytest_django
from django.http import HttpResponse
from django.test import Client

PAGE = "/admin/downtime/period/preview/"
SCHEDULE = """
timezone: Europe/Berlin
periods:
  - {name: over, start: 2020-12-01 02:00, end: 2020-12-01 04:00, message: Faster disks.}
  - {name: coming, start: 2098-12-01 02:00, duration: 2h, paths: [/shop]}
  - {name: reading, cron: "0 3 * * *", duration: 1h, read_only: true}
"""


@pytest.fixture(autouse=True)
def planned(schedule: Path) -> None:
    schedule.write_text(SCHEDULE)


def preview(client: Client, period: object, **more: str) -> HttpResponse:
    answer = client.get(PAGE, {"period": period, **more})
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (0, ["Faster disks.", "Dec. 1, 2020 at 04:00 CET"]),
        (1, ['<code dir="ltr">/shop</code>', "Dec. 1, 2098 at 04:00 CET", "Go to the rest of the site"]),
        (2, ["Changes are paused", "at 04:00 CE"]),
    ],
    ids=["over", "coming", "repeating"],
)
def test_it_is_the_page_of_any_period(staff: Client, period: int, words: list[str]) -> None:
    page = preview(staff, period).content.decode()
    for word in words:
        assert word in page


def test_it_is_the_page_of_a_flag_too(staff: Client, flag: Path) -> None:
    flag.write_text("message: Back soon.\nend: 2098-12-01 04:00\n")
    page = preview(staff, -1).content.decode()
    assert "Back soon." in page
    assert "Dec. 1, 2098 at 04:00 CET" in page


def test_a_language_is_chosen_and_else_it_is_that_of_the_viewer(staff: Client) -> None:
    for more, code, heading in (
        ({"language": "de"}, "de", "Wegen Wartung nicht erreichbar"),
        ({"language": "fi"}, "en", "Down for maintenance"),
        ({}, "en", "Down for maintenance"),
    ):
        answer = preview(staff, 0, **more)
        assert (answer["Content-Language"], f"<h1>{heading}</h1>" in answer.content.decode()) == (code, True)
    staff.cookies["django_language"] = "ja"
    assert "メンテナンス中です" in preview(staff, 0).content.decode()


def test_a_site_that_offers_no_language_of_the_page_sees_it_in_english(
    staff: Client, settings: pytest_django.Settings
) -> None:
    settings.LANGUAGES = [("fi", "Finnish")]
    assert preview(staff, 0)["Content-Language"] == "en"


def test_it_is_no_answer_of_a_site_that_is_down(staff: Client) -> None:
    answer = preview(staff, 0)
    assert answer.status_code == 200
    for name in ("X-Downtime", "Retry-After"):
        assert name not in answer
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"


def test_nothing_in_it_can_run_or_be_sent_or_framed(staff: Client) -> None:
    policy = dict(part.split(" ", 1) for part in preview(staff, 0)["Content-Security-Policy"].split("; "))
    assert {policy[name] for name in ("script-src", "form-action", "base-uri", "frame-ancestors")} == {"'none'"}
    assert "default-src" not in policy  # whatever else the template of a project needs


@pytest.mark.parametrize("period", ["", "9", "-1", "x", "1.5", "\u0661", "9" * 30])
def test_what_is_no_period_is_not_found(staff: Client, period: str) -> None:
    assert staff.get(PAGE, {"period": period}).status_code == 404
    assert staff.get(PAGE).status_code == 404


def test_the_template_of_a_project_is_shown_and_a_broken_one_as_visitors_get_it(
    staff: Client, settings: pytest_django.Settings, tmp_path: Path
) -> None:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    (tmp_path / "ours.html").write_text("<h1>Ours, {{ language_code }}</h1>")
    (tmp_path / "broken.html").write_text("{% nonsense %}")
    settings.DOWNTIME_TEMPLATE = "ours.html"
    assert preview(staff, 0, language="de").content.decode() == "<h1>Ours, de</h1>"
    settings.DOWNTIME_TEMPLATE = "broken.html"
    assert "Faster disks." in preview(staff, 0).content.decode()


def test_the_form_offers_what_is_active_or_coming_and_the_languages_of_the_page(staff: Client, flag: Path) -> None:
    flag.touch()
    form = staff.get("/admin/downtime/period/visit/").content.decode().partition("The down page")[2]
    assert re.findall(r'<option value="([-\d]+)"', form)[0] == "-1"
    assert sorted(re.findall(r'<option value="([-\d]+)"', form)) == ["-1", "1", "2"]
    languages = re.findall(r'<option value="([a-z-]+)"', form)
    assert {"en", "de", "ja", "pt-br", "zh-hans"} <= set(languages)
    assert "fi" not in languages
    assert '<option value="en" selected>' in form
    german = staff.get("/admin/downtime/period/visit/", headers={"accept-language": "de"}).content.decode()
    assert '<option value="de" selected>Deutsch</option>' in german
