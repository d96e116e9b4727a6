import gc
import random
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import count
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from yaml.nodes import Node

from downtime.files.parser import Parsed, parse, parse_bytes, parse_with_nodes
from downtime.schedule.periods import ALWAYS, NEVER, Period, Schedule
from downtime.schedule.recurrence import Recurrence
from tests.support.examples import examples
from tests.support.schedules import SCHEDULES, before
from tests.support.texts import BERLIN


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def shown(parsed: Parsed) -> list[str]:
    return [f"{problem.line}: {problem.message}" for problem in parsed.problems]


def periods(source: str) -> tuple[Period, ...]:
    parsed = parse(source, BERLIN)
    assert not parsed.problems
    return parsed.schedule.periods


@pytest.mark.parametrize(
    "source", ["", "\n", "# nothing\n", "---\n", "~", "null\n", "periods:\n", "periods: []", "{}", "timezone: UTC\n"]
)
def test_nothing_means_no_periods(source: str) -> None:
    assert parse(source, BERLIN) == Parsed(Schedule(), ())


def test_every_key_is_read() -> None:
    source = """\
timezone: Europe/London
periods:
  - name: storage-upgrade
    start: 2026-12-01 02:00
    end: 2026-12-01 04:00:30
    message: We are moving to faster disks.
    enabled: false
    redirect: https://status.example.com/
    retry_after: 600
  - name: weekly-reindex
    cron: "30 3 * * SUN"
    duration: 45m
    timezone: America/New_York
    start: 2027-01-01
    end: 2027-06-30
    read_only: true
    paths: [/search, /catalogue/]
  - start: 2026-12-02T02:00+01:00
    duration: 1h30m
  - {start: 2026-12-03}
"""
    new_york = ZoneInfo("America/New_York")
    assert periods(source) == (
        Period(
            utc("2026-12-01 02:00"),
            utc("2026-12-01 04:00:30"),
            name="storage-upgrade",
            message="We are moving to faster disks.",
            enabled=False,
            redirect="https://status.example.com/",
            retry_after=600,
        ),
        Period(
            utc("2027-01-01 05:00"),
            utc("2027-06-30 04:00"),
            name="weekly-reindex",
            recurrence=Recurrence("30 3 * * SUN", new_york, timedelta(minutes=45)),
            read_only=True,
            paths=("/search", "/catalogue"),
        ),
        Period(utc("2026-12-02 01:00"), utc("2026-12-02 02:30")),
        Period(utc("2026-12-03 00:00")),
    )
    assert [period.line for period in periods(source)] == [3, 10, 18, 20]


def test_a_cron_period_needs_no_bounds() -> None:
    (period,) = periods("periods: [{cron: '0 2 * * *', duration: 1h}]")
    assert (period.start, period.end) == (ALWAYS, NEVER)
    assert period.recurrence == Recurrence("0 2 * * *", BERLIN, timedelta(hours=1))


@pytest.mark.parametrize(
    ("head", "rest", "zone", "start"),
    [
        ("", "", "Europe/Berlin", "2026-12-01 01:00"),
        ("timezone: America/New_York\n", "", "America/New_York", "2026-12-01 07:00"),
        ("timezone: America/New_York\n", ", timezone: UTC", "UTC", "2026-12-01 02:00"),
        ("", ", timezone: America/New_York", "America/New_York", "2026-12-01 07:00"),
    ],
    ids=["the project's", "the file's", "the period's over the file's", "the period's"],
)
def test_a_local_time_is_read_in_the_nearest_zone(head: str, rest: str, zone: str, start: str) -> None:
    period = periods(f"{head}periods: [{{start: 2026-12-01 02:00{rest}}}]")[0]
    assert (period.start, str(period.zone)) == (utc(start), zone)


@pytest.mark.parametrize(
    ("zone", "local", "start", "end"),
    [
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30", "2026-10-25 01:30"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30", "2026-11-01 06:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45", "2026-04-04 15:15"),
    ],
)
def test_in_a_repeated_hour_a_period_starts_at_the_first_and_ends_at_the_second(
    zone: str, local: str, start: str, end: str
) -> None:
    (period,) = periods(f"timezone: {zone}\nperiods: [{{start: {local}, end: {local}}}]")
    assert (period.start, period.end) == (utc(start), utc(end))


