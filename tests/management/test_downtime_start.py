"""downtime_start, which raises the flag."""

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.core.management import call_command
from django.test import Client
from django.utils.timezone import get_default_timezone

from downtime.files.flag_file import load_flags
from downtime.http.prerendered import prerender
from downtime.management.base import DowntimeCommand
from downtime.management.page_file import NEUTRAL, subject_of
from tests.support.commands import is_down, refusal, run, status


def test_start_takes_the_site_down_and_says_so(flag: Path) -> None:
    assert run("downtime_start") == f"Raised the flag {flag}: the site is down.\n"
    assert is_down()
    assert run("downtime_start") == f"Updated the flag {flag}: the site is down.\n"
    assert is_down()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {"message": None, "end": None, "read_only": False, "paths": []}),
        (["--message", "Back at four."], {"message": "Back at four."}),
        (["--message", "no"], {"message": "no"}),
        (["--message", "end: soon"], {"message": "end: soon"}),
        (["--message", "  zwei\nZeilen: ü 🚧 "], {"message": "zwei\nZeilen: ü 🚧"}),
        (["--message", ""], {"message": None}),
        (["--until", "2099-12-01 04:00"], {"end": "2099-12-01T04:00:00+01:00"}),
        (["--until", "2099-12-01T04:00Z"], {"end": "2099-12-01T05:00:00+01:00"}),
        (["--until", "2099-07-01"], {"end": "2099-07-01T00:00:00+02:00"}),
        (["--read-only"], {"read_only": True}),
        (["--path", "/shop", "--path", "/wärter/"], {"paths": ["/shop", "/wärter"]}),
        (["--path", "/"], {"paths": ["/"]}),
        (["--no-wait"], {"message": None}),
    ],
    ids=repr,
)
def test_start_writes_what_it_is_asked(arguments: list[str], expected: dict[str, Any]) -> None:
    run("downtime_start", *arguments)
    found = status()
    [active] = found["active"]
    assert {key: active[key] for key in expected} == expected
    assert (found["down"], found["problems"]) == (True, [])


@pytest.mark.parametrize("option", [["--for", "1h30m"], ["--until", "+90m"]], ids=["for", "until"])
def test_start_counts_a_duration_from_now(option: list[str]) -> None:
    run("downtime_start", *option)
    [active] = status()["active"]
    length = datetime.fromisoformat(active["end"]) - datetime.now(timezone.utc)
    assert timedelta(minutes=89, seconds=50) < length <= timedelta(minutes=90, seconds=1)


@pytest.mark.parametrize("option", [["--for", "2h"], ["--until", "+2h"]], ids=["for", "until"])
def test_a_downtime_of_two_hours_lasts_for_two_hours_and_not_for_a_second_more(flag: Path, option: list[str]) -> None:
    before = datetime.now(timezone.utc)
    run("downtime_start", *option, "--no-wait")
    [raised] = load_flags((str(flag),), zone=timezone.utc, max_age=None).raised
    length = raised.period.end - raised.period.start
    assert timedelta(seconds=-1) <= raised.period.end - before - timedelta(hours=2) <= timedelta()
    assert timedelta(hours=1, minutes=59, seconds=58) < length <= timedelta(hours=2)
    [active] = status()["active"]
    assert active["end"] == raised.period.end.astimezone(get_default_timezone()).isoformat()


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("2099-12-01T02:00:00.123456+00:00", "2099-12-01T03:00:00+01:00"),
        ("2099-12-01T02:00:00,123456789+00:00", "2099-12-01T03:00:00+01:00"),
        ("2099-12-01T02:00:00.000Z", "2099-12-01T03:00:00+01:00"),
    ],
)
def test_start_takes_what_programs_print(until: str, end: str) -> None:
    run("downtime_start", "--until", until)
    found = status()
    assert ([active["end"] for active in found["active"]], found["problems"]) == ([end], [])


