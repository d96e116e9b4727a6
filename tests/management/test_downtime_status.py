"""downtime_status, for people and as JSON."""

import json
import os
import re
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import ANY

import pytest
import pytest_django
from django.utils.timezone import get_default_timezone

from tests.support.commands import CRON, refusal, run, status, without_distances
from tests.support.readme import block
from tests.test_visit import Patterns


def told_rows(*arguments: str) -> list[str]:
    """The lines that it tells, with a stroke between two columns."""
    return [re.sub(r"(?<=\S) {2,}", "|", line) for line in run("downtime_status", *arguments).splitlines()]


def test_status_tells_that_the_site_is_up() -> None:
    assert run("downtime_status").startswith("The site is up.\n")


def test_status_tells_since_when_why_until_when_what_comes_and_what_is_wrong(schedule: Path, flag: Path) -> None:
    flag.write_text("message: Faster disks.\nend: soon\n")
    os.utime(flag, (1_600_000_000, 1_600_000_000))
    schedule.write_text(
        "timezone: UTC\n"
        "periods:\n"
        "  - {start: 2020-01-01, end: 2099-01-01, name: long, read_only: true, paths: [/shop, /]}\n"
        "  - {start: 2999-01-01, name: later, message: Much.}\n"
        "  - {start: 2998-01-01, duration: 1d}\n"
        "  - {start: never}\n"
    )
    os.utime(schedule, (1_600_000_000, 1_600_000_000))
    lines = [re.sub(r"\b\d+ (y|d|h( \d+ min)?|min|s)\b", "…", line) for line in told_rows()]
    assert lines == [
        f"The site is down, since 2020-09-13 14:26:40 CEST (for …), without a known end, because of flag {flag}.",
        "",
        "ACTIVE|WHEN|PERIOD|REFUSED|MESSAGE",
        "for …|2020-09-13 14:26:40 CEST, no known end|flag downtime.flag|everything|Faster disks.",
        "for …|2020-01-01 01:00 to 2099-01-01 01:00 CET|long|writing",
        "",
        "COMING|WHEN|PERIOD|REFUSED|MESSAGE",
        "in …|2998-01-01 01:00 to 2998-01-02 01:00 CET|the period on line 5|everything",
        "in …|2999-01-01 01:00 CET, no known end|later|everything|Much.",
        "",
        "Problems:",
        f"  {flag}:2: end is 'soon'; it must be an ISO 8601 date or date and time, such as 2026-12-01, "
        "2026-12-01 02:00 or 2026-12-01T02:00:30+01:00",
        f"  {schedule}:6: start is 'never'; it must be an ISO 8601 date or date and time, such as 2026-12-01, "
        "2026-12-01 02:00 or 2026-12-01T02:00:30+01:00",
        "",
        "Looked at:",
        f"  {schedule}: 3 periods, 1 problem, changed … ago",
        f"  {flag}: raised … ago",
        "",
        "Correct the schedule: manage.py downtime_edit",
        "Bring it back: manage.py downtime_end",
    ]


@pytest.mark.parametrize(
    ("period", "state", "until"),
    [
        ("", "The site is down", "without a known end"),
        (", paths: [/]", "The site is down", "without a known end"),
        (", end: 2099-01-01", "The site is down", "until 2099-01-01 00:00:00 CET"),
        (", paths: [/search]", "A part of the site is down (/search)", "without a known end"),
        (", read_only: true", "The site is read-only", "without a known end"),
        (", read_only: true, paths: [/search]", "A part of the site is read-only (/search)", "without a known end"),
    ],
    ids=["the whole site", "the path /", "with an end", "a part", "writing", "writing to a part"],
)
def test_status_says_what_is_refused_and_counts_all_of_that_as_down(
    schedule: Path, period: str, state: str, until: str
) -> None:
    schedule.write_text(f"periods: [{{name: reindex, start: 2020-01-01{period}}}]")
    first = without_distances(run("downtime_status").splitlines()[0])
    assert first == f"{state}, since 2020-01-01 00:00:00 CET, {until}, because of reindex."
    assert status()["down"]
    with pytest.raises(SystemExit):
        run("downtime_status", "--exit-code")


