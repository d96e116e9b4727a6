"""downtime_schedule, on real files."""

import os
import re
import stat
import subprocess
from datetime import datetime, timedelta, timezone
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from downtime import live
from downtime.files.disk import fingerprint
from tests.support.commands import NAMED, NEW, periods, refusal, run
from tests.support.schedules import FIRST_LINE, SCHEDULES, after, before

pytestmark = pytest.mark.usefixtures("recheck_of_a_second")


@pytest.mark.parametrize("marked", SCHEDULES.values(), ids=SCHEDULES)
def test_every_byte_but_those_of_the_new_period_stays_and_cancelling_it_gives_back_the_old_file(
    schedule: Path, marked: str
) -> None:
    schedule.write_bytes(before(marked).encode())
    written = run("downtime_schedule", *NEW)
    assert schedule.read_bytes() == after(marked).encode()
    assert written.startswith(f"Added to {schedule}:\n")
    assert re.search(
        r"\nIt next applies in \d+ [dhms][^,]*, from 2027-05-01 0[24]:00:00 CEST to 2027-05-01 0[46]:00:00 CEST\.\n",
        written,
    )
    assert run("downtime_cancel", "new").splitlines()[0] == f"Cancelled new in {schedule}."
    assert schedule.read_bytes() == before(marked).encode()


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["--start", "2027-05-01", "--end", "2027-05-02"], ["start: 2027-05-01", "end: 2027-05-02"]),
        (["--start", "2027-05-01T02:00Z", "--for", "1d"], ["start: 2027-05-01T02:00Z", "duration: 1d"]),
        (
            ["--start", "2027-05-01 02:00:30 +0100", "--end", "2027-05-01 02:31+01:00"],
            ["start: 2027-05-01 02:00:30 +0100", "end: 2027-05-01 02:31+01:00"],
        ),
        (
            ["--start", "2027-05-01", "--for", "1h30m", "--timezone", "Asia/Kolkata"],
            ["start: 2027-05-01", "duration: 1h30m", "timezone: Asia/Kolkata"],
        ),
        (["--cron", "30 3 * * SUN", "--for", "45m"], ["cron: 30 3 * * SUN", "duration: 45m"]),
        (
            ["--cron", "*/5 * * * *", "--for", "45m", "--start", "2027-01-01", "--end", "2028-01-01"],
            ["cron: '*/5 * * * *'", "start: 2027-01-01", "end: 2028-01-01", "duration: 45m"],
        ),
        (
            [*NEW[1:], "--message", "Back at four.", "--redirect", "/a?b=c#d", "--retry-after", "600", "--read-only"],
            [
                "start: 2027-05-01 02:00",
                "duration: 2h",
                "message: Back at four.",
                "retry_after: 600",
                "redirect: /a?b=c#d",
                "read_only: true",
            ],
        ),
        (
            [*NEW[1:], "--path", "/shop/", "--path", "/wärter", "--path", "/a, b"],
            ["start: 2027-05-01 02:00", "duration: 2h", "paths: [/shop, /wärter, '/a, b']"],
        ),
        ([*NEW[1:], "--path", "/"], ["start: 2027-05-01 02:00", "duration: 2h", "paths: [/]"]),
        ([*NEW[1:], "--message", "no"], ["start: 2027-05-01 02:00", "duration: 2h", 'message: "no"']),
        ([*NEW[1:], "--message", "a: b"], ["start: 2027-05-01 02:00", "duration: 2h", "message: 'a: b'"]),
        ([*NEW[1:], "--message", "- #"], ["start: 2027-05-01 02:00", "duration: 2h", "message: '- #'"]),
        ([*NEW[1:], "--message", "*"], ["start: 2027-05-01 02:00", "duration: 2h", "message: '*'"]),
        ([*NEW[1:], "--message", ""], ["start: 2027-05-01 02:00", "duration: 2h"]),
        (
            [*NEW[1:], "--message", "zwei\nZeilen"],
            ["start: 2027-05-01 02:00", "duration: 2h", 'message: "zwei\\nZeilen"'],
        ),
    ],
    ids=repr,
)
def test_the_keys_are_written_as_they_were_given(schedule: Path, arguments: list[str], lines: list[str]) -> None:
    run("downtime_schedule", "new", *arguments)
    first, comment, *others = schedule.read_text().splitlines()
    assert first == FIRST_LINE
    assert comment.startswith("# ")
    assert others == ["periods:", "  - name: new", *(f"    {line}" for line in lines)]


