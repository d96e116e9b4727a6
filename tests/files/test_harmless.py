"""No character of a file moves a cursor, begins a line or speaks to CI."""

import pytest

from downtime.files.harmless import escaped, one_line
from tests.support.nasty_texts import NASTY, VISIBLE, is_harmless


@pytest.mark.parametrize(("text", "expected"), NASTY.values(), ids=NASTY)
def test_what_a_terminal_or_ci_could_obey_is_escaped(text: str, expected: str) -> None:
    assert one_line(text) == expected
    assert one_line(expected) == expected
    assert is_harmless(expected)


@pytest.mark.parametrize("text", VISIBLE, ids=ascii)
def test_what_people_can_see_stays_as_it_is(text: str) -> None:
    assert one_line(text) == text


def test_what_has_to_be_escaped_is_escaped_as_the_caller_wishes() -> None:
    assert escaped("a\x1bb::", lambda character: f"<{ord(character)}>") == "a<27>b::"
