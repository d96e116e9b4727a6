"""downtime_page, which renders the page into files or to the standard output."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
import pytest_django
from django.core.management import CommandError, call_command
from django.test import Client

from downtime.http.prerendered import Prerendered, prerender
from downtime.management.page_file import NEUTRAL
from tests.support.commands import refusal, run
from tests.support.programs import ROOT
from tests.support.refusals import PROBLEM
from tests.support.texts import BERLIN

TEXTS = {
    "nothing": "",
    "a message": "Größere Platten 🚧\n",
    "an end": "message: Back at four.\nend: 2099-12-01 04:00\n",
    "no end that can be read": "message: Back at four.\nend: soon\n",
}


def answered(client: Client) -> Prerendered:
    """What a request gets."""
    page = client.get("/").content
    details = json.loads(client.get("/", headers={"accept": PROBLEM}).content)
    del details["retry_after"]
    return Prerendered(page, json.dumps(details, ensure_ascii=False).encode(), is_built_in=False)


def neutral() -> Prerendered:
    return prerender(*NEUTRAL)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_files_are_byte_by_byte_what_a_request_gets(
    page: Path, twin: Path, flag: Path, client: Client, text: str
) -> None:
    flag.write_text(text)
    assert run("downtime_page") == f"Wrote the page to {page} and {twin}.\n"
    assert (page.read_bytes(), twin.read_bytes()) == answered(client)[:2]


@pytest.mark.parametrize("language", ["de", "ja", "zh-hans"])
def test_they_are_in_the_language_of_the_site(
    settings: pytest_django.Settings, page: Path, twin: Path, flag: Path, client: Client, language: str
) -> None:
    settings.LANGUAGE_CODE = language
    flag.write_text(TEXTS["an end"])
    run("downtime_page")
    assert (page.read_bytes(), twin.read_bytes()) == answered(client)[:2]
    assert f'<html lang="{language}"' in page.read_text()


def test_an_end_is_that_of_the_schedule_if_it_goes_on(page: Path, flag: Path, schedule: Path, client: Client) -> None:
    now = datetime.now(timezone.utc).replace(microsecond=0)
    flag.write_text(f"end: {now + timedelta(hours=2)}")
    schedule.write_text(f"periods: [{{start: '{now + timedelta(hours=1)}', end: '{now + timedelta(hours=3)}'}}]")
    run("downtime_page")
    assert page.read_bytes() == answered(client).page
    end = (now + timedelta(hours=3)).astimezone(BERLIN)
    assert f'datetime="{end.isoformat()}"' in page.read_text()


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        (None, ""),
        ("paths: [/shop]\nmessage: The shop.\n", ""),
        ("read_only: true\nmessage: Only writing.\n", ""),
        (None, "periods: [{start: 2020-01-01, message: We are moving.}]"),
    ],
    ids=["up", "a part", "writing", "the schedule"],
)
def test_without_a_flag_for_the_whole_site_the_page_is_neutral(
    page: Path, twin: Path, flag: Path, schedule: Path, text: str | None, periods: str
) -> None:
    """So it is true of whatever takes the site down next."""
    if text is not None:
        flag.write_text(text)
    schedule.write_text(periods)
    run("downtime_page")
    assert (page.read_bytes(), twin.read_bytes()) == neutral()[:2]
    assert json.loads(twin.read_bytes()) == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "The site is down for maintenance.",
        "start": None,
        "end": None,
        "state": "down",
    }


def test_of_several_flags_the_page_is_that_of_the_first_for_the_whole_site(
    settings: pytest_django.Settings, page: Path, tmp_path: Path
) -> None:
    settings.DOWNTIME_FLAG_FILE = flags = [tmp_path / name for name in ("none", "shop", "one", "two")]
    for flag, text in zip(flags[1:], ("paths: [/shop]\n", "Flag one.", "Flag two."), strict=True):
        flag.write_text(text)
    run("downtime_page")
    assert "Flag one." in page.read_text()


def test_the_json_can_be_written_alone(page: Path, twin: Path) -> None:
    assert run("downtime_page", "--json") == f"Wrote the problem details to {twin}.\n"
    assert twin.read_bytes() == neutral().problem
    assert not page.exists()


@pytest.mark.parametrize("name", ["sorry.html", "sorry.htm", "sorry", ".sorry", "sorry.v2.html"])
def test_another_file_needs_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Its path is taken from the current folder, and the JSON is beside it."""
    monkeypatch.chdir(tmp_path)
    beside = {"sorry.v2.html": "sorry.v2.json", ".sorry": ".sorry.json"}.get(name, "sorry.json")
    assert run("downtime_page", "--to", name) == f"Wrote the page to {tmp_path / name} and {tmp_path / beside}.\n"
    assert ((tmp_path / name).read_bytes(), (tmp_path / beside).read_bytes()) == neutral()[:2]
    assert sorted(os.listdir(tmp_path)) == sorted([name, beside])


