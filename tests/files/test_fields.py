from datetime import datetime, timedelta, timezone

import pytest

from downtime.files import fields, yaml_nodes
from downtime.files.fields import KEYS, Entry, Problem, Reader
from downtime.schedule import recurrence
from downtime.schedule.periods import ALWAYS, NEVER

START = datetime(2026, 12, 1, 2, tzinfo=timezone.utc)


def read(source: str, allowed: tuple[str, ...] = KEYS) -> tuple[Reader, dict[str, Entry]]:
    node = yaml_nodes.compose(source)
    assert node is not None
    reader = Reader(source)
    return reader, reader.entries(node, "a period", allowed)


def test_each_key_is_found_with_its_line() -> None:
    reader, found = read("name: a\n\nmessage:\n  b\n")
    assert {key: value.line for key, value in found.items()} == {"name": 1, "message": 3}
    assert not reader.problems


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("name: a\nmesage: b\n", 2, "'mesage' is not a key of a period; did you mean message?"),
        ("pathes: [/a]\n", 1, "'pathes' is not a key of a period; did you mean paths?"),
        ("Start: a\n", 1, "'Start' is not a key of a period; did you mean start?"),
        ("zzz: a\n", 1, f"'zzz' is not a key of a period; the keys are {', '.join(KEYS)}"),
        ("<<: {name: a}\n", 1, f"'<<' is not a key of a period; the keys are {', '.join(KEYS)}"),
        ("'': a\n", 1, f"empty is not a key of a period; the keys are {', '.join(KEYS)}"),
        ("? [a, b]\n: c\n", 1, f"a list is not a key of a period; the keys are {', '.join(KEYS)}"),
        ("? {name: b}\n: c\n", 1, f"a mapping is not a key of a period; the keys are {', '.join(KEYS)}"),
        ("name: a\nname: b\n", 2, "the key name appears twice, first on line 1; remove one of them"),
        ("name: a\nend: b\n'name': a\n", 3, "the key name appears twice, first on line 1; remove one of them"),
        ("a\n", 1, "a period is 'a'; it must be a mapping, a key and a value on each line"),
        ("- a\n", 1, "a period is a list; it must be a mapping, a key and a value on each line"),
        (
            "!!python/dict {}\n",
            1,
            "a period is something tagged 'tag:yaml.org,2002:python/dict'; "
            "it must be a mapping, a key and a value on each line",
        ),
    ],
)
def test_a_key_that_is_not_allowed_is_a_problem_with_its_line(source: str, line: int, message: str) -> None:
    assert read(source)[0].problems == [Problem(line, message)]


def test_a_key_of_another_place_is_refused_without_a_guess_at_what_was_meant() -> None:
    assert read("name: a\n", ("message", "paths"))[0].problems == [
        Problem(1, "'name' is not a key of a period; the keys are message, paths")
    ]


def test_of_a_key_that_is_there_twice_the_first_value_is_the_one_that_is_read_on() -> None:
    _, found = read("message: a\nmessage: b\n")
    assert yaml_nodes.text(found["message"].node) == "a"


def test_a_key_that_repeats_itself_for_ever_is_one_problem() -> None:
    assert len(read("? &a [*a, *a]\n: b\n")[0].problems) == 1


