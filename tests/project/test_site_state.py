"""The state of the site, side by side from the command, the JSON and the admin page: the same in other words."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.test import Client

from downtime.admin_page import wording as page_wording
from downtime.management import times as shell_times
from tests.support.commands import run, status, told, without_distances
from tests.support.texts import BERLIN

RAISED = 1_600_000_000
PAGE = "/admin/downtime/period/"
SHOP = "{name: shop, start: 2020-01-01, end: 2098-01-01, paths: [/shop]}"
UPGRADE = "{name: upgrade, start: 2020-01-01, end: 2097-01-01}"
DAMAGED = "{start: soon}"


@dataclass(frozen=True)
class Case:
    """What the files hold, one schedule after the other, and what is told of it; `FLAG` is the path of the flag."""

    state: str
    exit_code: int
    command: str
    page: str
    flag: str | None = None
    schedules: list[list[str]] = field(default_factory=list)


FROM_THE_FLAG = "since 2020-09-13 14:26:40 CEST"
FROM_THE_FLAG_ON_THE_PAGE = "since Sept. 13, 2020, 2:26 p.m."
CASES = {
    "nothing": Case("up", 0, "The site is up.", "The site is up"),
    "a period to come": Case(
        *("up", 0, "The site is up.", "The site is up · next: later, Jan. 1, 2097, midnight"),
        schedules=[["{name: later, start: 2097-01-01, end: 2098-01-01}"]],
    ),
    "a flag": Case(
        *("down", 3),
        f"The site is down, {FROM_THE_FLAG}, without a known end, because of flag FLAG.",
        f"The site is down · {FROM_THE_FLAG_ON_THE_PAGE} · end not known · because of FLAG",
        flag="",
    ),
    "a flag for writing": Case(
        *("read-only", 5),
        f"The site is read-only, {FROM_THE_FLAG}, without a known end, because of flag FLAG.",
        f"The site is read-only · {FROM_THE_FLAG_ON_THE_PAGE} · end not known · because of FLAG",
        flag="read_only: true",
    ),
    "a period with an end": Case(
        *("down", 3),
        "The site is down, since 2020-01-01 00:00:00 CET, until 2097-01-01 00:00:00 CET, because of upgrade.",
        "The site is down · since Jan. 1, 2020, midnight · until Jan. 1, 2097, midnight · because of upgrade",
        schedules=[[UPGRADE]],
    ),
    "parts": Case(
        *("partly", 5),
        "A part of the site is down (/shop, /cart, /pay), since 2020-01-01 00:00:00 CET, without a known end, "
        "because of shop, cart.",
        "A part of the site is down · /shop, /cart, /pay · since Jan. 1, 2020, midnight · end not known"
        " · because of shop, cart",
        schedules=[[SHOP, "{name: cart, start: 2020-02-01, paths: [/cart, /pay]}"]],
    ),
    "writing to a part": Case(
        *("partly", 5),
        "A part of the site is read-only (/wiki), since 2020-01-01 00:00:00 CET, until 2098-01-01 00:00:00 CET, "
        "because of wiki.",
        "A part of the site is read-only · /wiki · since Jan. 1, 2020, midnight · until Jan. 1, 2098, midnight"
        " · because of wiki",
        schedules=[["{name: wiki, start: 2020-01-01, end: 2098-01-01, read_only: true, paths: [/wiki]}"]],
    ),
    "a part, and writing": Case(
        *("partly", 5),
        "A part of the site is down (/shop), since 2020-01-01 00:00:00 CET, because of shop; the rest of the site is "
        "read-only, since 2020-02-01 00:00:00 CET, because of move; everything passes again at "
        "2098-01-01 00:00:00 CET.",
        "A part of the site is down · /shop · since Jan. 1, 2020, midnight · because of shop"
        " · The rest of the site is read-only · since Feb. 1, 2020, midnight · because of move"
        " · everything is back at Jan. 1, 2098, midnight",
        schedules=[[SHOP, "{name: move, start: 2020-02-01, end: 2098-01-01, read_only: true}"]],
    ),
    "a part that is down in one that is read-only": Case(
        *("partly", 5),
        "A part of the site is down (/shop), since 2020-01-01 00:00:00 CET, because of shop; another part of the site "
        "is read-only (/wiki), since 2020-02-01 00:00:00 CET, because of wiki; it is not known when everything passes "
        "again.",
        "A part of the site is down · /shop · since Jan. 1, 2020, midnight · because of shop"
        " · Another part of the site is read-only · /wiki · since Feb. 1, 2020, midnight · because of wiki"
        " · end not known",
        schedules=[[SHOP, "{name: wiki, start: 2020-02-01, read_only: true, paths: [/wiki]}"]],
    ),
    "writing without end, then everything": Case(
        *("read-only", 5),
        f"The site is read-only, {FROM_THE_FLAG}, because of flag FLAG; from 2097-01-01 00:00:00 CET on, the site is "
        "down, because of upgrade; it is not known when everything passes again.",
        f"The site is read-only · {FROM_THE_FLAG_ON_THE_PAGE} · because of FLAG"
        " · from Jan. 1, 2097, midnight on: The site is down · because of upgrade · end not known",
        flag="read_only: true",
        schedules=[["{name: upgrade, start: 2097-01-01, end: 2098-01-01}"]],
    ),
    "everything, and a part for longer": Case(
        *("down", 3),
        "The site is down, since 2020-01-01 00:00:00 CET, because of upgrade; from 2097-01-01 00:00:00 CET on, a part "
        "of the site is down (/shop), because of shop; everything passes again at 2098-01-01 00:00:00 CET.",
        "The site is down · since Jan. 1, 2020, midnight · because of upgrade"
        " · from Jan. 1, 2097, midnight on: A part of the site is down · /shop · because of shop"
        " · everything is back at Jan. 1, 2098, midnight",
        schedules=[[UPGRADE, SHOP]],
    ),
    "a damaged schedule after a good one": Case(
        *("unknown", 4),
        "The state of the site is unknown: the schedule has problems, so a running process keeps the last good one "
        "that it has read; for one that starts now, the site is up.",
        "The state of the site is unknown · the schedule has problems: a running process keeps the last one without any"
        " · for a process that starts now: The site is up"
        " · for this process: The site is down · since Jan. 1, 2020, midnight · until Jan. 1, 2097, midnight"
        " · because of upgrade",
        schedules=[[UPGRADE], [DAMAGED]],
    ),
    "a damaged schedule from the start": Case(
        *("unknown", 4),
        "The state of the site is unknown: the schedule has problems, so a running process keeps the last good one "
        "that it has read; for one that starts now, a part of the site is down (/shop), since "
        "2020-01-01 00:00:00 CET, until 2098-01-01 00:00:00 CET, because of shop.",
        "The state of the site is unknown · the schedule has problems: a running process keeps the last one without any"
        " · for a process that starts now: A part of the site is down · /shop · since Jan. 1, 2020, midnight"
        " · until Jan. 1, 2098, midnight · because of shop",
        schedules=[[SHOP, DAMAGED]],
    ),
    "a damaged schedule, and a flag": Case(
        *("down", 3),
        f"The site is down, {FROM_THE_FLAG}, because of flag FLAG; from 2098-01-01 00:00:00 CET on, its state is "
        "unknown; it is not known when everything passes again.",
        f"The site is down · {FROM_THE_FLAG_ON_THE_PAGE} · because of FLAG"
        " · from Jan. 1, 2098, midnight on: The state of the site is unknown · end not known",
        flag="end: 2098-01-01",
        schedules=[[DAMAGED]],
    ),
    "a damaged schedule, and a flag for writing": Case(
        *("unknown", 4),
        "The state of the site is unknown: the schedule has problems, so a running process keeps the last good one "
        f"that it has read; for one that starts now, the site is read-only, {FROM_THE_FLAG}, without a known end, "
        "because of flag FLAG.",
        "The state of the site is unknown · the schedule has problems: a running process keeps the last one without any"
        f" · for a process that starts now: The site is read-only · {FROM_THE_FLAG_ON_THE_PAGE} · end not known"
        " · because of FLAG",
        flag="read_only: true",
        schedules=[[DAMAGED]],
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest, staff: Client, schedule: Path, flag: Path) -> Case:
    """A case, whose files are there and have been seen by the process that serves the page."""
    case: Case = request.param
    if case.flag is not None:
        flag.write_text(case.flag)
        os.utime(flag, (RAISED, RAISED))
    for periods in case.schedules:
        schedule.write_text("periods:\n" + "".join(f"  - {period}\n" for period in periods))
        staff.get(PAGE)
    return case


def test_the_command_the_json_and_the_page_tell_the_same_state(case: Case, staff: Client, flag: Path) -> None:
    command, found = without_distances(run("downtime_status").splitlines()[0]), status()
    page = staff.get(f"{PAGE}state/").json()
    assert command == case.command.replace("FLAG", str(flag))
    assert page["status"] == case.page.replace("FLAG", str(flag))
    assert found["state"] == page["state"] == case.state
    assert f">{page['status']}</p>" in unescape(staff.get(PAGE).content.decode())
    assert exit_code() == case.exit_code
    for moment in moments(found):
        assert shell_times.local_time(moment) in command
        assert page_wording.local_time(moment, BERLIN) in page["status"]
    for name in names(found):
        assert name in command
        assert name.removeprefix("flag ") in page["status"]


def exit_code() -> int:
    try:
        run("downtime_status", "--exit-code")
    except SystemExit as end:
        return int(str(end.code))
    return 0


def statuses(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The status that the JSON holds, and the one by which a process that starts now would go."""
    yield found
    if found["if_started_now"]:
        yield found["if_started_now"]


