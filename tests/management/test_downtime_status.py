"""downtime_status, for people and as JSON."""

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_django
from django.utils.timezone import get_default_timezone

from tests.support.commands import CRON, run, status


def test_status_tells_that_the_site_is_up() -> None:
    assert run("downtime_status") == "The site is up.\n"


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
    assert run("downtime_status").splitlines() == [
        f"The site is down, since 2020-09-13 14:26:40 CEST, without a known end, because of flag {flag}.",
        f"  flag {flag}: since 2020-09-13 14:26:40 CEST, without a known end: Faster disks.",
        "  long: since 2020-01-01 01:00:00 CET, until 2099-01-01 01:00:00 CET, only below /shop, /, reading passes",
        "Coming:",
        "  the period on line 5: from 2998-01-01 01:00:00 CET to 2998-01-02 01:00:00 CET",
        "  later: from 2999-01-01 01:00:00 CET without a known end: Much.",
        "Problems:",
        f"  {flag}:2: end is 'soon'; it must be an ISO 8601 date or date and time, such as 2026-12-01, "
        "2026-12-01 02:00 or 2026-12-01T02:00:30+01:00",
        f"  {schedule}:6: start is 'never'; it must be an ISO 8601 date or date and time, such as 2026-12-01, "
        "2026-12-01 02:00 or 2026-12-01T02:00:30+01:00",
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
    first, window = run("downtime_status").splitlines()
    assert first == f"{state}, since 2020-01-01 00:00:00 CET, {until}, because of reindex."
    assert window.startswith(f"  reindex: since 2020-01-01 00:00:00 CET, {until}")
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
