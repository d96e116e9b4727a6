"""The commands that edit the schedule, on real files."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import pytest_django

from downtime import live
from downtime.files.disk import fingerprint
from downtime.files.parser import parse
from downtime.schedule.periods import Period
from tests.support.commands import refusal, run
from tests.support.programs import ROOT
from tests.support.schedules import SCHEDULES, after, before
from tests.support.texts import BERLIN

NEW = ("new", "--start", "2027-05-01 02:00", "--for", "2h")
NAMED = "periods:\n  - name: one\n    start: 2020-01-01\n    end: 2020-01-02\n"


@pytest.fixture(autouse=True)
def zone(settings: pytest_django.Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    settings.DOWNTIME_RECHECK = 1.0


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long commands have waited; nobody really does."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


def periods(schedule: Path) -> tuple[Period, ...]:
    parsed = parse(schedule.read_text(), BERLIN)
    assert not parsed.problems
    return parsed.schedule.periods


@pytest.mark.parametrize("marked", SCHEDULES.values(), ids=SCHEDULES)
def test_every_byte_but_those_of_the_new_period_stays_and_cancelling_it_gives_back_the_old_file(
    schedule: Path, marked: str
) -> None:
    schedule.write_bytes(before(marked).encode())
    written = run("downtime_schedule", *NEW)
    assert schedule.read_bytes() == after(marked).encode()
    assert written.startswith(f"Added to {schedule}:\n")
    assert re.search(r"\nIt next applies from 2027-05-01 0[24]:00:00 CEST to 2027-05-01 0[46]:00:00 CEST\.\n", written)
    assert run("downtime_cancel", "new") == f"Cancelled new in {schedule}.\n"
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
    comment, *others = schedule.read_text().splitlines()
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


@pytest.mark.parametrize("text", ["no", "~", "12", "a: b", "# x", "ü 🚧", "[a]", "it's", '"', "a\\b", "- a", "x" * 100])
def test_a_period_can_have_any_name_and_be_cancelled_by_it(schedule: Path, text: str) -> None:
    for style in ("", "periods: []\n", '{"periods": []}'):
        schedule.write_text(style)
        run("downtime_schedule", text, *NEW[1:])
        assert periods(schedule)[0].name == text
        run("downtime_cancel", text)
        assert schedule.read_text() == style


def test_what_is_counted_from_now_on_is_written_out(schedule: Path) -> None:
    begun = datetime.now(timezone.utc).replace(microsecond=0)
    run("downtime_schedule", "new", "--start", "+2h", "--end", "+3h")
    [period] = periods(schedule)
    assert timedelta() <= period.start - begun - timedelta(hours=2) < timedelta(seconds=30)
    assert period.end - period.start == timedelta(hours=1)
    assert re.search(r"start: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", schedule.read_text())


def test_times_are_of_the_schedule_s_zone_and_shown_in_the_project_s(schedule: Path) -> None:
    schedule.write_text("timezone: America/New_York\nperiods:\n")
    written = run("downtime_schedule", *NEW)
    assert "from 2027-05-01 08:00:00 CEST to 2027-05-01 10:00:00 CEST" in written
    assert "start: 2027-05-01 02:00\n" in schedule.read_text()
    run("downtime_schedule", "soon", "--start", "+1h", "--for", "1h")
    starts = [period.start for period in periods(schedule)]
    assert timedelta(minutes=59) < starts[1] - datetime.now(timezone.utc) <= timedelta(hours=1)
    written = run("downtime_schedule", "cron", "--cron", "0 0 * * *", "--for", "1h", "--timezone", "UTC")
    assert re.search(r"It next applies from \d{4}-\d\d-\d\d 0[12]:00:00 CES?T to", written)


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
    "no start": (["new", "--for", "2h"], "it is not said when the period begins; give --start TIME, or --cron EXPR"),
    "no end": (
        ["new", "--start", "2027-05-01"],
        "it is not said when the period is over; give --end TIME or --for DURATION, "
        "or use downtime_start where that is not known",
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
    assert re.match(r"# .+\nperiods:\n  - name: new\n", schedule.read_text())


CANCELLED = {
    "its own comments, and not those of its neighbours": """\
