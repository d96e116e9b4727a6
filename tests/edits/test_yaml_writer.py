from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downtime.edits import yaml_writer
from downtime.files.parser import parse
from downtime.schedule import converters

UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("value", "in_lines", "in_flow", "in_json"),
    [
        ("a b", "a b", "a b", '"a b"'),
        ("2026-12-01 02:00", "2026-12-01 02:00", "'2026-12-01 02:00'", '"2026-12-01 02:00"'),
        ("a, b", "a, b", "'a, b'", '"a, b"'),
        ("a: b", "'a: b'", "'a: b'", '"a: b"'),
        ("* * * * *", "'* * * * *'", "'* * * * *'", '"* * * * *"'),
        ("no", '"no"', '"no"', '"no"'),
        ("12", "12", "12", '"12"'),
        ("a\nb", '"a\\nb"', '"a\\nb"', '"a\\nb"'),
        ("ü", "ü", "ü", '"ü"'),
        (True, "true", "true", "true"),
        (600, "600", "600", "600"),
        (["/a", "/b, c"], "[/a, '/b, c']", "[/a, '/b, c']", '["/a", "/b, c"]'),
    ],
    ids=repr,
)
def test_a_value_is_written_in_the_style_around_it(
    value: yaml_writer.Value, in_lines: str, in_flow: str, in_json: str
) -> None:
    assert yaml_writer.block({"key": value}) == [f"key: {in_lines}"]
    assert yaml_writer.flow({"key": value}, is_json=False) == [f"key: {in_flow}"]
    assert yaml_writer.flow({"key": value}, is_json=True) == [f'"key": {in_json}']


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_whatever_text_is_written_is_read_again(text: str) -> None:
    pairs = {"message": text, "start": "2026-12-01"}
    sources = ["periods:\n- " + "\n  ".join(yaml_writer.block(pairs))]
    sources += [f"periods: [{{{', '.join(yaml_writer.flow(pairs, is_json=is_json))}}}]" for is_json in (False, True)]
    for source in sources:
        parsed = parse(source, UTC)
        assert [period.message for period in parsed.schedule.periods] == [text.strip()]
        assert parsed.problems == ()


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=100))
def test_whatever_name_a_period_can_have_is_read_again(text: str) -> None:
    try:
        name = converters.name(text)
    except ValueError:
        return
    [line] = yaml_writer.block({"name": name})
    assert parse(f"periods:\n- {line}\n  start: 2026-12-01\n", UTC).schedule.periods[0].name == name
