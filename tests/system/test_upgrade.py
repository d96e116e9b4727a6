"""From 1.x to 2.0: what the real django-downtime 1.1.2 has in its database, moved by the recipe of sample_config."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from downtime.files.parser import parse
from downtime.schedule.periods import NEVER
from tests.support.programs import ROOT
from tests.support.project import Project, environment, shell
from tests.support.readme import block

RECIPE = ROOT / "sample_config" / "periods_of_1.py"
COMMAND = block("periods_of_1.py").text.strip()
ZONE = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)
# Start and end in UTC, and whether the row is enabled.
ROWS: dict[str, tuple[str | None, str | None, bool]] = {
    "in winter": ("2031-01-05 02:00:00", "2031-01-05 04:00:00", True),
    "in summer, with a fraction": ("2031-07-05 02:00:30.123456", "2031-07-05 04:00:00", True),
    "while the clocks change": ("2031-03-30 00:30:00", "2031-03-30 01:30:00", True),
    "disabled": ("2031-09-01 02:00:00", "2031-09-01 03:00:00", False),
    "without an end": ("2032-01-01 00:00:00", None, True),
    "disabled, without an end": ("2031-11-01 00:00:00", None, False),
    "with an end that never comes": ("2032-02-01 00:00:00", "9999-12-30 00:00:00", True),
    "without a start": (None, "2031-09-02 03:00:00", True),
    "without anything": (None, None, True),
    "of no length": ("2031-10-01 03:00:00", "2031-10-01 03:00:00", True),
    "with its end before its start": ("2031-10-03 03:00:00", "2031-10-02 03:00:00", True),
    "over": ("2020-10-02 03:00:00", "2020-10-02 04:00:00", True),
}
KEPT = list(ROWS)[:7]
SETTINGS = """
INSTALLED_APPS += ["downtime"]
MIDDLEWARE = ["downtime.middleware.DowntimeMiddleware"] + MIDDLEWARE
TIME_ZONE = "Europe/Berlin"
USE_TZ = {use_tz}
"""
# What the README of 1.1.2 shows, and the two settings of 1.x that are gone.
OLD_SETTINGS = """
DOWNTIME_EXEMPT_EXACT_URLS = ("/", "/other_location/not_down/page")
DOWNTIME_EXEMPT_PATHS = ("/admin", "/other_location_not_down")
DOWNTIME_URL_REDIRECT = "http://errors.mypage.com"
DOWNTIME_MIXIN = "example.views.Mixin"
DOWNTIME_NODATABASE_MODE = True
"""
FILL = """
import json, django
django.setup()
from django.utils.dateparse import parse_datetime
from downtime.models import Period
for start, end, enabled in json.load(open("rows.json")):
    times = [text and parse_datetime(text) for text in (start, end)]
    Period.objects.create(start_time=times[0], end_time=times[1], enabled=enabled)
"""
ASK = """
import json, django
django.setup()
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from downtime.models import Period
for text in json.load(open("moments.json")):
    timezone.now = lambda: parse_datetime(text)
    print(bool(Period.objects.is_down()))
"""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


class Old:
    """A project with 1.1.2, whose database holds the rows."""

    def __init__(self, folder: Path, programs: Path, *, use_tz: bool) -> None:
        folder.mkdir()
        self.folder, self.use_tz = folder, use_tz
        self.environment = {**environment(programs), "DJANGO_SETTINGS_MODULE": "example.settings", "PYTHONPATH": "."}
        self.run("python -m django startproject example .")
        with (folder / "example" / "settings.py").open("a") as settings:
            settings.write(SETTINGS.format(use_tz=use_tz))
        shutil.copy(RECIPE, folder)
        self.run("python manage.py migrate")
        rows = [
            [start and self.written(utc(start)), end and self.written(utc(end)), on] for start, end, on in ROWS.values()
        ]
        self.python(FILL, "rows.json", rows)

    def written(self, moment: datetime) -> str:
        """A moment as the settings of the project take it."""
        return moment.isoformat() if self.use_tz else moment.astimezone(ZONE).replace(tzinfo=None).isoformat()

    def run(self, text: str) -> str:
        """What a text for the shell prints in its folder, where `python` has the old Django."""
        return shell(text, self.folder, self.environment)

    def python(self, text: str, name: str, given: Any) -> str:
        """What a script prints that is given something in a file of that name."""
        (self.folder / name).write_text(json.dumps(given))
        (self.folder / "script.py").write_text(text)
        return self.run("python script.py")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a virtualenv with 1.1.2 and the newest Django under which it runs."""
    folder = tmp_path_factory.mktemp("old") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    # What has left the standard library since.
    needs = ["setuptools", "legacy-cgi; python_version >= '3.13'"]
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "django-downtime==1.1.2", "django==2.2.*", *needs], check=True)
    return folder / "bin"