@pytest.mark.parametrize("key", ["start", "end"])
@pytest.mark.parametrize(
    ("zone", "local", "nearest"),
    [
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:59 and 2026-03-29 03:00"),
        ("America/New_York", "2026-03-08 02:00", "2026-03-08 01:59 and 2026-03-08 03:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-04 01:59 and 2026-10-04 02:30"),
    ],
)
def test_a_skipped_time_is_a_problem_that_names_the_two_nearest(zone: str, local: str, nearest: str, key: str) -> None:
    other = {"start": "end: 2026-12-24", "end": "start: 2026-01-01"}[key]
    parsed = parse(f"timezone: {zone}\nperiods:\n- {other}\n  {key}: {local}\n", BERLIN)
    assert shown(parsed) == [f"4: {key} is '{local}'; the clocks of {zone} skip that time; the nearest are {nearest}"]
    assert not parsed.schedule.periods


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"], ids=ascii)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_line_breaks_and_a_byte_order_mark_change_nothing(line_break: str, mark: str) -> None:
    source = "periods:\n  - start: 2026-12-01 02:00\n    end: 2026-12-01 04:00\n    x: 1\n  - start: 2026-12-24\n"
    parsed = parse(mark + source.replace("\n", line_break), BERLIN)
    assert [period.start for period in parsed.schedule.periods] == [utc("2026-12-23 23:00")]
    assert [problem.line for problem in parsed.problems] == [4]


BAD_ROOTS = {
    "a list": ("- start: 2026-12-01\n", 1, "the schedule is a list; it must be a mapping"),
    "a text": ("down\n", 1, "the schedule is 'down'; it must be a mapping"),
    "unknown key": ("\nperiod: []\n", 2, "'period' is not a key of the schedule; did you mean periods?"),
    "periods twice": ("periods: []\nperiods: []\n", 2, "the key periods appears twice, first on line 1; remove one"),
    "periods is a mapping": ("\nperiods: {}\n", 2, "periods is a mapping; it must be a list"),
    "periods is a text": ("periods: none\n", 1, "periods is 'none'; it must be a list"),
    "bad zone": ("timezone: CEST\n", 1, "timezone is 'CEST'; it must be an IANA time zone name"),
    "zone is a list": ("timezone: [UTC]\n", 1, "timezone is a list; it must be text"),
    "two documents": ("periods: []\n---\nperiods: []\n", 2, "it is not valid YAML: expected a single document"),
    "no YAML": ("periods:\n  - start: [\n", 2, "it is not valid YAML"),
    "deep": ("periods: [[[[[[[[[[", 1, "it is not valid YAML: it is nested deeper than a schedule can be"),
    "tagged": ("!!python/object:os.x {}", 1, "the schedule is something tagged 'tag:yaml.org,2002:python/object:os.x'"),
}


@pytest.mark.parametrize(("source", "line", "message"), BAD_ROOTS.values(), ids=BAD_ROOTS)
def test_a_wrong_file_is_one_problem_with_its_line(source: str, line: int, message: str) -> None:
    (problem,) = parse(source, BERLIN).problems
    assert problem.line == line
    assert problem.message.startswith(message)


