"""The JSON Schema of downtime.yml takes what the parser takes, and refuses what that refuses.

Each text is read twice: by the parser, from the nodes of PyYAML, and as an editor does, by the core schema of YAML 1.2,
in which `no` and 2026-12-01 are texts and 600 is a number. What an editor can't read at all counts as refused."""

import random
import re
from collections.abc import Iterator
from zoneinfo import available_timezones

import pytest
import yaml
from hypothesis import HealthCheck, given
from jsonschema import Draft202012Validator

from downtime.edits.head import FIRST_LINE, SCHEMA_URL
from downtime.files.fields import KEYS
from downtime.files.parser import parse_bytes
from tests.files import test_parser
from tests.fuzz import schedule_text, texts
from tests.project.test_sample_config import SCHEDULE, UNCOMMENTED
from tests.support.editor_view import SCHEMA, VALIDATOR, complaints
from tests.support.examples import examples
from tests.support.readme import of_kind
from tests.support.schedules import SCHEDULES, after, before
from tests.support.texts import BERLIN

PERIOD = SCHEMA["$defs"]["period"]["properties"]
FIRST = "periods:\n- start: 2026-12-01\n  "

# What no schema can say: how the parser words it, and a text of which that is all that is wrong.
BEYOND = {
    "whether a name is taken": (
        r"the name .* is taken by the period on line \d+",
        "periods: [{start: 2026-12-01, name: a}, {start: 2026-12-02, name: a}]",
    ),
    "which characters can be printed": (
        r"name is '.*\\[xuU][0-9a-f]+.*'; it must be one line of 1 to 100 printable characters",
        f'{FIRST}name: "a\\u200bb"',
    ),
    "how long a number is": (
        r"name is '\d{57}\.\.\.'; it must be one line of 1 to 100 printable characters",
        f"{FIRST}name: {'1' * 101}",
    ),
    "if the start comes first": (
        r"end is .*; it must be a time after the start",
        f"{FIRST}end: 2026-11-30",
    ),
    "how many days a month has": (
        r"(start|end) is .*; there is no such time: day is out of range for month",
        "periods: [{start: 2026-02-30}]",
    ),
    "which times a clock change skips": (
        r"(start|end) is .*; the clocks of \S+ skip that time",
        "periods: [{start: 2026-03-29 02:30}]",
    ),
    "which time zones there are": (
        r"timezone is '[\w/+-]+'; it must be an IANA time zone name",
        "timezone: Mars/Olympus",
    ),
    "the zone of a time, if there is none": (
        r"(start|end) is .*; it has no offset, and its time zone is not known",
        "timezone: Mars/Olympus\nperiods: [{start: 2026-12-01}]",
    ),
    "what the parts of a duration add up to": (
        r"duration is '(?=.*[1-9])(\d+d)?(\d+h)?(\d+m)?(\d+s)?'; it must be a duration .* up to 3660d",
        f"{FIRST}duration: 3660d1s",
    ),
    "what a field of cron may hold": (
        r"cron is .*; Bad (minute|hour|day-of-month|month|day-of-week); it must be five cron fields",
        "periods: [{cron: '61 3 * * SUN', duration: 45m}]",
    ),
    "that cron never happens": (
        r"cron is .*; it does not occur within 50 years",
        "periods: [{cron: '0 0 */29 2 MON#5', duration: 45m}]",
    ),
    "what the host of a URL may hold": (
        r"redirect is 'https?://[^']*(\[|\]|[^\x00-\x7f])[^']*'; it must be a URL",
        f"{FIRST}redirect: 'https://[::1/'",
    ),
    "that a word has no quotes": (
        r"\w+ is '(?i:yes|no|on|off)'; YAML does not read that as text; write it in quotes",
        f"{FIRST}message: no",
    ),
    "how a number is spelled": (
        r"retry_after is '(?![1-9]\d*')[-+.\w]+'; it must be a whole number",
        f"{FIRST}retry_after: 6e2",
    ),
    "that a value is tagged": (
        r"\S.* is something tagged 'tag:yaml\.org,2002:",
        f"{FIRST}retry_after: !!int 600",
    ),
    "how much aliases repeat": (
        r"[\w ]+ is too long to read, as aliases repeat so much of the file",
        f"periods:\n- &a {{start: 2026-12-01, message: {'a' * 1_000_000}}}\n" + "- *a\n" * 100,
    ),
    "how many entries there are": (
        r"it is not valid YAML: it has more than [\d,]+ entries",
        f"periods: [{{start: 2026-12-01, paths: [{'/,' * 5_000} /]}}]",
    ),
    "that a line begins with a byte order mark": (
        r"a byte order mark begins the line; remove it",
        "periods:\n\ufeff- start: 2026-12-01",
    ),
}
# What the parser takes although an editor sees something else in it.
LENIENT = {
    "a truth in any case": (
        r"(?:enabled|read_only): +(?!true|True|TRUE|false|False|FALSE)(?i:true|false)\b",
        f"{FIRST}enabled: fALSE",
    ),
    "nothing with a tag": (r"(?:^|[\s\ufeff])!\S*\s*(?:#|$)", "periods: !!str # nothing"),
}