@pytest.fixture(scope="module", params=[True, False], ids=["USE_TZ", "without USE_TZ"])
def old(request: pytest.FixtureRequest, programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Old:
    """A project with 1.1.2 that has written the new schedule, by the command in the recipe."""
    project = Old(tmp_path_factory.mktemp("old") / "project", programs, use_tz=request.param)
    project.run(COMMAND)
    return project


@pytest.fixture
def new(old: Old, tmp_path: Path) -> Project:
    """A project with 2.0 that has the schedule, the database and the settings of the old one."""
    project = Project.made(tmp_path / "new")
    for name in ("downtime.yml", "db.sqlite3"):
        shutil.copy(old.folder / name, project.folder)
    project.add(f'TIME_ZONE = "Europe/Berlin"\nUSE_TZ = {old.use_tz}\n{OLD_SETTINGS}')
    return project


def test_each_moment_is_down_in_the_new_schedule_as_it_was_in_the_database(old: Old) -> None:
    times = [utc(text) for start, end, _ in ROWS.values() for text in (start, end) if text]
    now = datetime.now(timezone.utc).replace(microsecond=0)
    moments = [now, *(time + shift for time in times if time > now for shift in (-SECOND, SECOND))]
    said = old.python(ASK, "moments.json", [old.written(moment) for moment in moments]).split()
    schedule = parse((old.folder / "downtime.yml").read_text(), ZONE).schedule
    assert [str(bool(schedule.at(moment).active)) for moment in moments] == said
    assert {"True", "False"} == set(said)


def test_starts_and_ends_are_kept_to_the_microsecond(old: Old) -> None:
    rows = [ROWS[name] for name in KEPT]
    expected = {
        (utc(start), utc(end) if end and end < "9901" else NEVER, enabled) for start, end, enabled in rows if start
    }
    periods = parse((old.folder / "downtime.yml").read_text(), ZONE).schedule.periods
    assert {(period.start, period.end, period.enabled) for period in periods} == expected
    assert len(periods) == len(KEPT)


def test_the_new_schedule_has_no_problem(new: Project) -> None:
    assert f"downtime.yml has no problem; it has {len(KEPT)} periods." in new.run("python manage.py downtime_check")


def test_old_settings_are_no_error_and_those_that_are_gone_are_named(new: Project) -> None:
    said = new.run("python manage.py check")
    assert re.findall(r"\(downtime\.(\w+)\) (\w+)", said) == [
        ("W001", "DOWNTIME_MIXIN"),
        ("W001", "DOWNTIME_NODATABASE_MODE"),
    ]


@pytest.mark.parametrize("is_dropped", [False, True], ids=["stays", "is dropped"])
def test_the_old_table_may_stay_or_be_dropped(new: Project, is_dropped: bool) -> None:
    if is_dropped:
        with closing(sqlite3.connect(new.folder / "db.sqlite3")) as database:
            database.executescript("DROP TABLE downtime_period; DELETE FROM django_migrations WHERE app = 'downtime';")
    new.run("python manage.py migrate")
    assert "No changes detected" in new.run("python manage.py makemigrations --dry-run")
    assert '"downtime.period"' not in new.run("python manage.py dumpdata")
    assert not new.is_down()