def test_status_prints_one_json_object(schedule: Path, flag: Path) -> None:
    schedule.write_text(
        "periods:\n"
        "  - {start: 2020-01-01, end: 2099-07-01 12:00, name: long, message: Größer, read_only: true, paths: [/a]}\n"
        "  - {start: 2999-01-01T00:00:00Z}\n"
    )
    found = status()
    assert datetime.now(timezone.utc) - datetime.fromisoformat(found.pop("at")) < timedelta(minutes=10)
    assert found == {
        "state": "partly",
        "since": "2020-01-01T00:00:00+01:00",
        "until": "2099-07-01T12:00:00+02:00",
        "refused": [
            {"read_only": True, "paths": ["/a"], "since": "2020-01-01T00:00:00+01:00", "because": ["long"]},
        ],
        "next": None,
        "doubts": [],
        "if_started_now": None,
        "down": True,
        "active": [
            {
                "name": "long",
                "start": "2020-01-01T00:00:00+01:00",
                "end": "2099-07-01T12:00:00+02:00",
                "message": "Größer",
                "read_only": True,
                "paths": ["/a"],
            }
        ],
        "upcoming": [
            {
                "name": None,
                "start": "2999-01-01T01:00:00+01:00",
                "end": None,
                "message": None,
                "read_only": False,
                "paths": [],
            }
        ],
        "problems": [],
        "schedule_file": str(schedule),
        "flag_files": [str(flag)],
    }
    assert "Größer" in run("downtime_status", "--json")


def test_status_tells_when_a_flag_was_raised(flag: Path) -> None:
    # A file's time is that of the kernel's last tick, up to some milliseconds ago.
    before = (datetime.now(timezone.utc) - timedelta(seconds=0.1)).replace(microsecond=0)
    flag.touch()
    [active] = status()["active"]
    assert before <= datetime.fromisoformat(active["start"]) <= datetime.now(timezone.utc)
    assert datetime.fromisoformat(active["start"]).utcoffset() == before.astimezone(get_default_timezone()).utcoffset()


def test_status_tells_which_occurrence_of_a_repeating_period_runs_and_which_comes(schedule: Path) -> None:
    schedule.write_text(CRON)
    found = status()
    [active], [upcoming] = found["active"], found["upcoming"]
    assert active["name"] == upcoming["name"] == "often"
    assert active["end"] == upcoming["start"]


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["text", "JSON"])
@pytest.mark.parametrize(
    ("content", "periods", "code"),
    [
        ("", "", 3),
        ("read_only: true", "", 5),
        ("paths: [/shop]", "", 5),
        (None, "periods: [{start: soon}]", 4),
        ("", "periods: [{start: soon}]", 3),
    ],
    ids=["down", "read-only", "partly", "unknown", "down, whatever the schedule is"],
)
def test_status_exits_with_a_code_for_the_state_if_asked(
    flag: Path, schedule: Path, as_json: list[str], content: str | None, periods: str, code: int
) -> None:
    assert run("downtime_status", "--exit-code", *as_json)
    schedule.write_text(periods)
    if content is not None:
        flag.write_text(content)
    assert run("downtime_status", *as_json)
    with pytest.raises(SystemExit) as end:
        run("downtime_status", "--exit-code", *as_json)
    assert end.value.code == code


def test_status_changes_nothing(schedule: Path, flag: Path, tmp_path: Path) -> None:
    run("downtime_status")
    assert list(tmp_path.iterdir()) == []


def test_a_problem_of_a_schedule_that_can_not_be_read_is_told(schedule: Path) -> None:
    schedule.mkdir()
    assert f"{schedule}:1: it can't be read: Is a directory" in run("downtime_status")


