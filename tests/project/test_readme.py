"""A test runs each block of README.rst and the guides: here, or in the test that it names if it needs a process."""

import os
import re
import sys
import types
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_django
from django.core.management import call_command, load_command_class
from django.core.management.base import DjangoHelpFormatter
from django.http import HttpRequest
from django.template import Context, engines
from django.test import Client, RequestFactory

from downtime import context_processors, live
from downtime.files.flag_file import load_flags
from tests.support.programs import ROOT
from tests.support.readme import BLOCKS, RUN_BY_KIND, RUN_BY_WORDS, TEXT, Block, block, kind_of, of_kind, synopses
from tests.support.texts import BERLIN

TO_CLAIM = """{block} is run by no test. If it is one of {kinds}, write it as kind_of in tests/support/readme.py
recognizes these. Else write a test that gets it by block("words that only it holds"), runs it, and looks at what came
of it; then name the words and the test in RUN_BY_WORDS of tests/support/readme.py."""


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_each_block_is_run_by_one_test(block: Block) -> None:
    claims = [words for words in RUN_BY_WORDS if words in block.text] + [kind_of(block)] * bool(kind_of(block))
    assert claims, TO_CLAIM.format(block=block, kinds=", ".join(RUN_BY_KIND))
    assert len(claims) == 1, f"{block} is claimed by several tests, by {claims}; name words that only one block holds"


@pytest.mark.parametrize("words", RUN_BY_WORDS)
def test_each_claim_is_that_of_a_test_that_runs_the_block(words: str) -> None:
    path, _, name = RUN_BY_WORDS[words].partition("::")
    source = (ROOT / path).read_text()
    assert f"def {name}(" in source or not name, f"{path} has no {name}, which should run {block(words)}"
    assert f'block("{words}")' in source, f'{path} does not get {block(words)} by block("{words}")'


@pytest.mark.parametrize("kind", RUN_BY_KIND)
def test_each_kind_is_run_by_a_test(kind: str) -> None:
    path, _, name = RUN_BY_KIND[kind].partition("::")
    assert f"def {name}(" in (ROOT / path).read_text()
    assert of_kind(kind)


KINDS = [
    ("python", "DOWNTIME_RECHECK = 2\n", "settings"),
    ("python", "INSTALLED_APPS = [..., 'downtime']\nMIDDLEWARE = []\n", "settings"),
    ("python", "import os\n", ""),
    ("python", "live = 1\n", ""),
    ("python", "DOWNTIME_RECHECK=0, DOWNTIME_WATCH=1\n", ""),
    ("yaml", "periods: []\n", "schedule"),
    ("yaml", "message: Back at four.\n", "flag"),
    ("yaml", "apiVersion: v1\n", ""),
    ("yaml", "- id: downtime\n", ""),
    ("yaml", "a: [\n", ""),
    ("html+django", "{% load downtime %}\n", "template"),
    ("sh", "python manage.py downtime_check [FILE]\n", "synopsis"),
    ("sh", "python manage.py migrate\n", ""),
    ("js", "reload()\n", ""),
]


@pytest.mark.parametrize(("language", "text", "kind"), KINDS, ids=[text.strip() for _, text, _ in KINDS])
def test_the_kind_of_a_block_is_recognized(language: str, text: str, kind: str) -> None:
    assert kind_of(Block("README.rst", 1, language, text)) == kind


def test_no_code_is_shown_by_a_directive_that_is_not_looked_at() -> None:
    directives = set(re.findall(r"^ *\.\. ([\w-]+)::", TEXT, re.MULTILINE))
    assert not directives & {"code", "sourcecode", "highlight", "literalinclude", "parsed-literal", "include"}
    assert len(BLOCKS) > 30


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "python"], ids=str)
def test_each_block_of_python_can_be_compiled(block: Block) -> None:
    compile(block.text, str(block), "exec")