# Each stands on line 5 of a period that is sound otherwise.
BAD_VALUES = {
    "name: ''": "name is empty; it must be one line of 1 to 100 printable characters",
    "name: [a]": "name is a list; it must be text",
    "name:": "name is empty; give it a value, or leave the key out",
    "name: no": "name is 'no'; YAML does not read that as text; write it in quotes: 'no'",
    'name: "a\\nb"': "name is 'a\\nb'; it must be one line of 1 to 100 printable characters",
    "start: soon": "start is 'soon'; it must be an ISO 8601 date or date and time, such as 2026-12-01",
    "start: 22:00": "start is '22:00'; it must be an ISO 8601 date or date and time, such as 2026-12-01",
    "start: 2026-02-30": "start is '2026-02-30'; there is no such time: day is out of range for month",
    "start: {a: b}": "start is a mapping; it must be text",
    "start: ~": "start is '~'; give it a value, or leave the key out",
    "start: 9990-01-01": "start is '9990-01-01'; its year must be 1970 to 9900",
    "end: later": "end is 'later'; it must be an ISO 8601 date or date and time, such as 2026-12-01",
    "end: 2026-12-01": "end is '2026-12-01'; it must be a time after the start",
    "duration: 2": "duration is '2'; it must be a duration such as 90m, 2h, 1h30m or 1d, up to 3660d",
    "duration: 0m": "duration is '0m'; it must be a duration such as 90m, 2h, 1h30m or 1d, up to 3660d",
    "duration: [2h]": "duration is a list; it must be text",
    "timezone: Mars/Olympus": "timezone is 'Mars/Olympus'; it must be an IANA time zone name such as Europe/Berlin",
    "enabled: yes": "enabled is 'yes'; it must be true or false",
    "enabled: 'true'": "enabled is 'true'; it must be true or false",
    "enabled: 1": "enabled is '1'; it must be true or false",
    "enabled:": "enabled is empty; it must be true or false",
    "message: [a]": "message is a list; it must be text",
    "message: off": "message is 'off'; YAML does not read that as text; write it in quotes: 'off'",
    "message: !!binary aGk=": "message is something tagged 'tag:yaml.org,2002:binary'; it must be text",
    "redirect: upgrade": "redirect is 'upgrade'; it must be a URL such as https://status.example.com/",
    "redirect: javascript:x": "redirect is 'javascript:x'; it must be a URL such as https://status.example.com/",
    "retry_after: 0": "retry_after is '0'; it must be a whole number of seconds from 1 to 999999999, such as 600",
    "retry_after: 10m": "retry_after is '10m'; it must be a whole number of seconds from 1 to 999999999, such as 600",
    "retry_after: 1.5": "retry_after is '1.5'; it must be a whole number of seconds from 1 to 999999999, such as 600",
    "read_only: on": "read_only is 'on'; it must be true or false",
    "paths: /search": "paths is '/search'; it must be a list of path prefixes, such as [/search, /catalogue]",
    "paths: []": "paths is a list; name at least one path prefix, or leave the key out to cover the whole site",
    "paths: [search]": "paths is a list; one of its entries is 'search'; it must be a path prefix such as /search",
    "paths: [/a, '/b*']": "paths is a list; one of its entries is '/b*'; it must be a path prefix such as /search",
    "paths: [[/a]]": "paths is a list; one of its entries is a list; it must be text",
    "paths: [/a, ~]": "paths is a list; one of its entries is '~'; give it a value, or leave the key out",
    "mesage: a": "'mesage' is not a key of a period; did you mean message?",
    "until: a": "'until' is not a key of a period; did you mean end?",
    "finish: a": "'finish' is not a key of a period; the keys are name, start, end, duration, cron, timezone, enabled,",
}


@pytest.mark.parametrize("line", BAD_VALUES)
def test_a_wrong_value_is_a_problem_with_its_line_and_what_is_allowed(line: str) -> None:
    first = "message: b" if line.startswith("start") else "start: 2026-12-01 02:00+01:00"
    parsed = parse(f"periods:\n  - start: 2026-12-24\n\n  - {first}\n    {line}\n", BERLIN)
    assert [problem.line for problem in parsed.problems][:1] == [5]
    assert parsed.problems[0].message.startswith(BAD_VALUES[line])
    assert len(parsed.problems) == 1
    assert [period.line for period in parsed.schedule.periods] == [2]