def test_status_names_a_flag_that_it_can_not_look_at(settings: pytest_django.Settings, tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    settings.DOWNTIME_FLAG_FILE = loop / "flag"
    [problem] = json.loads(run("downtime_status", "--json"))["problems"]
    assert problem.startswith(f"{loop}/flag can't be looked at: ")


# --at, --path and --method

PLANNED = (
    "timezone: UTC\n"
    "periods:\n"
    "  - {name: upgrade, start: 2097-01-01 02:00, end: 2097-01-01 04:00}\n"
    "  - {name: move, start: 2097-01-01 04:00, end: 2097-01-01 05:00, read_only: true}\n"
)
AT = ("--at", "2097-01-01 03:00Z")
NOT_ASKED = "Exemptions by who asks (address, bypass link, DOWNTIME_EXEMPT_IF) were not asked."


def exit_code(*arguments: str) -> object:
    try:
        run("downtime_status", "--exit-code", *arguments)
    except SystemExit as end:
        return end.code
    return 0


def test_the_state_at_another_time_is_told(schedule: Path) -> None:
    schedule.write_text(PLANNED)
    assert run("downtime_status").startswith("The site is up.\n\nCOMING ")
    assert told_rows(*AT) == [
        "At 2097-01-01 04:00:00 CET, by the files as they are now:",
        "The site is down, since 2097-01-01 03:00:00 CET (for 1 h), because of upgrade; from 2097-01-01 05:00:00 CET "
        "(in 1 h) on, the site is read-only, because of move; everything passes again at 2097-01-01 06:00:00 CET (in "
        "2 h).",
        "",
        "ACTIVE|WHEN|PERIOD|REFUSED",
        "for 1 h|2097-01-01 03:00 to 05:00 CET|upgrade|everything",
        "",
        "COMING|WHEN|PERIOD|REFUSED",
        "in 1 h|2097-01-01 05:00 to 06:00 CET|move|writing",
        "",
        "Looked at:",
        ANY,
        ANY,
    ]
    found = json.loads(run("downtime_status", "--json", *AT))
    assert (found["at"], found["state"], found["down"]) == ("2097-01-01T04:00:00+01:00", "down", True)
    assert "request" not in found


@pytest.mark.parametrize(("at", "code"), [("2097-01-01 03:00Z", 3), ("2097-01-01 04:30Z", 5), ("2097-01-01 05:00Z", 0)])
@pytest.mark.parametrize("more", [(), ("--path", "/admin"), ("--path", "/x", "--method", "POST")], ids=" ".join)
def test_the_exit_code_is_that_of_the_state_at_that_time(
    schedule: Path, at: str, code: int, more: tuple[str, ...]
) -> None:
    """Whatever the request would get."""
    schedule.write_text(PLANNED)
    assert exit_code("--at", at, *more) == code


@pytest.mark.parametrize(
    ("at", "is_up"), [("2020-09-13 12:00Z", True), ("2020-09-13 12:27Z", False), ("2020-09-13 12:36Z", True)]
)
@pytest.mark.parametrize("by", ["its end", "its age"])
def test_a_flag_counts_at_another_time_from_its_raising_to_its_end(
    flag: Path, settings: pytest_django.Settings, by: str, at: str, is_up: bool
) -> None:
    flag.write_text("end: 2020-09-13 12:35Z" if by == "its end" else "")
    settings.DOWNTIME_FLAG_MAX_AGE = 500 if by == "its age" else None
    os.utime(flag, (1_600_000_000, 1_600_000_000))  # 12:26:40
    assert (
        run("downtime_status", "--at", at)
        .splitlines()[1]
        .startswith("The site is up." if is_up else "The site is down")
    )
    assert run("downtime_status").startswith("The site is up.\n")


def test_a_flag_of_the_future_counts_now_as_for_requests_and_then_too(flag: Path) -> None:
    flag.touch()
    os.utime(flag, (4_000_000_000, 4_000_000_000))
    assert run("downtime_status").startswith("The site is down, ")
    assert run("downtime_status", "--at", "+1m").splitlines()[1].startswith("The site is down, ")


def test_what_a_visitor_would_get_is_told_with_its_period_its_end_and_the_view(
    schedule: Path, settings: pytest_django.Settings
) -> None:
    settings.ROOT_URLCONF = Patterns
    schedule.write_text(PLANNED)
    lines = run("downtime_status", *AT, "--path", "/nowhere", "--method", "post").splitlines()
    assert lines[2:5] == [
        "POST /nowhere is refused because of upgrade, until 2097-01-01 06:00:00 CET.",
        "Nothing lets it through by path or view: no view answers that path.",
        NOT_ASKED,
    ]
    found = json.loads(run("downtime_status", *AT, "--path", "/nowhere", "--method", "post", "--json"))
    assert found["request"] == {
        "path": "/nowhere",
        "method": "POST",
        "at": "2097-01-01T04:00:00+01:00",
        "refused": True,
        "period": "upgrade",
        "until": "2097-01-01T06:00:00+01:00",
        "exempt_by": None,
    }
    assert run("downtime_status", *AT, "--path", "/nowhere").splitlines()[2] == (
        "GET /nowhere is refused because of upgrade, until 2097-01-01 05:00:00 CET."
    )


def test_a_path_alone_is_asked_for_now_and_by_get(flag: Path) -> None:
    flag.write_text("read_only: true")
    os.utime(flag, (1_600_000_000, 1_600_000_000))
    assert run("downtime_status", "--path", "/admin").splitlines()[1:4] == [
        "GET /admin passes: no period covers it.",
        "In a downtime of the whole site, DOWNTIME_EXEMPT_PATHS would let it through.",
        NOT_ASKED,
    ]
    assert run("downtime_status", "--path", "/admin", "--method", "PUT").splitlines()[1:4] == [
        f"PUT /admin would be refused because of flag {flag}, without a known end.",
        "DOWNTIME_EXEMPT_PATHS lets it through.",
        NOT_ASKED,
    ]
    found = status("--path", "/admin", "--method", "PUT")["request"]
    assert (found["refused"], found["period"], found["until"]) == (False, f"flag {flag}", None)
    assert found["exempt_by"] == "DOWNTIME_EXEMPT_PATHS"
    assert status("--path", "/x")["request"]["period"] is None


def test_what_lets_a_request_through_is_worded(settings: pytest_django.Settings, flag: Path) -> None:
    settings.ROOT_URLCONF = Patterns
    settings.DOWNTIME_URL_REDIRECT = "/upgrade/"
    flag.touch()

    def line(path: str) -> str:
        return run("downtime_status", "--path", path).splitlines()[2]

    assert line("/marked/") == "The mark @downtime_exempt on its view lets it through."
    assert line("/upgrade/") == "The redirect, which leads to that very path, lets it through."
    assert line("/plain/") == (
        "Nothing lets it through by path or view: the view tests.test_visit.plain, which answers that path, "
        "is not marked with @downtime_exempt."
    )


def test_the_answer_by_a_damaged_schedule_is_that_of_a_process_that_starts_now(schedule: Path) -> None:
    schedule.write_text(f"{PLANNED}  - {{start: soon}}\n")
    lines = run("downtime_status", *AT, "--path", "/x").splitlines()
    assert lines[2] == "GET /x is refused because of upgrade, without a known end."
    assert lines[5] == "This is true of a process that starts now; for a running one it is unknown."


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--at", "soon"), "--at is 'soon'; it must be"),
        (("--at", "2097-13-01"), "--at is '2097-13-01'; there is no such time"),
        (("--path", "shop"), "--path is 'shop'; it must be a path of this site"),
        (("--path", ""), "--path is ''; it must be a path of this site"),
        (("--path", "/x", "--method", "GET /"), "--method is 'GET /'; it must be an HTTP method"),
        (("--method", "POST"), "--method is given without --path"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["text", "JSON"])
def test_bad_input_is_one_line_and_nothing_else(arguments: tuple[str, ...], reason: str, as_json: list[str]) -> None:
    [line] = refusal("downtime_status", *arguments, *as_json).splitlines()
    assert line.startswith(reason)


def test_a_path_asks_no_database(flag: Path) -> None:
    """In a test without the mark for that, to ask one is an error."""
    flag.touch()
    assert "is refused because of flag" in run("downtime_status", "--path", "/x")


def test_what_comes_before_the_site_is_back_is_told_as_the_readme_shows_it(schedule: Path) -> None:
    schedule.write_text(
        "timezone: Europe/Berlin\nperiods:\n"
        "  - {name: move, start: 2026-12-01 00:00, end: 2026-12-01 04:00, read_only: true}\n"
        "  - {name: storage-upgrade, start: 2026-12-01 02:00, end: 2026-12-01 04:00}\n"
    )
    shown = " ".join(block("because of storage-upgrade").text.split())
    assert run("downtime_status", "--at", "2026-12-01T01:00+01:00").splitlines()[1] == shown


def test_a_site_that_is_down_is_told_as_the_readme_shows_it(schedule: Path, flag: Path) -> None:
    schedule.write_text(
        "timezone: Europe/Berlin\nperiods:\n"
        "  - {name: new-disks, start: 2026-12-01 02:00, duration: 2h, message: We are moving to faster disks.}\n"
        "  - {name: reindex, start: 2026-12-06 03:30, duration: 45m, read_only: true, paths: [/search]}\n"
    )
    three_days_ago = time.time() - 3 * 86_400
    os.utime(schedule, (three_days_ago, three_days_ago))
    sentence, tables = block("for 12 min").text.split("\n\n", 1)
    shown = [" ".join(sentence.split()), "", *tables.replace("/srv/shop", str(schedule.parent)).splitlines()]
    told = run("downtime_status", "--at", "2026-12-01 02:12+01:00").splitlines()[1:]
    assert told == shown[:-2]
    flag.touch()
    assert run("downtime_status").splitlines()[-2:] == shown[-2:]
