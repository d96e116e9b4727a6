"""What stands above the table, as the page shows it."""

import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
import pytest_django
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from downtime import live
from downtime.admin_page.status_panel import Panel
from tests.support import sample

PAGE = "/admin/downtime/period/"
SCHEDULE = "periods:\n  - {name: upgrade, start: 2020-01-01, message: Faster disks.}\n"


def text(client: Client, query: str = "", **headers: str) -> str:
    """What can be read on the page."""
    page = client.get(f"{PAGE}{query}", headers=headers).content.decode()
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", page).split()))


def commands(client: Client) -> list[str]:
    page = client.get(PAGE).content.decode()
    return [unescape(line) for line in re.findall(r'<code class="downtime-command">(.*?)</code>', page)]


def test_a_site_that_is_up_can_be_taken_down_and_planned_for(staff: Client, schedule: Path, flag: Path) -> None:
    assert commands(staff) == [
        "python manage.py downtime_start",
        "python manage.py downtime_schedule upgrade --start +1h --for 2h",
        "python manage.py downtime_edit",
        "python manage.py downtime_edit",
        f"touch {flag}",
    ]


def test_a_site_that_is_down_can_be_brought_back(staff: Client, schedule: Path, flag: Path) -> None:
    schedule.write_text(SCHEDULE)
    flag.touch()
    found = commands(staff)
    assert found[0] == "python manage.py downtime_end"
    assert found[3] == "python manage.py downtime_cancel upgrade"
    assert f"rm {flag}" == found[-1]


def test_a_site_without_a_flag_is_told_of_no_command_that_raises_one(
    settings: pytest_django.Settings, staff: Client, schedule: Path
) -> None:
    settings.DOWNTIME_FLAG_FILE = []
    assert commands(staff) == [
        "python manage.py downtime_schedule upgrade --start +1h --for 2h",
        "python manage.py downtime_edit",
        "python manage.py downtime_edit",
    ]
    schedule.write_text(SCHEDULE)
    assert commands(staff)[0] == "python manage.py downtime_end"


@pytest.fixture
def site(tmp_path: Path, settings: pytest_django.Settings) -> Path:
    """The folder of the sample site, whose files the page shows, with a second flag."""
    folder = sample.copied(tmp_path)
    settings.DOWNTIME_SCHEDULE_FILE = folder / "downtime.yml"
    settings.DOWNTIME_FLAG_FILE = [folder / "downtime.flag", folder / "it's another.flag"]
    return folder