@pytest.mark.parametrize(
    "text", ["~", "null", "true", "NO", "123", "1e3", "x" * 500, " \u2028 x", "ü🚧\x85y", "'", '"', "&a"]
)
def test_a_message_comes_back_as_it_was_given(schedule: Path, text: str) -> None:
    for style in ("", "periods: []\n", '{"periods": []}'):
        schedule.write_text(style)
        run("downtime_schedule", *NEW, "--message", text)
        assert periods(schedule)[0].message == text.strip()


def test_what_is_counted_from_now_on_is_written_out(schedule: Path) -> None:
    begun = datetime.now(timezone.utc).replace(microsecond=0)
    run("downtime_schedule", "new", "--start", "+2h", "--end", "+3h")
    [period] = periods(schedule)
    assert timedelta() <= period.start - begun - timedelta(hours=2) < timedelta(seconds=30)
    assert period.end - period.start == timedelta(hours=1)
    assert re.search(r"start: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", schedule.read_text())


def test_what_starts_now_applies_at_once_for_as_long_as_was_asked(schedule: Path, slept: list[float]) -> None:
    for name, end in (("a", ["--for", "2h"]), ("b", ["--end", "+2h"]), ("c", ["--end", "tomorrow"])):
        begun = datetime.now(timezone.utc)
        assert "\nIt applies now, since 2" in run("downtime_schedule", name, "--start", "now", *end)
        period = periods(schedule)[-1]
        assert begun.replace(microsecond=0) <= period.start <= datetime.now(timezone.utc)
        assert name == "c" or period.end - period.start == timedelta(hours=2)
    assert slept == [2.05] * 3
    assert live.answer().active


def test_an_end_that_is_a_time_of_day_is_the_next_one_after_the_start(schedule: Path) -> None:
    for start, end, hours in (("tomorrow 22:00", "04:00", 6), ("tomorrow 22:00", "22:00", 24)):
        run("downtime_schedule", f"{start} {end}", "--start", start, "--end", end, "--timezone", "UTC")
        period = periods(schedule)[-1]
        assert period.end - period.start == timedelta(hours=hours)
    told = run("downtime_schedule", "next", "--start", "04:00", "--for", "2h")
    assert re.search(r"applies in [^,]*, from \d{4}-\d\d-\d\d 04:00:00 CES?T to \d{4}-\d\d-\d\d 06:00:00 CES?T", told)


@pytest.mark.parametrize("option", ["-Ins", "-Is", "--rfc-3339=ns", "--rfc-3339=seconds"])
def test_what_date_prints_can_be_given_and_is_read_back(schedule: Path, option: str) -> None:
    command = ["date", "--date=@1900000000.123456789", option]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    run("downtime_schedule", "a", "--start", printed, "--for", "2h")
    [period] = periods(schedule)
    fraction = 123456 if option.endswith("ns") else 0
    assert period.start == datetime.fromtimestamp(1_900_000_000, timezone.utc).replace(microsecond=fraction)
    assert f"start: {printed.replace(',', '.')}\n" in schedule.read_text()


def test_times_are_of_the_schedule_s_zone_and_shown_in_the_project_s(schedule: Path) -> None:
    schedule.write_text("timezone: America/New_York\nperiods:\n")
    written = run("downtime_schedule", *NEW)
    assert "from 2027-05-01 08:00:00 CEST to 2027-05-01 10:00:00 CEST" in written
    assert "start: 2027-05-01 02:00\n" in schedule.read_text()
    run("downtime_schedule", "soon", "--start", "+1h", "--for", "1h")
    starts = [period.start for period in periods(schedule)]
    assert timedelta(minutes=59) < starts[1] - datetime.now(timezone.utc) <= timedelta(hours=1)
    cron = ("--cron", "0 0 * * *", "--for", "1h", "--timezone", "UTC", "--start", "2027-05-01")
    written = run("downtime_schedule", "cron", *cron)
    assert ", from 2027-05-01 02:00:00 CEST to 2027-05-01 03:00:00 CEST.\nAfter that in " in written


