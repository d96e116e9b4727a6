"""The sample site runs, and its schedule shows what there is."""

import os
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from email.message import Message
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from downtime.files.fields import KEYS
from downtime.files.parser import Parsed, parse
from tests.support.programs import ROOT, require
from tests.support.readme import DOCUMENTS, TEXT, block
from tests.support.sample import copied, manage, served
from tests.support.waiting import wait_until

SCHEDULE = (ROOT / "sample_config" / "downtime.yml").read_text()
# The commented periods, and the comments that stand behind a line, as they would be without their mark.
UNCOMMENTED = re.sub(r"^(  )# (- name|  [a-z_]+:)", r"\1\2", SCHEDULE, flags=re.MULTILINE)


def parsed(text: str) -> Parsed:
    return parse(text, ZoneInfo("Europe/Berlin"))


def test_the_schedule_has_no_problem_and_takes_nothing_down() -> None:
    found = parsed(SCHEDULE)
    assert found.problems == ()
    assert len(found.schedule.periods) > 3
    now = datetime.now(timezone.utc)
    assert found.schedule.at(now).active == ()
    assert found.schedule.upcoming(now) == []


def test_what_is_commented_out_has_no_problem_either() -> None:
    found = parsed(UNCOMMENTED)
    assert found.problems == ()
    assert len(found.schedule.periods) == len(parsed(SCHEDULE).schedule.periods) + 1


@pytest.mark.parametrize("key", ["periods", *KEYS])
def test_the_schedule_shows_every_key(key: str) -> None:
    assert re.search(rf"^(?:  (?:- |  ))?{key}:", UNCOMMENTED, re.MULTILINE)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of the sample site."""
    return copied(tmp_path)


def test_the_checks_find_nothing(sample: Path) -> None:
    assert "no issues (0 silenced)" in manage(sample, "check", "--fail-level", "DEBUG")


def answer(url: str, accept: str = "text/html") -> tuple[int, Message, str]:
    request = urllib.request.Request(url, headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()
    except OSError:
        return 0, Message(), ""


@pytest.mark.system
@pytest.mark.smoke
def test_the_site_goes_down_and_comes_back_as_the_readme_says(sample: Path) -> None:
    assert block("sample_config/manage.py runserver").text.endswith("/python sample_config/manage.py runserver\n")
    down, up = block("touch sample_config/downtime.flag").text.splitlines()
    with served(sample) as url:
        wait_until(lambda: answer(url)[0] == 200, within=20, what="the site answers")
        subprocess.run(["sh", "-ec", down], cwd=sample.parent, check=True)
        wait_until(lambda: answer(url)[0] == 503, within=3, what="the site is down")
        status, headers, page = answer(url)
        assert (status, headers["X-Downtime"]) == (503, "planned")
        assert "Down for maintenance" in page
        assert answer(url, "application/json")[1].get_content_type() == "application/problem+json"
        subprocess.run(["sh", "-ec", up], cwd=sample.parent, check=True)
        wait_until(lambda: answer(url)[0] == 200, within=3, what="the site is back")
        manage(sample, "downtime_start", "--message", "Back at four.")
        assert "Back at four." in answer(url)[2]
        manage(sample, "downtime_end")
        assert answer(url)[0] == 200


class Browser:
    """Keeps cookies, and nothing else."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def open(self, url: str, **fields: str) -> str:
        """The page at which a GET ends, or, with fields, a POST of these."""
        data = urllib.parse.urlencode(fields).encode() if fields else None
        with self._opener.open(url, data, timeout=10) as response:
            return response.read().decode()


@pytest.mark.system
def test_the_admin_can_be_looked_at_from_the_first_run_on(sample: Path) -> None:
    """By the user whom README.rst names."""
    [(user, password)] = re.findall(r"as ``(\w+)`` with the\s+password ``(\w+)``", TEXT)
    for _ in range(2):  # the database is made once
        with served(sample) as url:
            wait_until(lambda url=url: answer(url)[0] == 200, within=20, what="the site answers")
            browser = Browser()
            form = browser.open(f"{url}admin/downtime/period/")
            token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[0]
            login = f"{url}admin/login/?next=/admin/downtime/period/"
            page = browser.open(login, username=user, password=password, csrfmiddlewaretoken=token)
            assert "The site is up" in page
            assert "storage-upgrade" in page
            (sample / "downtime.flag").touch()
            wait_until(
                lambda url=url, browser=browser: "The site is down" in browser.open(f"{url}admin/downtime/period/"),
                within=3,
                what="the page tells that the site is down",
            )
            (sample / "downtime.flag").unlink()
    assert manage(sample, "makemigrations", "--check") == "No changes detected\n"


def test_the_pictures_of_the_documents_are_there_and_small() -> None:
    pictures = [
        (ROOT / document).parent / name
        for document, text in DOCUMENTS.items()
        for name in re.findall(r"^\.\. image:: (\S+)$", text, re.MULTILINE)
    ]
    assert len(pictures) == 3
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size < 100_000


def test_the_first_period_can_be_tried_out_as_its_comment_says(sample: Path) -> None:
    schedule = sample / "downtime.yml"
    schedule.write_text(SCHEDULE.replace("enabled: false", "enabled: true", 1))
    assert "try-me" in manage(sample, "downtime_status")
    assert "The site is down, since " in manage(sample, "downtime_status")


def test_the_deploy_script_is_a_shell_script() -> None:
    script = ROOT / "sample_config" / "deploy.sh"
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", str(script)], check=True)


def test_the_deploy_script_has_no_fault_that_shellcheck_knows() -> None:
    require("shellcheck")
    # SC1091: it sources a file of the host that it is run on.
    subprocess.run(["shellcheck", "--exclude=SC1091", str(ROOT / "sample_config" / "deploy.sh")], check=True)


def test_the_ignored_files_are_those_that_the_commands_leave(tmp_path: Path) -> None:
    """By the documented lines, in any folder of a repository, and neither the schedule nor anything else."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text(block("**/downtime.flag").text)
    ignored = [
        "downtime.flag",
        "web/downtime.flag",
        "web/downtime.fleet.flag",
        ".downtime.yml.lock",
        "web/.downtime.flag.0123abcd.tmp",
    ]
    asked = [*ignored, "downtime.yml", "web/downtime.yml", "web/downtime.py", "downtime.flags"]
    command = ["git", "-C", tmp_path, "check-ignore", *asked]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ignored


def test_the_files_of_the_documents_and_of_the_deploy_are_in_one_folder_that_outlives_a_release() -> None:
    named = re.findall(r'DOWNTIME_\w+_FILE = "(/srv/.+?)"', TEXT)
    assert set(named) == {
        f"/srv/example/downtime/downtime.{suffix}" for suffix in ("yml", "flag", "html", "fleet.flag")
    }
    script = (ROOT / "sample_config" / "deploy.sh").read_text()
    assert "\n#   /srv/example/downtime/  " in script
    assert "\nrelease=releases/" in script