BAD_CRONS = {
    "no duration": ("cron: '0 2 * * *'", ["4: a period with cron needs a duration, such as 45m"]),
    "an end is no duration": (
        "cron: '0 2 * * *'\n    end: 2027-01-01",
        ["4: a period with cron needs a duration, such as 45m"],
    ),
    "both wrong": (
        "duration: x\n    cron: x",
        [
            "4: duration is 'x'; it must be a duration such as 90m, 2h, 1h30m or 1d, up to 3660d",
            "5: cron is 'x'; it must be five cron fields such as '30 3 * * SUN' (minute, hour, day, month, weekday)",
        ],
    ),
    "empty": (
        "cron:\n    duration: 1h",
        ["4: cron is empty; give it a value, or leave the key out"],
    ),
    "bad zone": (
        "cron: '0 2 * * *'\n    duration: 1h\n    timezone: x",
        ["6: timezone is 'x'; it must be an IANA time zone name such as Europe/Berlin or UTC"],
    ),
    "bounds the wrong way round": (
        "cron: '0 2 * * *'\n    duration: 1h\n    start: 2027-01-02\n    end: 2027-01-01",
        ["7: end is '2027-01-01'; it must be a time after the start"],
    ),
}


@pytest.mark.parametrize(("lines", "problems"), BAD_CRONS.values(), ids=BAD_CRONS)
def test_a_wrong_cron_period_is_a_problem(lines: str, problems: list[str]) -> None:
    parsed = parse(f"periods:\n  - name: a\n    message: b\n    {lines}\n", BERLIN)
    assert shown(parsed) == problems
    assert not parsed.schedule.periods


def test_a_period_needs_a_start_or_cron() -> None:
    assert shown(parse("periods:\n\n  - message: a\n    end: 2027-01-01\n", BERLIN)) == [
        "3: a period needs a start, or cron with a duration"
    ]


def test_end_and_duration_exclude_each_other() -> None:
    assert shown(parse("periods:\n- start: 2026-12-01\n  end: 2026-12-02\n  duration: 1d\n", BERLIN)) == [
        "4: both end and duration are given; give only one of them"
    ]


def test_a_name_is_taken_once_and_the_first_period_keeps_it() -> None:
    source = "".join(f"- {{start: 2026-12-0{day}, name: {name}}}\n" for day, name in enumerate("abaab", 1))
    parsed = parse("periods:\n" + source, BERLIN)
    assert shown(parsed) == [
        "4: the name 'a' is taken by the period on line 2; choose another",
        "5: the name 'a' is taken by the period on line 2; choose another",
        "6: the name 'b' is taken by the period on line 3; choose another",
    ]
    assert [period.line for period in parsed.schedule.periods] == [2, 3]


def test_periods_without_a_name_do_not_meet() -> None:
    assert len(periods("periods: [{start: 2026-12-01}, {start: 2026-12-01}]")) == 2


def test_every_problem_is_told_in_the_order_of_the_lines_and_the_sound_periods_stay() -> None:
    source = """\
timezone: UTC
periods:
  - {start: 2026-12-01, name: good}
  - start: 2026-12-02
    x: 1
    retry_after: -1
  - start: 2026-12-03
  - nothing
  - {start: 2026-12-04, name: good}
oops: 1
"""
    parsed = parse(source, BERLIN)
    assert [problem.line for problem in parsed.problems] == [5, 6, 8, 9, 10]
    assert [period.line for period in parsed.schedule.periods] == [3, 7]


def test_a_wrong_zone_of_the_file_leaves_the_times_that_have_an_offset() -> None:
    parsed = parse("timezone: x\nperiods:\n- start: 2026-12-01\n- start: 2026-12-01 02:00Z\n", BERLIN)
    assert [problem.line for problem in parsed.problems] == [1, 3]
    assert [period.line for period in parsed.schedule.periods] == [4]


def test_an_alias_means_what_it_stands_for() -> None:
    source = "periods: [{start: &s 2026-12-01, paths: &p [/a]}, {start: *s, paths: *p, read_only: true}]"
    first, second = periods(source)
    assert (first.start, first.paths) == (second.start, second.paths)


def test_each_period_comes_with_the_mapping_that_it_was_read_from() -> None:
    source = "periods:\n- {start: 2026-12-01}\n- {start: x}\n- {start: 2026-12-03}\n"
    parsed, nodes = parse_with_nodes(source, BERLIN)
    assert (
        [node.start_mark.line + 1 for node in nodes.periods]
        == [period.line for period in parsed.schedule.periods]
        == [2, 4]
    )