def test_an_alias_bomb_as_a_key_costs_nothing() -> None:
    bomb = "- &a0 [x, x]\n" + "".join(f"- &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 60))
    root = yaml_nodes.compose(f"{bomb}- *a59 : x\n")
    assert root is not None
    reader = Reader(bomb)
    reader.entries(root.value[-1], "a period", KEYS)
    assert [problem.message[:33] for problem in reader.problems] == ["a list is not a key of a period; "]


def test_the_plain_fields_are_read_and_the_wrong_ones_are_left_out() -> None:
    reader, found = read(
        "name: x\nenabled: false\nmessage: ' two  '\nredirect: /up/\nretry_after: 0\nread_only: true\n"
        "paths: [/a/, /b]\nstart: never read here\n"
    )
    assert reader.values(found) == {
        "name": "x",
        "enabled": False,
        "message": "two",
        "redirect": "/up/",
        "read_only": True,
        "paths": ("/a", "/b"),
    }
    assert [problem.line for problem in reader.problems] == [5]


def test_the_zone_is_that_of_the_mapping_or_the_default_or_unknown() -> None:
    reader, found = read("timezone: Europe/Berlin\n")
    assert str(reader.zone(found, timezone.utc)) == "Europe/Berlin"
    assert reader.zone({}, timezone.utc) is timezone.utc
    reader, found = read("timezone: Berlin\n")
    assert reader.zone(found, timezone.utc) is None
    assert reader.problems == [
        Problem(1, "timezone is 'Berlin'; it must be an IANA time zone name such as Europe/Berlin or UTC")
    ]


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ("name: x\n", NEVER),
        ("end: 2026-12-01 02:01\n", START + timedelta(minutes=1)),
        ("duration: 90m\n", START + timedelta(minutes=90)),
    ],
)
def test_the_end_is_set_by_end_or_duration_or_by_nothing(source: str, end: datetime) -> None:
    reader, found = read(source)
    assert reader.end(found, timezone.utc, START) == end
    assert not reader.problems


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("end: 2026-12-02\n\nduration: 1h\n", 3, "both end and duration are given; give only one of them"),
        ("end: 2026-12-01 02:00\n", 1, "end is '2026-12-01 02:00'; it must be a time after the start"),
        ("end: 2026-11-01\n", 1, "end is '2026-11-01'; it must be a time after the start"),
        ("end: soon\n", 1, "end is 'soon'; it must be an ISO 8601 date"),
        ("duration: long\n", 1, "duration is 'long'; it must be a duration such as"),
    ],
)
def test_a_wrong_end_is_a_problem_and_leaves_it_open(source: str, line: int, message: str) -> None:
    reader, found = read(source)
    assert reader.end(found, timezone.utc, START) == NEVER
    ((problem_line, problem_message),) = [(problem.line, problem.message) for problem in reader.problems]
    assert problem_line == line
    assert problem_message.startswith(message)


def test_a_duration_without_a_start_ends_never() -> None:
    reader, found = read("duration: 90m\n")
    assert reader.end(found, timezone.utc, ALWAYS) == NEVER


def test_problems_come_in_the_order_of_the_lines_however_they_were_met() -> None:
    reader, found = read("name: ''\nx: a\n")
    reader.values(found)
    assert [problem.line for problem in reader.problems] == [2, 1]
    assert [problem.line for problem in reader.problems_by_line()] == [1, 2]


def test_cron_without_cronsim_is_a_problem_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurrence, "is_available", False)
    reader, found = read("cron: '* * * * *'\n")
    assert reader.value(found["cron"], fields.convert_cron, "cron") is None
    assert reader.problems == [
        Problem(
            1,
            "cron is '* * * * *'; it needs the package cronsim; run pip install 'django-downtime[cron]', "
            "and restart the site",
        )
    ]


def test_what_aliases_repeat_is_read_as_long_as_it_is_no_more_than_a_part_of_the_text() -> None:
    shared = "- &paths [" + ", ".join(f"/{number}" for number in range(300)) + "]\n"
    source = shared + "- *paths\n" * 5_000
    root = yaml_nodes.compose(source)
    assert root is not None
    reader = Reader(source)
    all_values = [reader.values({"paths": Entry(yaml_nodes.line_of(node), node)}) for node in root.value]
    assert [bool(values) for values in all_values] == sorted((bool(values) for values in all_values), reverse=True)
    assert 50 < sum(map(bool, all_values)) < 5_000
    assert reader.problems[-1].message == (
        "paths is too long to read, as aliases repeat so much of the file; write it without aliases"
    )
    assert reader.is_full


def test_a_hundred_problems_are_told_and_the_rest_is_one_line() -> None:
    reader, _ = read("name: a\n" + "x: 1\n" * 100)
    assert not reader.is_full
    assert [problem.line for problem in reader.problems_by_line()] == [*range(2, 102)]
    reader.add_problem(7, "too much")
    assert reader.is_full
    *first, last = reader.problems_by_line()
    assert [problem.line for problem in first] == [*range(2, 102)]
    assert last == Problem(101, "there are more problems than these 100; reading stopped here")
    reader.add_problem(999, "far too much")
    assert reader.problems_by_line() == (*first, last)


def test_the_keys_of_a_mapping_are_not_read_on_when_there_are_too_many_problems() -> None:
    reader, found = read("x: 1\n" * 101 + "name: a\n")
    assert found == {}
    assert reader.problems_by_line()[-1].line == 101


def test_a_problem_is_told_on_one_line_whatever_the_file_and_its_path_hold() -> None:
    assert Problem(12, "a\x1b[2J\nb").located("::a\n\u202eb") == r"\x3a:a\n\u202eb:12: a\x1b[2J\nb"


@pytest.mark.parametrize("path", ["/srv/downtime.yml", "downtime.yml"])
def test_located(path: str) -> None:
    assert Problem(12, "wrong").located(path) == f"{path}:12: wrong"