def test_one_that_begins_at_once_is_said_to_apply_and_is_waited_for(schedule: Path, slept: list[float]) -> None:
    assert "\nIt applies now, since 2020-01-01 00:00:00 CET, until 2" in run(
        "downtime_schedule", "a", "--start", "2020-01-01", "--end", "+1h"
    )
    assert slept == [2.05]
    run("downtime_schedule", "b", "--start", "2020-01-01", "--end", "+1h", "--no-wait")
    run("downtime_schedule", *NEW)
    assert slept == [2.05]
    assert live.answer().active


REFUSED = {
    "no start": (["new", "--for", "2h"], "the period has no start; give --start TIME, or --cron EXPR"),
    "no end": (
        ["new", "--start", "2027-05-01"],
        "the period has no end; give --end TIME or --for DURATION, or use downtime_start if the end is not known",
    ),
    "both": ([*NEW, "--end", "2027-06-01"], "--end and --for are both given; give only one of them"),
    "cron alone": (
        ["new", "--cron", "* * * * *"],
        "--cron needs --for DURATION, which says how long it lasts each time",
    ),
    "a start": (["new", "--start", "soon", "--for", "2h"], "--start is 'soon'; it must be a time such as '2026-"),
    "an end": (["new", "--start", "2027-05-01", "--end", "2h"], "--end is '2h'; it must be a time such as '2026-"),
    "from now": (["new", "--start", "+soon", "--for", "2h"], "--start is '+soon'; it must be a duration such as 90m"),
    "a duration": (["new", "--start", "+1h", "--for", "long"], "--for is 'long'; it must be a duration such as 90m"),
    "a cron": (["new", "--cron", "* *", "--for", "1h"], "--cron is '* *'; it must be five cron fields"),
    "a zone": ([*NEW, "--timezone", "Mars"], "--timezone is 'Mars'; it must be an IANA time zone name"),
    "a name": (["a\nb", *NEW[1:]], r"NAME is 'a\nb'; it must be one line of 1 to 100 printable characters"),
    "no name": (["", *NEW[1:]], "NAME is ''; it must be one line of 1 to 100 printable characters"),
    "a taken name": (["one", *NEW[1:]], "was not changed: the name 'one' is taken by the period on line 2"),
    "a path": ([*NEW, "--path", "shop"], "--path is 'shop'; it must be a path prefix such as /search"),
    "a redirect": ([*NEW, "--redirect", "x"], "--redirect is 'x'; it must be a URL such as"),
    "seconds": ([*NEW, "--retry-after", "0"], "--retry-after is '0'; it must be a whole number of seconds"),
    "an end before the start": (
        ["new", "--start", "2027-05-01", "--end", "2027-04-30"],
        "--end is '2027-04-30'; it must be a time after the start, 2027-05-01 00:00:00 CEST",
    ),
    "over": (
        ["new", "--start", "2020-05-01", "--for", "2h"],
        "the period would be over already: it ends at 2020-05-01 02:00:00 CEST, and now it is 20",
    ),
    "a cron that does not occur": (
        ["new", "--cron", "0 3 * * SUN", "--for", "2h", "--start", "2027-05-04", "--end", "2027-05-05"],
        "'0 3 * * SUN' does not occur within those bounds after now, 20",
    ),
    "a skipped hour": (
        ["new", "--start", "2027-03-28 02:30", "--for", "2h"],
        "--start is '2027-03-28 02:30'; the clocks of Europe/Berlin skip that time",
    ),
}