ONE, TWO, THREE = (f"{{start: 2026-12-0{day}}}" for day in (1, 2, 3))
UNUSUAL = {
    **{name: before(text) for name, text in SCHEDULES.items()},
    "the zone above": f"timezone: Asia/Tokyo\nperiods: [{ONE}, {TWO}, {THREE}]\n",
    "the zone below": f"periods: [{ONE}, {TWO}, {THREE}]\ntimezone: Asia/Tokyo\n",
    "the zone on both sides": f"timezone: Asia/Tokyo\nperiods: [{ONE}, {{start: x}}]\ntimezone: UTC\n",
    "a wrong zone below": f"periods: [{ONE}, {{start: 2026-12-02 02:00Z}}, {THREE}]\ntimezone: x\n",
    "the same zone below": f"periods: [{ONE}, {TWO}]\ntimezone: Europe/Berlin\n",
    "two lists": f"periods: [{ONE}, {TWO}]\nperiods: [{TWO}, {THREE}]\n",
    "another list": f"oops: [{ONE}, {TWO}]\nperiods: [{TWO}, {THREE}]\n",
    "a list as the zone": f"timezone: [{ONE}, {TWO}]\nperiods: [{THREE}, {{}}]\n",
    "a list as a key": f"? [{ONE}, {TWO}]\n: x\nperiods: [{THREE}, {{}}]\n",
    "a list of lists": f"periods: [[{ONE}, {TWO}], {TWO}, {THREE}]\n",
    "a list as the root": f"- {ONE}\n- {TWO}\n- {THREE}\n",
    "lists in a mapping": f"periods: {{periods: [{ONE}, {TWO}]}}\n",
    "too many problems": "periods:\n" + f"- {ONE}\n- {{start: x}}\n- {{}}\n" * 60,
    "too many problems at the root": "oops: 1\n" * 101 + f"periods: [{ONE}, {TWO}]\n",
    "too many problems, and another zone": "periods:\n" + f"- {{start: x}}\n- {ONE}\n" * 101 + "timezone: UTC\n",
    "names that are taken": "periods:\n" + "- {start: 2026-12-01, name: a}\n- {start: 2026-12-02, name: b}\n" * 3,
    "aliases": f"periods: [&a {ONE}, *a, {{start: 2026-12-02, paths: &p [/a]}}, {{start: 2026-12-03, paths: *p}}]\n",
    "no YAML at its end": f"periods:\n- {ONE}\n- {TWO}\n- {{start: \n",
    "two documents": f"periods: [{ONE}, {TWO}]\n---\nperiods: []\n",
    "an alias of nothing": f"periods: [{ONE}, {TWO}, *a]\n",
}


@pytest.mark.parametrize("source", UNUSUAL.values(), ids=UNUSUAL)
def test_periods_that_are_read_one_by_one_are_those_that_are_read_as_a_whole(source: str) -> None:
    one_by_one, (whole, _) = parse(source, BERLIN), parse_with_nodes(source, BERLIN)
    assert one_by_one == whole
    assert [(period.line, period.zone) for period in one_by_one.schedule.periods] == [
        (period.line, period.zone) for period in whole.schedule.periods
    ]


@pytest.mark.parametrize("anchor", ["", "&a "], ids=["one by one", "as a whole"])
def test_whoever_reads_beside_others_pauses_after_each_period(anchor: str) -> None:
    pauses: list[None] = []
    source = f"periods:\n- {anchor}{{start: 2026-12-01}}\n" + "- {start: 2026-12-02}\n" * 98 + "- {start: x}\n"
    assert len(parse(source, BERLIN, pause=lambda: pauses.append(None)).schedule.periods) == 99
    assert len(pauses) >= 100


def test_the_nodes_of_a_long_schedule_are_never_held_at_once() -> None:
    source = "periods:\n" + "- {start: 2026-12-01, end: 2026-12-02}\n" * 2_000
    held, pauses = [nodes_held()], count()
    parse(source, BERLIN, pause=lambda: next(pauses) % 500 == 499 and held.append(nodes_held()))
    assert len(held) >= 4
    assert max(held) < held[0] + 200