@pytest.mark.parametrize("until", ["04:00", "tomorrow 02:00", "tomorrow"])
def test_start_names_the_date_of_a_time_that_it_was_given_without(flag: Path, until: str) -> None:
    told = run("downtime_start", "--until", until)
    [active] = status()["active"]
    end = datetime.fromisoformat(active["end"])
    assert told == f"Raised the flag {flag}: the site is down until {end:%Y-%m-%d %H:%M:%S} {end_zone(end)}.\n"
    assert timedelta() < end - datetime.now(timezone.utc) <= timedelta(days=2)


def end_zone(end: datetime) -> str:
    return end.astimezone(get_default_timezone()).tzname() or ""


def test_start_without_a_flag_in_the_settings_is_refused(settings: pytest_django.Settings, schedule: Path) -> None:
    settings.DOWNTIME_FLAG_FILE = []
    assert refusal("downtime_start") == (
        "DOWNTIME_FLAG_FILE is empty, so there is no flag to raise; name a file in that setting"
    )
    assert not is_down()
    assert status()["flag_files"] == []


def test_a_downtime_of_a_second_lasts_for_a_second_at_least() -> None:
    """An end that lies before the writing of the flag would be a problem, and the site would stay down."""
    before = datetime.now(timezone.utc)
    run("downtime_start", "--for", "1s", "--no-wait")
    found = status()
    assert found["problems"] == []
    assert datetime.fromisoformat(found["active"][0]["end"]) >= before + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("max_age", "option"),
    [(None, ["--for", "30s"]), (3600, ["--for", "2h"]), (3600, []), (3600, ["--for", "30s"])],
    ids=["a near end", "an end that the flag does not live to see", "no end", "an end before"],
)
def test_start_tells_the_same_end_as_downtime_status(
    settings: pytest_django.Settings, max_age: int | None, option: list[str]
) -> None:
    settings.DOWNTIME_FLAG_MAX_AGE = max_age
    said = run("downtime_start", *option, "--no-wait")
    end = datetime.fromisoformat(status()["until"])
    assert said.endswith(f" until {end:%Y-%m-%d %H:%M:%S} {end.astimezone(get_default_timezone()):%Z}.\n")


def test_start_sets_what_a_refused_visitor_gets(client: Any) -> None:
    run("downtime_start", "--retry-after", "600", "--redirect", "https://status.example.com/")
    assert client.get("/")["Location"] == "https://status.example.com/"
    assert client.get("/", headers={"accept": "application/json"})["Retry-After"] == "600"


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (["--read-only"], "the site is read-only"),
        (["--path", "/", "--until", "2099-12-01"], "the site is down until 2099-12-01 00:00:00 CET"),
        (["--path", "/shop", "--path", "/wiki/"], "a part of the site is down (/shop, /wiki)"),
        (["--path", "/shop", "--read-only"], "a part of the site is read-only (/shop)"),
    ],
    ids=["writing", "everything", "parts", "writing to a part"],
)
def test_start_says_what_is_refused_as_downtime_status_does(flag: Path, arguments: list[str], refused: str) -> None:
    assert run("downtime_start", *arguments) == f"Raised the flag {flag}: {refused}.\n"
    assert refused.partition(" until")[0] in run("downtime_status").replace("The", "the").replace("A part", "a part")


def test_start_writes_the_flag_anew() -> None:
    run("downtime_start", "--message", "one", "--read-only")
    run("downtime_start", "--until", "2099-12-01")
    [active] = status()["active"]
    assert (active["message"], active["read_only"]) == (None, False)