def problems(text: str) -> list[str]:
    return [problem.message for problem in parse_bytes(text.encode("utf-8", "surrogatepass"), BERLIN).problems]


def assert_agrees(text: str) -> None:
    """The schema takes the text if the parser does, and else refuses it too, unless no schema could know why."""
    found, complained = problems(text), complaints(text)
    if not found:
        assert not complained or any(re.search(pattern, text) for pattern, _ in LENIENT.values()), (complained, text)
    elif not complained:
        unknown = [one for one in found if not any(re.match(pattern, one) for pattern, _ in BEYOND.values())]
        assert not unknown, (unknown, text)


def test_the_schema_is_one_and_has_the_address_that_the_commands_and_the_sample_name() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == SCHEMA_URL
    assert SCHEDULE.startswith(f"{FIRST_LINE}\n")


def test_it_knows_the_keys_of_the_parser_in_their_order() -> None:
    assert tuple(PERIOD) == KEYS
    assert problems("x: 1") == [f"'x' is not a key of the schedule; the keys are {', '.join(SCHEMA['properties'])}"]


@pytest.mark.parametrize("key", [*SCHEMA["properties"], *PERIOD])
def test_each_key_is_described_and_has_examples_that_are_sound(key: str) -> None:
    shown = SCHEMA["properties"].get(key) or PERIOD[key]
    assert re.fullmatch(r"\S.{40,}\.", shown["description"])
    values = shown.get("examples") or SCHEMA["$defs"][shown["$ref"].rpartition("/")[2]]["examples"]
    for value in values:
        others = {"cron": {"duration": "1h"}, "start": {}}.get(key, {"start": "2026-01-01"})
        document = {key: value} if key in SCHEMA["properties"] else {"periods": [{key: value, **others}]}
        assert (problems(yaml.safe_dump(document)), [*VALIDATOR.iter_errors(document)]) == ([], [])