def imported(block: Block, monkeypatch: pytest.MonkeyPatch, name: str) -> types.ModuleType:
    """A module of that name whose text is the block."""
    module = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(block.text, str(block), "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("block", of_kind("schedule"), ids=str)
def test_a_schedule_has_no_problem(block: Block, schedule: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schedule.write_text(block.text)
    call_command("downtime_check", str(schedule))
    told = capsys.readouterr().out
    assert all(name in told for name in re.findall(r"name: (\S+)", block.text))


@pytest.mark.parametrize("block", of_kind("flag"), ids=str)
def test_a_flag_has_no_problem(block: Block, flag: Path) -> None:
    """If it was written before the end that it names."""
    flag.write_text(block.text)
    os.utime(flag, (datetime(2026, 11, 1, tzinfo=timezone.utc).timestamp(),) * 2)
    [found] = load_flags((str(flag),), zone=BERLIN, max_age=None).raised
    assert found.problems == ()
    assert (found.period.message, found.period.paths) == ("Back at four.", ("/shop",))
    assert found.period.end == datetime(2026, 12, 1, 3, tzinfo=timezone.utc)


@pytest.mark.parametrize("block", of_kind("template"), ids=str)
def test_a_template_shows_the_period_that_is_near(block: Block, schedule: Path, client: Client) -> None:
    soon = datetime.now(timezone.utc) + timedelta(hours=3)
    schedule.write_text(f"periods:\n  - name: new-disks\n    message: New disks.\n    start: {soon:%Y-%m-%dT%H:%MZ}\n")
    client.get("/")  # by which the process reads the schedule
    context = context_processors.downtime(RequestFactory().get("/"))
    shown = engines["django"].engine.from_string(block.text).render(Context(context))  # type: ignore[attr-defined]
    assert re.search(r"new-disks|New disks\.", shown)


def test_ci_runs_what_everybody_runs() -> None:
    text = block("pytest -n auto").text
    assert text.startswith("python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest -n auto")
    assert r"""grep -F "pip install -e '.[test]'" README.rst""" in (ROOT / ".ci" / "run").read_text()


def test_a_marked_view_passes_while_the_site_is_down(
    flag: Path, client: Client, settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(block("def health"), monkeypatch, "example.urls")
    settings.ROOT_URLCONF = "example.urls"
    flag.touch()
    assert client.get("/healthz").content == b"ok"
    assert [client.get(path).status_code for path in ("/", "/healthz/")] == [503, 503]


def test_marked_classes_pass_while_the_site_is_down(
    flag: Path, client: Client, settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(block("class Webhook"), monkeypatch, "example.urls")
    settings.ROOT_URLCONF = "example.urls"
    pages = {"status.html": "All is well, apart from that."}
    loaders = {"loaders": [("django.template.loaders.locmem.Loader", pages)]}
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": loaders}]
    flag.touch()
    assert client.post("/webhook").status_code == 204
    assert client.get("/status/").content == pages["status.html"].encode()
    assert [client.get(path).status_code for path in ("/", "/webhook/", "/status")] == [503, 503, 503]


def test_the_feeds_are_where_the_readme_says(
    flag: Path, client: Client, settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(block("downtime.urls"), monkeypatch, "example.urls")
    settings.ROOT_URLCONF = "example.urls"
    flag.touch()
    for name in ("status.json", "downtime.ics", "banner.html"):
        assert f"``/downtime/{name}``" in TEXT
        assert client.get(f"/downtime/{name}?within=1d").status_code == 200


def test_the_view_of_the_site_answers_while_it_is_down(
    flag: Path, client: Client, settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = block("def sorry")
    imported(shown, monkeypatch, "example.maintenance")
    [settings.DOWNTIME_VIEW] = re.findall(r'DOWNTIME_VIEW = "(.+)"', shown.text)
    loaders = {"loaders": [("django.template.loaders.locmem.Loader", {"sorry.html": "Sorry: {{ message }}"})]}
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": loaders}]
    flag.write_text("Back at four.")
    response = client.get("/")
    assert (response.status_code, response.content) == (503, b"Sorry: Back at four.")


@pytest.mark.usefixtures("with_admin")
def test_an_admin_site_of_its_own_shows_the_periods(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    office = imported(block("office.register"), monkeypatch, "example.admin").office
    assert "downtime" in office._build_app_dict(_request_of(staff))


def _request_of(client: Client) -> HttpRequest:
    from django.contrib.auth.models import User

    request = RequestFactory().get("/")
    request.user = User.objects.get(username="staff")
    return request


def test_other_code_is_told_what_is_down(flag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = block("live.is_down()         #")
    imported(shown, monkeypatch, "example.other")
    first, second = re.findall(r"^(live\.\w+\(\))", shown.text, re.MULTILINE)
    assert (eval(first, {"live": live}), eval(second, {"live": live})) == (False, None)
    flag.write_text("Back at four.")
    assert (eval(first, {"live": live}), eval(second, {"live": live}).message) == (True, "Back at four.")


# An option as a synopsis names it.
OPTION = re.compile(r"--[a-z-]+")


SYNOPSES: dict[str, str] = {}
"""What each command takes; all its forms together."""
for synopsis in synopses():
    [command] = re.findall(r"manage\.py (\w+)", synopsis)
    SYNOPSES[command] = SYNOPSES.get(command, "") + synopsis


@pytest.mark.parametrize("name", SYNOPSES)
def test_the_synopses_name_every_option_of_a_command_and_no_other(name: str) -> None:
    parser = load_command_class("downtime", name).create_parser("manage.py", name)
    hidden = DjangoHelpFormatter.show_last
    options = {option for action in parser._actions for option in action.option_strings if OPTION.fullmatch(option)}
    assert set(OPTION.findall(SYNOPSES[name])) == options - hidden - {"--help", "--skip-checks"}