# one
periods:  # two
  # three
  - name: a
    start: 2027-01-01  # four
    # five
«  # six
  - name: it  # seven
    # eight

    start: 2027-01-01
    # nine

      # ten
→»  # eleven
  - name: c
    start: 2027-01-01
# twelve
""",
    "the first": """\
periods:
«  # three
  - name: it
    start: 2027-01-01
→»  # six
  - name: b
    start: 2027-01-01
""",
    "the last": """\
periods:
  - name: a
    start: 2027-01-01
    # of a
«  # of it
  - name: it
    start: 2027-01-01
→»# end
timezone: UTC
""",
    "the only": """\
periods:  # none
«  # of it
  - name: it
    start: 2027-01-01
    # of it too
→»  # another

# end
""",
    "a comment that a blank line sets off": """\
periods:
  # of the list

«  - name: it
    start: 2027-01-01
→»""",
    "one between blank lines": """\
periods:
  - name: a
    start: 2027-01-01
«
  # of it
  - name: it
    start: 2027-01-01
→»
  - name: c
    start: 2027-01-01
""",
    "the first of several between blank lines": """\
periods:

«  - name: it
    start: 2027-01-01

→»  - name: c
    start: 2027-01-01
""",
    "the first of a group": """\
periods:
  - name: a
    start: 2027-01-01

«  - name: it
    start: 2027-01-01
→»  - name: c
    start: 2027-01-01
""",
    "one below a text that looks like a comment": """\
periods:
  - start: 2027-01-01
    message: "a
  # b"
«  - name: it
    start: 2027-01-01
→»""",
    "a literal block": """\
periods:
  - name: a
    start: 2027-01-01
    message: |
      # no comment
«  - name: it
    start: 2027-01-01
    message: |
      # no comment

      # either
→»  - name: c
    start: 2027-01-01
""",
    "the first in flow style": "periods: [«{name: it, start: 2027-01-01}, →»{name: b, start: 2027-01-01}]  # one\n",
    "in the middle in flow style": (
        "periods: [{name: a, start: 2027-01-01}«, {name: it, start: 2027-01-01}→», {start: 2027-01-01}]"
    ),
    "lines in flow style": """\
periods: [
  # one
  {name: a, start: 2027-01-01},  # two
«  # three
  {name: it, start: 2027-01-01},  # four
→»  # five
  {name: c, start: 2027-01-01}  # six
]
""",
    "the first line in flow style": """\
periods: [
«  # one
  {name: it, start: 2027-01-01},
→»  # two
  {name: b, start: 2027-01-01},
]
""",
    "the last line in flow style": """\
periods: [
  {name: a, start: 2027-01-01}«,→»  # one
«  {name: it, start: 2027-01-01}  # two
→»  # three
]
""",
    "one that shares its line in flow style": """\
periods: [{name: a, start: 2027-01-01}«,→»  # one
  «{name: it, start: 2027-01-01}→»]
""",
    "one before a comment in flow style": """\
periods: [«{name: it, start: 2027-01-01},→»  # one
  {name: b, start: 2027-01-01}]
""",
    "the only one in flow style": "periods: [ «{name: it, start: 2027-01-01},→» ]\n",
    "mappings over lines": """\