WRITTEN = {
    **{name: before(marked) for name, marked in SCHEDULES.items()},
    **{f"{name}, and one more": after(marked) for name, marked in SCHEDULES.items()},
    **{name: source for name, (source, *_) in test_parser.BAD_ROOTS.items()},
    **{line: f"{FIRST}{line}\n" for line in test_parser.BAD_VALUES},
    **{line: f"periods:\n- {line}\n" for line in test_parser.BAD_VALUES},
    **{name: f"periods:\n  - name: a\n    {lines}\n" for name, (lines, _) in test_parser.BAD_CRONS.items()},
    **test_parser.UNUSUAL,
    **{str(block): block.text for block in of_kind("schedule")},
    "the sample": SCHEDULE,
    "the sample without its marks": UNCOMMENTED,
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_schema_and_parser_agree_on_each_schedule_of_the_tests(text: str) -> None:
    assert_agrees(text)


@pytest.mark.parametrize(("pattern", "text"), BEYOND.values(), ids=BEYOND)
def test_what_no_schema_can_say_is_said_by_the_parser(pattern: str, text: str) -> None:
    assert re.match(pattern, problems(text)[-1])
    assert complaints(text) == []


@pytest.mark.parametrize(("pattern", "text"), LENIENT.values(), ids=LENIENT)
def test_what_the_parser_takes_beyond_the_schema(pattern: str, text: str) -> None:
    assert problems(text) == []
    assert complaints(text)
    assert re.search(pattern, text)


def patterns(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from patterns(part)


@pytest.mark.parametrize("pattern", [*patterns(SCHEMA)])
def test_an_expression_means_the_same_to_python_and_to_an_editor(pattern: str) -> None:
    """To ECMA 262, white space is something else than to Python, and so is what a dot leaves out."""
    plain = pattern.replace(r"[\s\S]", "")
    assert not re.search(r"\\[sSwWdDbB]", plain)
    assert "." not in re.sub(r"\\.|\[[^]]*\]", "", plain)


# Values in YAML, separated by bars.
EDGES = {
    "start": r"""1970-01-01|9900-12-31|9901-01-01|1969-12-31|2026-00-01|2026-13-01|2026-12-00|2026-12-32|2026-1-1
        |20261201|2026-12-01T|2026-12-01 02|2026-12-01 24:00|2026-12-01 23:59:60|2026-12-01 02:00:00.123456789
        |2026-12-01 02:00:00.1234567890|2026-12-01 02:00:00,5|2026-12-01T02:00Z|2026-12-01t02:00 z
        |2026-12-01 02:00 +0100|2026-12-01 02:00+01|2026-12-01T02:00-23:59|2026-12-01 02:00+24:00|2026-12-01 02:00+01:60
        |"2026-12-01 02:00 "
        |" 2026-12-01"|"2026-12-01\n"|"\uff12026-12-01"|2026|''|~|null|[2026-12-01]|{}""",
    "end": "2026-12-01|2027-01-01|2026-12-01 00:00:01|soon|~",
    "duration": r"""1s|1m|1h|1d|0d|00h1m|3660d|99999d|123456d|1h1h|1m1h|1d2h3m4s|1D|1.5h|'1h '|"1h\n"|1h30|m|2|0|''|~
        |[1h]""",
    "timezone": "UTC|Europe/Berlin|'Europe/Berlin '|Etc/GMT+1|America/Port-au-Prince|../UTC|/UTC|UTC/|a b|5|''|~",
    "enabled": "true|True|TRUE|false|False|FALSE|yes|on|'true'|1|0|''|~|[]",
    "read_only": "true|FALSE|no|off|'no'|2|null",
    "message": "a|a: b|''|1|1.5|.inf|-.inf|.nan|0x10|0o17|1e3|true|FALSE|'true'|yes|'yes'|2026-12-01|=|<<|~|[a]|{a: b}",
    "redirect": r"""/|//|//a|/ü|/a b|'/a\b'|"/a\n"|"/a\tb"|a|http:a|http://|http://a|HTTPS://A/|http://a:x|https:///a
        |http://?|https://#|http://[::1]/|ftp://a/|''|1|~
        |"/a\ufeffb"|"/\x85"|"/a\u2028b"|"/a\u180eb"|"http://\x85"|"/\U0001f6a7" """
    + f"|/{'a' * 1_999}|/{'a' * 2_000}",
    "retry_after": """1|0|-1|+5|007|1.0|1.5|0x10|0o7|1_000|1s|.inf|999999999|1000000000|'600'|'0'|'+5'|'0000000001'|''|~
        |true""",
    "paths": r"""[/]|[//]|[/a/]|[/a//]|[/.]|[/a/.]|[/a/..]|[/a/../b]|[/.a]|[/..a]|[/a.]|[/a*]|[/a?]|[/a#b]|[/a%20]
        |["/a\u2028//b"]|["/a\r//b"]|["/\U0001f6a7//b"]|["/a\u2028/../b"]
        |[/a b]|['/a\b']|["/a\n"]|["/a\x7f"]|[' /a']|[/ü]|[/a, /a]|[a]|[1]|[~]|[[/a]]|[{/a: b}]|[]|/a|~""",
    "name": r"""a|' a'|'a '|a b|"a\n"|"a\tb"|"a\xa0b"|"\u2028"|ü|日本語|🚧|1|1.5|.nan|true|no|'no'|''|~|[a]"""
    + f"|{'a' * 100}|{'a' * 101}",
    "x": "1",
    "Start": "2026-12-01",
    "<<": "{start: 2026-12-02}",
    "? [a]": "b",
}
CRONS = r"""'30 3 * * SUN'|30 3 * * SUN|'* * * *'|'* * * * * *'|' 30  3 * * 7 '|"30\t3 * * 1-5"|"30 3 * * SUN\n"
    |'*/5 0-5,7 1 JAN-MAR MON#2'|'0 0 L * *'|'0 0 LW * 5L'|'0 0 30 2 *'|'a b c d e'|'@daily'|''|~|5|[a]
    |"30\x853 * * SUN"
    |"30\ufeff3 * * SUN"|"30\u30003 * * SUN" """
CRONS += f"|'{'0,' * 96}0 * * * *'|'{'0,' * 97}0 * * * *'"


def values(text: str) -> list[str]:
    return [value.strip() for value in text.split("|")]


@pytest.mark.parametrize("key", EDGES)
def test_schema_and_parser_agree_at_the_edges_of_a_value(key: str) -> None:
    others = "name: b" if key == "start" else "start: 2026-12-01"
    for value in values(EDGES[key]):
        assert_agrees(f"periods:\n- {others}\n  {key}: {value}\n")
        assert_agrees(f"{key}: {value}\nperiods: []\n")


@pytest.mark.parametrize(
    "more", ["", "duration: 1h", "end: 2027-01-01", "duration: 1h, end: 2027-01-01", "duration: ~"]
)
def test_schema_and_parser_agree_on_what_belongs_together(more: str) -> None:
    pairs = [more] if more else []
    for value in values(CRONS):
        assert_agrees(f"periods: [{{{', '.join([f'cron: {value}', *pairs])}}}]")
        assert_agrees(f"periods: [{{{', '.join([f'cron: {value}', 'start: 2026-12-01', *pairs])}}}]")
    assert_agrees(f"periods: [{{{', '.join(['start: 2026-12-01', *pairs])}}}]")
    assert_agrees(f"periods: [{{{', '.join(['message: a', *pairs])}}}]")


HARDLY = ["", "~", "{}", "periods:", "periods: ~", "periods: [~]", "periods: [a]", "[]", "a", "1", "true"]


@pytest.mark.parametrize("text", HARDLY, ids=ascii)
def test_schema_and_parser_agree_on_what_is_hardly_a_schedule(text: str) -> None:
    assert_agrees(text)


def test_every_time_zone_that_there_is_fits() -> None:
    assert [zone for zone in available_timezones() if complaints(f"timezone: {zone}")] == []


@examples(1000, suppress_health_check=[HealthCheck.too_slow])
@given(test_parser.DOCUMENT)
def test_schema_and_parser_agree_on_documents_of_right_and_wrong_values(document: object) -> None:
    assert_agrees(yaml.safe_dump(document, allow_unicode=True))


@pytest.mark.parametrize("seed", range(4))
def test_schema_and_parser_agree_on_schedules_by_chance_and_after_accidents(seed: int) -> None:
    chance = random.Random(seed)
    takes = 0
    for _ in range(100):
        text = schedule_text.document(chance)
        assert_agrees(text)
        takes += not complaints(text)
        assert_agrees(texts.mutated(chance, text.encode()).decode(errors="ignore"))
    assert 20 < takes < 100