def moments(found: dict[str, Any]) -> list[datetime]:
    """Each time that the JSON tells of the state."""
    times = []
    for one in statuses(found):
        times += [one["until"], *(refusal["since"] for refusal in one["refused"])]
        times += [one["next"]["at"]] if one["next"] else []
    return [datetime.fromisoformat(time) for time in times if time]


def names(found: dict[str, Any]) -> list[str]:
    """Each path and each cause that the JSON tells of the state."""
    refused = [refusal for one in statuses(found) for refusal in one["refused"]]
    refused += [refusal for one in statuses(found) if one["next"] for refusal in one["next"]["refused"]]
    return [name for refusal in refused for name in (*refusal["paths"], *refusal["because"])]


def test_a_flag_that_can_not_be_looked_at_leaves_the_state_unknown_unless_something_else_takes_the_site_down(
    staff: Client, settings: pytest_django.Settings, tmp_path: Path, schedule: Path
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    settings.DOWNTIME_FLAG_FILE = loop / "flag"
    command = run("downtime_status").splitlines()[0]
    assert command == (
        "The state of the site is unknown: a flag can't be looked at, so for a running process it counts as before; "
        "for one that starts now, the site is up."
    )
    page = staff.get(f"{PAGE}state/").json()
    assert page["state"] == "unknown"
    assert page["status"] == (
        "The state of the site is unknown"
        " · a flag can't be looked at: for a running process it counts as before"
        " · for a process that starts now: The site is up"
    )
    assert (status()["state"], status()["doubts"]) == ("unknown", ["flags"])
    assert exit_code() == 4
    schedule.write_text(f"periods: [{UPGRADE}]")
    expected = (
        "The site is down, since 2020-01-01 00:00:00 CET, because of upgrade; from 2097-01-01 00:00:00 CET on, its"
    )
    assert without_distances(run("downtime_status")).startswith(expected)
    assert staff.get(f"{PAGE}state/").json()["state"] == status()["state"] == "down"
    assert exit_code() == 3


def test_a_schedule_that_can_not_be_read_any_more_leaves_the_state_unknown(
    staff: Client, schedule: Path, settings: pytest_django.Settings, tmp_path: Path
) -> None:
    """The page tells it even if this process can't look at the file, and goes on by what it has read."""
    folder = tmp_path / "folder"
    folder.mkdir()
    settings.DOWNTIME_SCHEDULE_FILE = folder / "downtime.yml"
    (folder / "downtime.yml").write_text(f"periods: [{UPGRADE}]")
    assert staff.get(f"{PAGE}state/").json()["state"] == "down"
    (folder / "downtime.yml").unlink()
    folder.rmdir()
    folder.symlink_to(folder)
    assert status()["state"] == staff.get(f"{PAGE}state/").json()["state"] == "unknown"
    line = staff.get(f"{PAGE}state/").json()["status"]
    assert "for a process that starts now: The site is up · for this process: The site is down" in line


def test_a_whole_site_that_is_down_is_told_by_downtime_end_as_by_downtime_status(
    settings: pytest_django.Settings, flag: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    settings.DOWNTIME_FLAG_FILE = [flag, other]
    for content, verb in {"": "down", "read_only: true": "read-only", "paths: [/a]\n": "down (/a)"}.items():
        flag.touch()
        other.write_text(content)
        ended = told("downtime_end").splitlines()[-1]
        assert f" is still {verb}, since " in ended
        assert ended.replace("is still", "is") == without_distances(run("downtime_status").splitlines()[0])