@pytest.mark.parametrize(("arguments", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_period_is_refused_in_a_sentence_and_nothing_is_written(
    schedule: Path, arguments: list[str], reason: str
) -> None:
    schedule.write_text(NAMED)
    before = fingerprint(str(schedule))
    assert reason in refusal("downtime_schedule", *arguments)
    assert fingerprint(str(schedule)) == before
    schedule.unlink()
    if "one" not in arguments:
        assert reason in refusal("downtime_schedule", *arguments)
        assert not schedule.exists()


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_a_missing_file_is_made_with_the_mode_of_the_umask_and_a_comment_on_top(schedule: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        run("downtime_schedule", *NEW)
    finally:
        os.umask(old)
    assert stat.S_IMODE(schedule.stat().st_mode) == 0o666 & ~umask
    assert re.match(rf"{re.escape(FIRST_LINE)}\n# .+\nperiods:\n  - name: new\n", schedule.read_text())


NOT_ADDED = {
    "null": "periods: null\n",
    "a tilde": "periods: ~\n",
    "null in flow style": "{periods: null}",
    "nothing in flow style": "{periods: }",
    "no list in flow style": "{timezone: UTC}",
    "an empty mapping": "{}",
    "null alone": "~\n",
    "line breaks of old": "periods:\r- start: 2026-12-01\r- start: 2027-01-01\r",
}


@pytest.mark.parametrize("source", NOT_ADDED.values(), ids=NOT_ADDED)
def test_where_a_period_cannot_be_added_the_command_says_why_and_changes_nothing(schedule: Path, source: str) -> None:
    schedule.write_bytes(source.encode())
    before = fingerprint(str(schedule))
    told = refusal("downtime_schedule", *NEW)
    assert told.startswith(f"{schedule} was not changed: ")
    assert "by hand" in told
    assert fingerprint(str(schedule)) == before


WEEKLY = ("weekly", "--cron", "30 3 * * SUN", "--for", "45m", "--timezone", "Europe/Berlin")


def test_the_next_three_times_of_what_repeats_are_told(schedule: Path) -> None:
    told = run("downtime_schedule", *WEEKLY, "--start", "2099-03-01").splitlines()[-3:]
    assert [line.partition(" from ")[2] for line in told] == [
        "2099-03-01 03:30:00 CET to 2099-03-01 04:15:00 CET.",
        "2099-03-08 03:30:00 CET to 2099-03-08 04:15:00 CET.",
        "2099-03-15 03:30:00 CET to 2099-03-15 04:15:00 CET.",
    ]
    assert [line.partition(" in ")[0] for line in told] == ["It next applies", "After that", "After that"]
    [last] = run("downtime_schedule", "once", *WEEKLY[1:], "--start", "2099-03-02", "--end", "2099-03-09").splitlines()[
        -2:-1
    ]
    assert last.startswith("It next applies in ")


def test_a_period_that_overlaps_is_warned_of(schedule: Path) -> None:
    schedule.write_text(
        "periods:\n- {name: a, start: 2099-01-01 02:00, duration: 2h, paths: [/shop]}\n"
        "- {name: b, start: 2099-01-01 04:00, duration: 2h}\n- {name: c, start: 2099-01-01 02:00, enabled: false}\n"
    )
    output, errors = StringIO(), StringIO()
    new = ("new", "--start", "2099-01-01 01:00", "--for", "3h")
    for is_dry in (["--dry-run"], []):
        call_command("downtime_schedule", *new, *is_dry, stdout=output, stderr=errors)
        assert errors.getvalue() == ("a (from 2099-01-01 02:00:00 CET to 2099-01-01 04:00:00 CET) overlaps with new.\n")
        errors.truncate(0)
        errors.seek(0)
    call_command("downtime_schedule", "other", *new[1:], "--path", "/wiki", stdout=output, stderr=errors)
    assert errors.getvalue().startswith("new (from ")


@pytest.mark.parametrize("text", [None, "", NAMED])
def test_a_dry_run_shows_the_lines_that_would_come_and_changes_nothing(
    schedule: Path, slept: list[float], text: str | None
) -> None:
    if text is not None:
        schedule.write_text(text)
    told = run("downtime_schedule", "new", "--start", "now", "--for", "2h", "--dry-run").splitlines()
    assert told[0] == f"Would change {schedule}:"
    assert "  +  - name: new" in told
    assert told[-2].startswith("It applies now, since ")
    assert told[-1] == "Nothing was changed."
    assert (schedule.read_text() if schedule.exists() else None) == text
    assert os.listdir(schedule.parent) == ([schedule.name] if text is not None else [])
    assert slept == []


@pytest.mark.parametrize(("arguments", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_dry_run_refuses_what_would_be_refused(schedule: Path, arguments: list[str], reason: str) -> None:
    schedule.write_text(NAMED)
    assert reason in refusal("downtime_schedule", *arguments, "--dry-run")
    assert schedule.read_text() == NAMED