def run_here(site: Path, line: str) -> None:
    """Runs a command line as `run`, but what the shell would pass to Python in this process, which is quicker."""
    script = f'python() {{ printf "%s\\0" "$@"; }}\n{line}'
    ran = subprocess.run(script, shell=True, cwd=site, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    if ran.stdout:
        program, *arguments, end = ran.stdout.split("\0")
        assert (program, end) == ("manage.py", "")
        call_command(*arguments, stdout=io.StringIO())


def run(site: Path, line: str) -> None:
    """Runs a command line in a shell, as somebody who has copied it."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "DJANGO_SETTINGS_MODULE": "sample_site.settings"}
    ran = subprocess.run(line, shell=True, cwd=site, env=environment, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, f"{line}: {ran.stderr}"


@pytest.mark.system
@pytest.mark.parametrize("raised", ["", "first", "second", "first and second"])
def test_the_command_that_brings_the_site_back_does_so(staff: Client, site: Path, raised: str) -> None:
    (site / "downtime.yml").write_text(SCHEDULE)
    if "first" in raised:
        (site / "downtime.flag").touch()
    if "second" in raised:
        (site / "it's another.flag").mkdir()
    assert live.is_down()
    run(site, commands(staff)[0])
    assert not live.is_down()


def test_the_commands_of_the_page_do_what_they_say(staff: Client, site: Path) -> None:
    (site / "downtime.yml").write_text('periods:\n  - {name: "it\'s $HOME", start: 2999-01-01}\n')
    for number in (2, 3):
        run_here(site, commands(staff)[1])
        assert [period.name for period in live.overview().schedule.periods][-1].startswith("upgrade")
        assert len(live.overview().schedule.periods) == number
    for number in (2, 1, 0):
        run_here(site, commands(staff)[3])
        assert len(live.overview().schedule.periods) == number
    for is_down in (True, False):
        [line] = [line for line in commands(staff) if "another.flag" in line and "&&" not in line]
        run_here(site, line)
        assert live.is_down() is is_down


def test_a_flag_that_can_no_longer_be_looked_at_can_be_lowered(
    staff: Client, tmp_path: Path, settings: pytest_django.Settings
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    settings.DOWNTIME_FLAG_FILE = flag = folder / "flag"
    flag.touch()
    assert live.is_down()
    flag.unlink()
    folder.rmdir()
    folder.symlink_to(folder)
    assert commands(staff)[-1] == f"rm {flag}"


def test_a_damaged_schedule_can_be_checked(staff: Client, schedule: Path) -> None:
    schedule.write_text("periods:\n  - {start: 2020-01-01}\n  - {}\n")
    assert commands(staff)[:3] == [f"python manage.py downtime_{name}" for name in ("check", "edit", "end")]
    page = text(staff)
    assert f"{schedule}:3: a period needs a start" in page
    assert "Only the periods without a problem apply until these problems are corrected." in page


def test_a_damaged_flag_is_a_problem_too(staff: Client, flag: Path) -> None:
    flag.write_text("message: Soon.\nstart: 2020-01-01\n")
    page = text(staff)
    assert f"{flag}:2: 'start' is not a key of a flag" in page
    assert "problems are corrected" not in page
    assert "Soon." in page


def test_of_many_problems_the_first_are_shown_and_the_others_counted(staff: Client, schedule: Path) -> None:
    schedule.write_text("periods:\n" + "  - {}\n" * 50)
    page = text(staff)
    assert page.count("a period needs a start") == 20
    assert "30 more not shown" in page


def test_without_a_problem_none_is_spoken_of(staff: Client) -> None:
    assert "Problems" not in text(staff)


@pytest.mark.parametrize(
    ("prepared", "state"),
    [("absent", "not there"), ("raised", "there"), ("released", "there, but its time is over"), ("hidden", "loop")],
)
def test_the_state_of_a_flag_is_told(
    staff: Client, flag: Path, settings: pytest_django.Settings, tmp_path: Path, prepared: str, state: str
) -> None:
    if prepared in ("raised", "released"):
        flag.touch()
    if prepared == "released":
        settings.DOWNTIME_FLAG_MAX_AGE = 1e-6
    if prepared == "hidden":
        loop = tmp_path / "loop"
        loop.symlink_to(loop)
        settings.DOWNTIME_FLAG_FILE = loop / "flag"
        state = "can't be looked at: Too many levels of symbolic links"
    row = text(staff).partition(f"{settings.DOWNTIME_FLAG_FILE} flag ")[2]
    assert re.match(rf"{state} (\w+\.? \d+, \d+, \d\d:\d\d:\d\d|-)", row), row[:100]


def test_the_times_are_in_the_zone_of_the_viewer(staff: Client, schedule: Path) -> None:
    schedule.write_text("periods:\n  - {name: upgrade, start: 2999-12-01 02:00, duration: 1h}\n")
    assert "next: upgrade, Dec. 1, 2999, 2 a.m." in text(staff)
    with timezone.override("America/New_York"):
        page = text(staff)
    assert "next: upgrade, Nov. 30, 2999, 8 p.m." in page
    assert "Nov. 30, 2999 20:00\N{EN DASH}21:00 , in " in page
    assert "Dec. 1, 2999 02:00\N{EN DASH}03:00 Europe/Berlin" in page


@pytest.mark.parametrize("use_tz", [True, False])
def test_a_site_without_time_zones_sees_its_own(
    staff: Client, schedule: Path, settings: pytest_django.Settings, use_tz: bool
) -> None:
    settings.USE_TZ = use_tz
    schedule.write_text("periods:\n  - {name: upgrade, start: 2999-12-01 02:00, duration: 1h}\n")
    assert "next: upgrade, Dec. 1, 2999, 2 a.m." in text(staff)
    os.utime(schedule, (1_700_000_000, 1_700_000_000))
    page = text(staff)
    assert "schedule there Nov. 14, 2023, 23:13:20 " in page
    assert "Times are in Europe/Berlin." in page


def test_the_page_is_in_the_language_of_the_viewer(staff: Client, schedule: Path, flag: Path) -> None:
    schedule.write_text(SCHEDULE)
    flag.touch()
    page = text(staff, **{"accept-language": "de"})
    for german in ("Die Website ist in Wartung", "Zeitplan bearbeiten", "Die nächsten Tage", "Befehl", "aktiv"):
        assert german in page
    index = staff.get("/admin/", headers={"accept-language": "de"}).content.decode()
    assert "Wartungsfenster" in index


def test_numbers_of_the_picture_are_not_localized(
    staff: Client, schedule: Path, settings: pytest_django.Settings
) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    schedule.write_text("periods:\n" + "- {start: 2020-01-01}\n" * 1305)
    page = staff.get(PAGE, headers={"accept-language": "de"}).content.decode()
    assert 'href="?p=14#downtime-period-1304"' not in page
    assert 'href="#downtime-period-99"' in page
    assert re.search(r'<line x1="\d+\.\d{3}%"', page)
    assert "und 1005 weitere" in page


def test_the_picture_says_in_words_what_it_shows(staff: Client, schedule: Path) -> None:
    schedule.write_text(SCHEDULE + "  - {name: often, cron: '*/5 * * * *', duration: 1m}\n")
    page = staff.get(PAGE).content.decode()
    title = r"upgrade: from Jan. 1, 2020, midnight on \(the whole site\)"
    assert re.search(rf'<rect class="downtime-running" x="0.000%"[^>]*><title>{title}</title></rect>', page)
    listed = re.findall(r"<li><bdi>((?:upgrade|often): .*)</bdi></li>", page)
    assert listed[0] == "upgrade: from Jan. 1, 2020, midnight on (the whole site)"
    assert len(listed) == page.count("</title></rect>") + 1
    assert len(listed) > 200
    assert listed[-1] == "often: …"
    assert ">now</text>" in page


def test_where_nothing_is_coming_there_is_no_picture(staff: Client) -> None:
    page = staff.get(PAGE).content.decode()
    assert "downtime-picture" not in page
    assert "Nothing is coming in this time." in page


def test_the_state_stands_in_large_letters_with_what_comes_next(staff: Client, schedule: Path, flag: Path) -> None:
    page = staff.get(PAGE).content.decode()
    assert re.search(r'<strong id="downtime-word"[^>]*role="status">UP</strong>', page)
    assert "UP nothing is planned The site is up" in text(staff)
    schedule.write_text("periods:\n  - {start: 2020-01-01, end: 2999-12-01 02:00}\n")
    assert "DOWN back on Dec. 1, 2999 02:00, in " in text(staff)
    flag.touch()
    assert "DOWN end not known The site is down" in text(staff)
    schedule.write_text("periods:\n  - {start: soon}\n")
    flag.unlink()
    assert 'data-state="unknown"' in staff.get(PAGE).content.decode()
    assert "UNKNOWN The state of the site is unknown" in text(staff)


def version(client: Client) -> str:
    found: str = client.get(f"{PAGE}state/").json()["version"]
    return found


def test_the_version_changes_with_the_files_and_with_each_minute(staff: Client, schedule: Path, flag: Path) -> None:
    schedule.write_text(SCHEDULE)
    panel = Panel()
    seen = [panel.version]
    panel.now += timedelta(minutes=1)
    seen.append(panel.version)
    schedule.write_text("periods: []\n# another\n")
    os.utime(schedule, (1_700_000_000, 1_700_000_000))
    seen.append(Panel().version)
    flag.touch()
    panel = Panel()
    seen.append(panel.version)
    read = replace(panel.overview.known_schedule, modified_at=None)
    panel.overview = replace(panel.overview, known_schedule=read)
    seen.append(panel.version)
    assert len(set(seen)) == 5
    panel, again = Panel(), Panel()
    again.now = panel.now
    assert panel.version == again.version


def test_the_page_and_the_state_name_the_same_version(staff: Client, schedule: Path) -> None:
    schedule.write_text(SCHEDULE)

    def is_same() -> bool:
        page = staff.get(PAGE).content.decode()
        return f'data-version="{version(staff)}"' in page

    assert is_same() or is_same()  # the second time, if a minute ended in between