def nodes_held() -> int:
    return sum(isinstance(item, Node) for item in gc.get_objects())


def calls_to_parse(source: str) -> int:
    """How many functions are called to parse it, those written in C included."""
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        parse(source, BERLIN)
    finally:
        sys.setprofile(before)
    return count


SHAPES: dict[str, Callable[[int], str]] = {
    "periods": lambda n: "periods:\n" + "- {start: 2026-12-01, end: 2026-12-02}\n" * n,
    "one name": lambda n: "periods:\n" + "- {start: 2026-12-01, name: a}\n" * n,
    "one key": lambda n: "timezone: UTC\n" * n,
    "unknown keys": lambda n: "".join(f"period{i}: 1\n" for i in range(n)),
    "paths": lambda n: f"periods: [{{start: 2026-12-01, paths: [{'/a,' * n}]}}]",
    "wrong paths": lambda n: f"periods: [{{start: 2026-12-01, paths: [{'/a,' * n} b]}}]",
    "no mappings": lambda n: f"periods: [{'a,' * n}]",
    "a mapping under aliases": lambda n: f"periods: [&a {{start: 2026-12-01}}{', *a' * n}]",
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_cost_grows_no_faster_than_the_text(shape: Callable[[int], str]) -> None:
    assert calls_to_parse(shape(800)) < 4.4 * calls_to_parse(shape(200))


ALIASED: dict[str, Callable[[int], str]] = {
    "long lists": lambda n: (
        f"- {{start: 2026-12-01, paths: &a [{'/a,' * n}]}}\n" + "- {start: 2026-12-01, paths: *a}\n" * n
    ),
    "wrong lists": lambda n: (
        f"- {{start: 2026-12-01, paths: &a [{'/a,' * n} b]}}\n" + "- {start: 2026-12-01, paths: *a}\n" * n
    ),
    "wide mappings": lambda n: f"- &a {{{','.join(f'k{i}: 1' for i in range(n))}}}\n" + "- *a\n" * n,
    "lists of long texts": lambda n: f"- {{start: 2026-12-01, message: &a '/{'a' * n}', paths: [{'*a,' * n}]}}\n",
    "bombs": lambda n: "- &a0 [/a]\n" + "".join(f"- &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, n)),
}


@pytest.mark.parametrize("shape", ALIASED.values(), ids=ALIASED)
def test_what_aliases_repeat_costs_no_more_than_in_proportion_to_the_text(shape: Callable[[int], str]) -> None:
    source = "periods:\n" + shape(1_000)
    assert calls_to_parse(source) < 50 * len(source) + 200_000


def test_a_plain_schedule_is_never_too_much_to_read() -> None:
    letters = random.Random(2).choices("&*abc", k=50_000)
    source = yaml.safe_dump(
        {"periods": [{"start": "2026-12-01", "message": "".join(letters), "paths": [f"/&{i}" for i in range(20_000)]}]}
    )
    assert len(periods(source)[0].paths) == 20_000


def test_reading_stops_at_a_hundred_problems_and_says_so() -> None:
    source = "periods:\n- start: 2026-12-01\n" + "- start: soon\n" * 101 + "- start: 2026-12-02\n"
    parsed = parse(source, BERLIN)
    assert [problem.line for problem in parsed.problems] == [*range(3, 103), 103]
    assert shown(parsed)[-1] == "103: there are more problems than these 100; reading stopped here"
    assert [period.line for period in parsed.schedule.periods] == [2]


def test_so_many_names_that_are_taken_are_too_many_problems_too() -> None:
    parsed = parse("periods:\n" + "- {start: 2026-12-01, name: a}\n" * 300, BERLIN)
    assert len(parsed.problems) == 101
    assert len(parsed.schedule.periods) == 1


def filled(size: int, head: str, unit: Callable[[int], str] | str, tail: str = "") -> bytes:
    """As many units between the head and the tail as make up so many bytes."""
    parts, length = [head], len((head + tail).encode())
    while length < size:
        part = unit if isinstance(unit, str) else unit(len(parts))
        parts.append(part)
        length += len(part.encode())
    return "".join([*parts, tail]).encode()


LIST = "periods:\n"
STRAY: dict[str, tuple[str, Callable[[int], str] | str, str]] = {
    "one unknown key": (LIST, "- a: 1\n", ""),
    "unknown keys": (LIST, lambda i: f"- abcdefgh{i}: x\n", ""),
    "keys of the root": ("", lambda i: f"k{i}: 1\n", ""),
    "one key of the root": ("", "timezone: UTC\n", ""),
    "texts": (LIST, "- a\n", ""),
    "nothing": (LIST, "-\n", ""),
    "empty lists": (LIST, "- []\n", ""),
    "empty mappings": (LIST, "- {}\n", ""),
    "a flow mapping": (LIST + "- {", "a,", "}"),
    "a flow list": ("[", "a,", "]"),
    "a list of lists": ("[", "[],", "]"),
    "deep lists": (LIST + "- {start: 2026-12-01, paths: [", "[[[a]]],", "]}"),
    "a list as a message": (LIST + "- {start: 2026-12-01, message: [", "abcd,", "]}"),
    "wrong starts": (LIST, "- start: x\n", ""),
    "longer wrong starts": (LIST, "- start: abcdefg\n", ""),
    "one name": (LIST, "- {start: 2026-12-01, name: a}\n", ""),
    "aliases": (LIST + "- &a {start: 2026-12-01}\n", "- *a\n", ""),
    "aliases in flow style": ("periods: [&a {start: 2026-12-01}", ",*a", "]"),
    "aliased paths": (
        LIST + "- {start: 2026-12-01, paths: &p [/a, /b]}\n",
        "- {start: 2026-12-01, paths: *p}\n",
        "",
    ),
    "anchors": ("[", lambda i: f"&a{i},", "]"),
    "tags": (LIST, lambda i: f"- !t{i} x\n", ""),
    "cron expressions": (LIST, lambda i: f"- {{cron: '{i % 60} {i % 24} */29 2 MON#5', duration: 1m}}\n", ""),
    "line breaks": ("", "\n", ""),
    "carriage returns, and no end": ("[", "a\r", ""),
    "directives": ("", "%\n", ""),
    "directives behind carriage returns": ("", "\r%", ""),
    "a quoted text": ("'", "a\n", "'"),
    "a text of many lines": ("a: |\n", " a\n", ""),
    "one wide character": ("🚧", "a", ""),
    "redirects": (LIST, lambda i: f"- {{start: 2026-12-01, redirect: /{i}{'a' * 9_000}}}\n", ""),
    "documents": ("", "---\n", ""),
    "no UTF-8 at its end": ("", "a\n", "\ufeff"),
    "NUL at its end": ("", "a\n", "\0"),
}
SOUND = (LIST, "- {start: 2026-12-01, end: 2026-12-02}\n", "")
# Not read one by one, which takes half of the time and of the memory.
WHOLE = ("periods: &list\n", *SOUND[1:])


def memory(content: bytes) -> tuple[int, int]:
    """The peak of the memory that reading takes, and how much of it is kept with what was read, in bytes."""
    gc.collect()
    tracemalloc.start()
    try:
        parsed = parse_bytes(content, BERLIN)
        gc.collect()
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert parsed
    return peak, kept


@pytest.mark.system
@pytest.mark.parametrize("stray", STRAY.values(), ids=STRAY)
def test_a_stray_file_takes_at_most_twice_the_memory_of_a_schedule_of_its_size_that_is_read_as_a_whole(
    stray: tuple[str, Callable[[int], str] | str, str],
) -> None:
    memory(filled(40_000, *stray))  # what is remembered between files is no cost of the next one
    peak, kept = memory(filled(40_000, *stray))
    sound_peak, sound_kept = memory(filled(40_000, *WHOLE))
    assert peak <= 2 * sound_peak
    assert kept <= 2 * sound_kept


def seconds(content: bytes) -> float:
    """The least time on the processor of two readings."""
    gc.collect()
    times = []
    for _ in range(2):
        before = time.process_time()
        parse_bytes(content, BERLIN)
        times.append(time.process_time() - before)
    return min(times)


@pytest.mark.system
@pytest.mark.parametrize("stray", STRAY.values(), ids=STRAY)
def test_a_stray_file_takes_at_most_four_times_as_long_as_a_schedule_of_its_size_that_is_read_as_a_whole(
    stray: tuple[str, Callable[[int], str] | str, str],
) -> None:
    assert seconds(filled(100_000, *stray)) <= 4 * seconds(filled(100_000, *WHOLE))


def assert_is_sound(parsed: Parsed, source: str) -> None:
    lines = max(1, len(source.splitlines()))
    assert all(1 <= problem.line <= lines and problem.message for problem in parsed.problems)
    assert list(parsed.problems) == sorted(parsed.problems, key=lambda problem: problem.line)
    names = [period.name for period in parsed.schedule.periods if period.name]
    assert len(names) == len(set(names))
    for period in parsed.schedule.periods:
        assert period.start < period.end
        assert period.recurrence or period.start != ALWAYS
    now = utc("2026-12-01 02:00")
    assert parsed.schedule.at(now).until > now
    parsed.schedule.upcoming(now)


@examples(500)
@given(st.text())
def test_any_text_is_read_without_an_error(source: str) -> None:
    assert_is_sound(parse(source, BERLIN), source)


KEYS = "timezone periods name start end duration cron enabled message redirect retry_after read_only paths x"
SCALARS = """
2026-12-01|2026-12-01 02:00|2026-10-25T02:30|2026-03-29T02:30|2026-12-01T02:00+01:00|9900-12-31|1970-01-01|22:00|3660d
45m|0m|0 2 * * *|*/5 * * * *|0 0 29 2 */7|0 0 */29 2 MON#5|UTC|Europe/Berlin|Berlin|true|false|yes|~|600|/a|/b/|ü|🚧
"""
SIGNS = "& &a *a << !!str !!python/object:x ! % %YAML @ ` >- ? - : , [ ] { } ' \" # --- ... [/a] \\ \t \0 \x85 \u2028"
LAYOUT = ["- ", "  ", "\n", "\n  ", "\n- ", "\n  - ", ": ", ": ", ", ", "|\n", "periods:\n- start: "]
KEY = st.sampled_from(KEYS.split())
SCALAR = st.sampled_from(SCALARS.strip().replace("\n", "|").split("|"))
SIGN = st.sampled_from([*SIGNS.split(" "), *LAYOUT])
YAML_ISH = st.lists(KEY | SCALAR | SIGN | SIGN).map("".join)


@examples(1500, suppress_health_check=[HealthCheck.too_slow])
@given(YAML_ISH)
def test_any_text_that_looks_like_yaml_is_read_without_an_error(source: str) -> None:
    assert_is_sound(parse(source, BERLIN), source)


TEXT = SCALAR | st.text(max_size=8)
VALUE = TEXT | st.lists(TEXT, max_size=3) | st.dictionaries(KEY, TEXT, max_size=3)
DOCUMENT = st.fixed_dictionaries({"periods": st.lists(st.dictionaries(KEY, VALUE, max_size=6), max_size=4)})


@examples(500, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENT)
def test_any_document_of_right_and_wrong_values_is_read_without_an_error(document: object) -> None:
    source = yaml.safe_dump(document, allow_unicode=True)
    assert_is_sound(parse(source, BERLIN), source)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.none() | st.integers(1, 10**6)), max_size=20))
def test_fixed_periods_are_read_back_as_they_were_written(written: list[tuple[int, int | None]]) -> None:
    base = utc("2026-01-01 00:00")
    expected = []
    source = "periods:\n"
    for start, length in written:
        begin = base + timedelta(seconds=start)
        end = NEVER if length is None else begin + timedelta(seconds=length)
        expected.append(Period(begin, end))
        source += f"- start: {begin.isoformat(' ')}\n"
        source += f"  end: {end.astimezone(ZoneInfo('Asia/Kolkata')).isoformat()}\n" if length else ""
    assert list(periods(source)) == expected