def test_start_raises_the_first_flag_of_a_list(settings: pytest_django.Settings, flag: Path, tmp_path: Path) -> None:
    settings.DOWNTIME_FLAG_FILE = [flag, tmp_path / "other"]
    run("downtime_start")
    assert flag.exists()
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("raised", [False, True], ids=["lowered", "raised"])
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--until", "soon"], "--until is 'soon'; it must be a time such as '2026-12-01 02:00', or '+2h'"),
        (["--until", "2020-01-01"], "--until is '2020-01-01'; it must be a time after now, which is 2"),
        (["--until", "now"], "--until is 'now'; it must be a time after now, which is 2"),
        (["--until", "today"], "--until is 'today'; it must be a time after now, which is 2"),
        (["--until", "25:00"], "--until is '25:00'; there is no such time"),
        (["--until", "2099-02-30"], "--until is '2099-02-30'; there is no such time"),
        (["--until", "2027-03-28 02:30"], "--until is '2027-03-28 02:30'; the clocks of Europe/Berlin skip"),
        (["--until", "+soon"], "--until is '+soon'; it must be a duration"),
        (["--until", ""], "--until is ''; it must be"),
        (["--for", "2"], "--for is '2'; it must be a duration"),
        (["--for", "0m"], "--for is '0m'; it must be a duration"),
        (["--for", "-1h"], "--for is '-1h'; it must be a duration"),
        (["--for", "99999d"], "--for is '99999d'; it must be a duration"),
        (["--for", ""], "--for is ''; it must be a duration"),
        (["--for", "1h", "--until", "2099-01-01"], "--until and --for are both given; give only one of them"),
        (["--retry-after", "0"], "--retry-after is '0'; it must be a whole number"),
        (["--retry-after", "1.5"], "--retry-after is '1.5'; it must be a whole number"),
        (["--retry-after", "soon"], "--retry-after is 'soon'; it must be a whole number"),
        (["--redirect", "javascript:alert(1)"], "--redirect is 'javascript:alert(1)'; it must be a URL"),
        (["--redirect", "status"], "--redirect is 'status'; it must be a URL"),
        (["--redirect", ""], "--redirect is ''; it must be a URL"),
        (["--message", "long " * 2_000], "--message is 'long long"),
        (["--path", "shop"], "--path is 'shop'; it must be a path prefix"),
        (["--path", "/shop", "--path", "/a/*"], "--path is '/a/*'; it must be a path prefix"),
        (["--path", ""], "--path is ''; it must be a path prefix"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_start_refuses_bad_input_in_a_line_that_names_it_and_writes_nothing(
    flag: Path, arguments: list[str], named: str, raised: bool
) -> None:
    if raised:
        flag.write_text("as it was")
    arguments = [f"{option}={value}" for option, value in zip(arguments[::2], arguments[1::2], strict=True)]
    message = refusal("downtime_start", *arguments)
    assert message.startswith(named)
    assert "\n" not in message
    assert (flag.read_text() if flag.exists() else None) == ("as it was" if raised else None)


MESSAGES = {
    "nothing": [],
    "a message": ["--message", "  Größere\nPlatten 🚧 "],
    "an end": ["--message", "Back at four.", "--until", "2099-12-01 04:00"],
    "a message like a key": ["--message", "end: soon\u2028never"],
    "a redirect": ["--redirect", "https://status.example.com/", "--message", "Look there."],
    "an age": ["--for", "2h"],
}


@pytest.mark.parametrize("arguments", MESSAGES.values(), ids=MESSAGES)
def test_the_page_is_there_before_the_flag_and_is_what_a_request_gets(
    page: Path, twin: Path, flag: Path, client: Client, moves: list[str], arguments: list[str]
) -> None:
    said = run("downtime_start", *arguments, "--no-wait")
    assert said.startswith(f"Raised the flag {flag}: ")
    assert said.endswith(f".\nWrote the page to {page} and {twin}.\n")
    assert moves == [page.name, twin.name, flag.name]
    details = json.loads(twin.read_bytes())
    # The flag may be written in the next second, and counts from then on.
    assert datetime.fromisoformat(details["start"]) - datetime.now(timezone.utc) < timedelta(seconds=5)
    answered = json.loads(client.get("/", headers={"accept": "application/json"}).content)
    assert {**answered, "start": details["start"]} == {**details, "retry_after": answered["retry_after"]}
    if "--redirect" not in arguments:
        assert page.read_bytes() == client.get("/").content


def test_the_page_tells_the_end_of_a_flag_that_does_not_live_to_see_its_own(
    settings: pytest_django.Settings, page: Path, twin: Path
) -> None:
    settings.DOWNTIME_FLAG_MAX_AGE = 3600
    run("downtime_start", "--for", "2h", "--no-wait")
    left = datetime.fromisoformat(json.loads(twin.read_bytes())["end"]) - datetime.now(timezone.utc)
    assert timedelta(minutes=59) < left <= timedelta(minutes=60, seconds=1)
    assert "Expected back:" in page.read_text()


@pytest.mark.parametrize(
    "arguments", [["--path", "/shop"], ["--read-only"], ["--path", "/shop", "--read-only"]], ids=" ".join
)
def test_the_page_of_a_site_that_is_not_down_as_a_whole_is_neutral(
    page: Path, twin: Path, arguments: list[str]
) -> None:
    """Whoever shows it knows no part, and no method."""
    run("downtime_start", "--message", "Yesterday's.", "--no-wait")
    run("downtime_start", "--message", "Of a part.", *arguments, "--no-wait")
    assert (page.read_bytes(), twin.read_bytes()) == prerender(*NEUTRAL)[:2]


def test_the_page_is_that_of_the_flag_which_is_raised_and_not_of_what_it_said_before(
    settings: pytest_django.Settings, flag: Path, page: Path, tmp_path: Path
) -> None:
    settings.DOWNTIME_FLAG_FILE = [flag, tmp_path / "other.flag"]
    flag.write_text("Yesterday's.")
    (tmp_path / "other.flag").write_text("Of another.")
    run("downtime_start", "--message", "Today's.", "--no-wait")
    assert "Today&#x27;s." in page.read_text()


NOT_KEPT: dict[str, Callable[[Path], object]] = {
    "no folder": lambda page: page.parent.rmdir(),
    "a pipe": lambda page: os.mkfifo(page),
    "a folder": lambda page: page.mkdir(),
    "a file in the place of its folder": lambda page: (page.parent.rmdir(), page.parent.touch()),
}


@pytest.mark.parametrize("prepare", NOT_KEPT.values(), ids=NOT_KEPT)
@pytest.mark.parametrize("quiet", [[], ["-v", "0"]], ids=["", "quiet"])
def test_a_page_that_can_not_be_written_is_told_and_the_site_goes_down_and_comes_back(
    flag: Path, page: Path, prepare: Callable[[Path], object], quiet: list[str]
) -> None:
    prepare(page)
    output, errors = StringIO(), StringIO()
    call_command("downtime_start", "--no-wait", *quiet, stdout=output, stderr=errors)
    assert is_down()
    assert errors.getvalue().startswith(f"{page} can't be written: ")
    assert str(page) not in output.getvalue()
    call_command("downtime_end", "--no-wait", *quiet, stdout=output, stderr=errors)
    assert not is_down()
    assert errors.getvalue().count(f"{page} can't be written: ") == 2


def test_an_output_that_is_full_keeps_the_site_from_going_down_no_more_than_the_page(flag: Path, page: Path) -> None:
    page.mkdir()
    with (
        suppress(OSError),
        open("/dev/full", "w", encoding="utf-8", buffering=1) as full,
    ):  # which fails as it is closed
        call_command("downtime_start", "--no-wait", stdout=StringIO(), stderr=full)
    assert flag.exists()


def test_a_flag_that_can_not_be_raised_leaves_no_page_that_speaks_of_it(flag: Path, page: Path, twin: Path) -> None:
    flag.mkdir()
    (flag / "file").touch()
    assert "remove it first" in refusal("downtime_start", "--message", "Never to be.")
    assert (page.read_bytes(), twin.read_bytes()) == prerender(*subject_of(DowntimeCommand().state().answer))[:2]
    assert "Never" not in page.read_text() + twin.read_text()


def test_what_is_refused_as_bad_input_changes_no_page(page: Path) -> None:
    refusal("downtime_start", "--until=yesterday")
    refusal("downtime_start", "--path=shop")
    assert not page.exists()


def folder_in_its_place(flag: Path) -> Path:
    flag.mkdir()
    return flag


def folder_missing(flag: Path) -> Path:
    return flag.parent / "missing" / "flag"


def no_folder(flag: Path) -> Path:
    (flag.parent / "text").touch()
    return flag.parent / "text" / "flag"


def loop(flag: Path) -> Path:
    (flag.parent / "loop").symlink_to("loop")
    return flag.parent / "loop" / "flag"


@pytest.mark.parametrize(
    ("prepared", "reason"),
    [
        (folder_in_its_place, "remove it first"),
        (folder_missing, "make its folder first"),
        (no_folder, "correct the path in the settings"),
        (loop, "can't be looked at"),
    ],
)
def test_start_says_why_a_flag_can_not_be_written(
    settings: pytest_django.Settings, flag: Path, prepared: Callable[[Path], Path], reason: str
) -> None:
    path = prepared(flag)
    settings.DOWNTIME_FLAG_FILE = path
    message = refusal("downtime_start")
    assert str(path) in message
    assert reason in message
    assert "\n" not in message
    assert list(flag.parent.glob(".*.tmp")) == []


def test_a_dry_run_tells_what_would_be_written_and_changes_nothing(
    flag: Path, schedule: Path, page: Path, tmp_path: Path
) -> None:
    told = run("downtime_start", "--message", "Back at four.", "--until", "2099-12-01 04:00", "--dry-run")
    assert told.splitlines() == [
        f"Would write the page to {page} and {page.with_suffix('.json')}.",
        f"Would raise the flag {flag}: the site is down until 2099-12-01 04:00:00 CET.",
        "  message: Back at four.",
        "  end: '2099-12-01 04:00:00+01:00'",
        "Nothing was changed.",
    ]
    assert not is_down()
    assert sorted(tmp_path.rglob("*")) == [page.parent]


def test_a_dry_run_leaves_a_flag_that_is_raised_as_it_is(flag: Path, slept: list[float]) -> None:
    flag.write_text("as it was")
    assert run("downtime_start", "--dry-run").splitlines()[0] == f"Would update the flag {flag}: the site is down."
    assert flag.read_text() == "as it was"
    assert slept == []


@pytest.mark.parametrize("prepared", [folder_in_its_place, folder_missing, no_folder, loop])
def test_a_dry_run_fails_as_the_real_one_would(
    settings: pytest_django.Settings, flag: Path, prepared: Callable[[Path], Path]
) -> None:
    settings.DOWNTIME_FLAG_FILE = prepared(flag)
    assert refusal("downtime_start", "--dry-run") == refusal("downtime_start")
    assert refusal("downtime_start", "--for", "2", "--dry-run").startswith("--for is '2'; ")


@pytest.mark.parametrize("name", ["downtime.html", "downtime.json"])
def test_a_dry_run_warns_of_a_page_that_can_not_be_written_as_the_real_one_does(page: Path, name: str) -> None:
    page.with_name(name).mkdir()
    warnings, promises = [], []
    for is_dry in (["--dry-run"], []):
        output, errors = StringIO(), StringIO()
        call_command("downtime_start", *is_dry, stdout=output, stderr=errors)
        warnings.append(errors.getvalue())
        promises.append(re.findall(r"(?:Would write|Wrote) (the page to .*)", output.getvalue()))
    assert f"{page.with_name(name)} can't be written: Is a directory; " in warnings[0]
    assert warnings[0] == warnings[1]
    assert promises[0] == promises[1] != []
    page.with_name(name).rmdir()
    page.parent.rename(page.parent.with_name("elsewhere"))
    assert "Would write" not in run("downtime_start", "--dry-run")


@pytest.mark.parametrize("is_dry", [[], ["--dry-run"]], ids=["done", "dry"])
@pytest.mark.parametrize(
    ("options", "is_told"),
    [(["--for", "2h"], True), ([], False), (["--for", "2h", "--path", "/wiki"], False)],
    ids=["with an end", "without", "elsewhere"],
)
def test_start_warns_of_a_period_that_overlaps_with_the_flag(
    schedule: Path, options: list[str], is_told: bool, is_dry: list[str]
) -> None:
    """A flag without an end outlasts whatever is planned."""
    schedule.write_text("periods: [{name: long, start: 2020-01-01, end: 2099-01-01, paths: [/shop]}]")
    output, errors = StringIO(), StringIO()
    call_command("downtime_start", *options, *is_dry, stdout=output, stderr=errors)
    warning = "long (since 2020-01-01 00:00:00 CET, until 2099-01-01 00:00:00 CET) overlaps with the flag.\n"
    assert errors.getvalue() == (warning if is_told else "")
    assert "long" not in output.getvalue()