def test_another_file_leaves_those_of_the_setting_alone(page: Path, twin: Path, tmp_path: Path) -> None:
    run("downtime_page", "--to", str(tmp_path / "sorry.html"))
    run("downtime_page", "--json", "--to", str(tmp_path / "alone.json"))
    assert (tmp_path / "alone.json").read_bytes() == neutral().problem
    assert not page.exists()
    assert not twin.exists()


@pytest.mark.parametrize(("option", "part"), [([], "page"), (["--json"], "problem")], ids=["page", "JSON"])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_standard_output_gets_the_bytes_alone(flag: Path, option: list[str], part: str, encoding: str) -> None:
    flag.write_text(TEXTS["a message"])
    output = TextIOWrapper(BytesIO(), encoding=encoding)
    call_command("downtime_page", "--to", "-", *option, "-v", "0", stdout=output)
    text = run("downtime_page", "--to", "-", *option)  # of an output that takes text only
    assert output.buffer.getvalue() == text.encode()  # type: ignore[attr-defined]
    assert "Größere Platten 🚧" in text
    assert text.encode().startswith(getattr(neutral(), part)[:40])


@pytest.mark.system
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_page_that_is_larger_than_a_pipe_arrives_whole(tmp_path: Path, unbuffered: str) -> None:
    (tmp_path / "large.html").write_text("x" * 300_000)
    (tmp_path / "its_settings.py").write_text(
        "from tests.bare_settings import *\n"
        f"BASE_DIR = Path({str(tmp_path)!r})\n"
        "TEMPLATES = [{**TEMPLATES[0], 'DIRS': [BASE_DIR]}]\n"
        "DOWNTIME_TEMPLATE = 'large.html'\n"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path))),
        "DJANGO_SETTINGS_MODULE": "its_settings",
        "PYTHONUNBUFFERED": unbuffered,
    }
    command = [sys.executable, "-m", "django", "downtime_page", "--to", "-"]
    ran = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert (ran.stdout, ran.stderr) == (b"x" * 300_000, b"")


def test_an_output_that_can_not_be_written_is_an_error() -> None:
    with (
        suppress(OSError),  # as it is closed
        open("/dev/full", "w", encoding="utf-8") as full,
        pytest.raises(CommandError, match="the output can't be written: No space left on device; it begins with '<!"),
    ):
        call_command("downtime_page", "--to", "-", stdout=full)


def test_without_the_setting_it_says_what_to_do() -> None:
    assert refusal("downtime_page") == refusal("downtime_page", "--json")
    assert refusal("downtime_page") == (
        "DOWNTIME_PAGE_FILE names no file that the page can be kept in; name one there, or give --to FILE "
        "(manage.py check says what is wrong with the setting)"
    )


@pytest.mark.parametrize(
    ("option", "file", "reason"),
    [
        ([], "", "it must be a file, or - for the standard output"),
        (["--json"], "", "it must be a file, or - for the standard output"),
        ([], "sorry.json", "{folder}/sorry.json is where its problem details belong; give the page another suffix"),
        ([], "sorry.JSON", "{folder}/sorry.json is where its problem details belong; give the page another suffix"),
        ([], "downtime.yml", "{folder}/downtime.yml is DOWNTIME_SCHEDULE_FILE already"),
        ([], "downtime.flag", "{folder}/downtime.flag is in DOWNTIME_FLAG_FILE already"),
        (["--json"], "x/../downtime.yml", "{folder}/downtime.yml is DOWNTIME_SCHEDULE_FILE already"),
    ],
    ids=str,
)
def test_a_file_that_holds_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: list[str], file: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    message = refusal("downtime_page", *option, f"--to={file}")
    assert message.startswith(f"--to is '{file}'; {reason.format(folder=tmp_path)}")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", ["pipe", "folder", "missing"])
def test_what_can_not_be_written_is_an_error_and_nothing_else_is_written(page: Path, twin: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(page)
    elif kind == "folder":
        page.mkdir()
    else:
        page.parent.rmdir()
    assert refusal("downtime_page").startswith(f"{page} can't be written: ")
    assert not twin.exists()


def test_a_page_that_can_not_be_rendered_is_the_built_in_one(
    settings: pytest_django.Settings, page: Path, twin: Path
) -> None:
    settings.DOWNTIME_TEMPLATE = "no/such/template.html"
    errors = StringIO()
    call_command("downtime_page", "-v", "0", stderr=errors)
    assert errors.getvalue() == (
        "The page is the built-in one, as the template no/such/template.html can't be rendered; the log says why.\n"
    )
    assert page.read_bytes() == neutral().page


def test_what_can_not_be_rendered_at_all_is_an_error(settings: pytest_django.Settings, page: Path, flag: Path) -> None:
    settings.DEFAULT_CHARSET = "ascii"
    flag.write_text("Größer")
    assert refusal("downtime_page").startswith("the page can't be rendered: UnicodeEncodeError: 'ascii' codec can't")
    assert not page.exists()