periods: [
  {
    name: a,
    start: 2027-01-01
  }«,
  {
    name: it,  # one
    start: 2027-01-01
  }→»
]
""",
    "JSON": '{"periods":[«{"name":"it","start":"2027-01-01"},→»{"name":"b","start":"2027-01-01"}]}',
}


@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("marked", CANCELLED.values(), ids=CANCELLED)
def test_a_cancelled_period_goes_with_its_own_comments_and_all_else_stays(
    schedule: Path, marked: str, line_break: str
) -> None:
    marked = marked.replace("\n", line_break)
    schedule.write_bytes(before(marked).encode())
    old = periods(schedule)
    assert run("downtime_cancel", "it") == f"Cancelled it in {schedule}.\n"
    assert schedule.read_bytes() == after(marked).encode()
    assert periods(schedule) == tuple(period for period in old if period.name != "it")


NOT_CANCELLED = {
    "no such name": (NAMED, "it has no period named 'it'; its periods are 'one'"),
    "nearly": (NAMED.replace("one", "its"), "it has no period named 'it'; did you mean 'its'?"),
    "no name": ("periods: [{start: 2027-01-01}]", "it has no period named 'it'; none of its periods has a name"),
    "empty": ("", "it has no period named 'it'; it has none at all"),
    "many": (
        "periods:\n" + "".join(f"- {{name: n{number}, start: 2027-01-01}}\n" for number in range(15)),
        "its periods are 'n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9', and 5 more",
    ),
    "an anchor that others use": (
        "periods:\n- {name: it, start: &s 2027-01-01}\n- {start: *s}\n",
        "it can't be edited safely here, as the result would not mean what was asked; change it by hand",
    ),
    "behind something else": (
        "? periods\n: - name: it\n    start: 2027-01-01\n",
        "the period begins behind something else on its line; take it out by hand",
    ),
    "problems": ("periods:\n- {name: it, start: soon}\n", "it has problems already; correct these first\n"),
}


@pytest.mark.parametrize(("source", "reason"), NOT_CANCELLED.values(), ids=NOT_CANCELLED)
def test_where_a_period_cannot_be_cancelled_the_command_says_why_and_changes_nothing(
    schedule: Path, source: str, reason: str
) -> None:
    schedule.write_text(source)
    before = fingerprint(str(schedule))
    told = refusal("downtime_cancel", "it")
    assert told.startswith(f"{schedule} was not changed: ")
    assert reason in told
    assert fingerprint(str(schedule)) == before


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


@pytest.mark.parametrize("command", [("downtime_schedule", *NEW), ("downtime_cancel", "one")], ids=lambda args: args[0])
def test_a_file_with_problems_is_not_edited_and_they_are_shown(schedule: Path, command: tuple[str, ...]) -> None:
    schedule.write_text(NAMED + "  - start: soon\n" * 25)
    before = fingerprint(str(schedule))
    first, *lines = refusal(*command).splitlines()
    assert first == f"{schedule} was not changed: it has problems already; correct these first"
    assert lines[0].startswith(f"{schedule}:5: start is 'soon'; it must be")
    assert lines[20:] == ["and 5 more, which manage.py downtime_check lists"]
    assert fingerprint(str(schedule)) == before


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no UTF-8": (lambda path: path.write_bytes(b"caf\xe9"), "was not changed: it is not UTF-8 text; save it as UTF-8"),
    "a folder": (lambda path: path.mkdir(), "can't be read: Is a directory"),
    "a pipe": (lambda path: os.mkfifo(path), "can't be read: it is not a regular file"),
}


@pytest.mark.parametrize("command", [("downtime_schedule", *NEW), ("downtime_cancel", "one")], ids=lambda args: args[0])
@pytest.mark.parametrize(("make", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_an_error_in_a_sentence(
    schedule: Path, command: tuple[str, ...], make: Callable[[Path], object], reason: str
) -> None:
    make(schedule)
    assert refusal(*command) == f"{schedule} {reason}"


def test_a_missing_file_has_nothing_to_cancel(schedule: Path) -> None:
    assert refusal("downtime_cancel", "one") == f"{schedule} can't be read: No such file or directory"
    assert not schedule.exists()


def test_cancelling_an_active_period_says_that_the_site_is_up_or_why_not(
    schedule: Path, flag: Path, slept: list[float]
) -> None:
    schedule.write_text("periods:\n" + "".join(f"- {{name: {name}, start: 2020-01-01}}\n" for name in "abc"))
    assert run("downtime_cancel", "a").splitlines()[1:] == ["The site is still down, because of: b, c"]
    flag.touch()
    assert run("downtime_cancel", "b").splitlines()[1:] == [
        f"The site is still down, because of: flag {flag}, c",
    ]
    flag.unlink()
    assert slept == [2.05] * 2
    assert run("downtime_cancel", "c", "--no-wait").splitlines()[1:] == ["The site is up."]
    assert slept == [2.05] * 2
    assert not live.answer().active


# downtime_check


def exit_code(*arguments: str) -> Any:
    with pytest.raises(SystemExit) as caught:
        run("downtime_check", *arguments)
    return caught.value.code


def test_check_prints_each_problem_with_its_place_and_exits_with_1(
    schedule: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.core.management import call_command

    source = "periods:\n" + "  - start: soon\n" * 25 + "zone: x\n"
    (schedule.parent / "other.yml").write_text(source)
    monkeypatch.chdir(schedule.parent)
    with pytest.raises(SystemExit) as caught:
        call_command("downtime_check", "other.yml")
    assert caught.value.code == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 26
    assert all(
        re.match(rf"other\.yml:{number}: start is 'soon'; it must be", line)
        for number, line in enumerate(lines[:-1], 2)
    )
    assert lines[-1].startswith("other.yml:27: 'zone' is not a key of the schedule; did you mean timezone?")
    assert exit_code("other.yml") == 1


def test_check_prints_what_applies_when(schedule: Path) -> None:
    schedule.write_text(
        "periods:\n"
        "- {name: now, start: 2020-01-01, message: Soon., paths: [/a]}\n"
        "- {start: 2099-01-01, end: 2099-01-02, read_only: true}\n"
        "- {name: over, start: 2020-01-01, end: 2020-01-02}\n"
        "- {name: later, start: 2099-01-01, enabled: false}\n"
    )
    assert run("downtime_check").splitlines() == [
        f"{schedule} has no problem; it has 4 periods.",
        "Active now:",
        "  now: since 2020-01-01 00:00:00 CET, without a known end, only below /a: Soon.",
        "Coming:",
        "  the period on line 3: from 2099-01-01 00:00:00 CET to 2099-01-02 00:00:00 CET, reading passes",
    ]


def test_check_needs_no_setting_but_the_app(tmp_path: Path) -> None:
    """Not even where the schedule of the project is: CI and git hooks name the file."""
    (tmp_path / "bare.py").write_text("INSTALLED_APPS = ['downtime']\nUSE_TZ = True\n")
    (tmp_path / "sound.yml").write_text("timezone: UTC\nperiods: [{start: 2099-01-01, name: later}]\n")
    (tmp_path / "unsound.yml").write_text("timezone: UTC\nperiods:\n  - {start: 2099-01-01, name: 'no', end: never}\n")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bare", "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}

    def check(name: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "django", "downtime_check", name]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    sound, unsound = check("sound.yml"), check("unsound.yml")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert "  later: from 2098-12-31 18:00:00 CST without a known end\n" in sound.stdout
    assert (unsound.returncode, unsound.stderr) == (1, "")
    assert unsound.stdout.startswith("unsound.yml:3: end is 'never'; it must be an ISO 8601 date")


def test_check_of_an_empty_and_of_a_missing_schedule(schedule: Path, tmp_path: Path) -> None:
    assert run("downtime_check").splitlines()[0] == f"{schedule} is not there, which means no periods."
    schedule.touch()
    assert run("downtime_check", str(schedule)).splitlines() == [
        f"{schedule} has no problem; it has 0 periods.",
        "Nothing is active now, and nothing is coming.",
    ]
    assert refusal("downtime_check", str(tmp_path / "none")) == f"{tmp_path / 'none'} is not there; name a file that is"
