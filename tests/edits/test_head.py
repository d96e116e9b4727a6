import pytest

from downtime.edits import head
from tests.support.schedules import FIRST_LINE

KEY = ["  # Downtimes of this site; manage.py downtime_check shows what is wrong here.", "  periods:"]
ABOVE = {
    "nothing": ("", [FIRST_LINE, *KEY]),
    "a comment": ("# a\n", KEY),
    "the first line": (f"{FIRST_LINE}\n", ["", *KEY]),
    "the first line and a key": (f"{FIRST_LINE}\ntimezone: UTC\n", KEY),
}


@pytest.mark.parametrize(("text", "lines"), ABOVE.values(), ids=ABOVE)
def test_only_a_text_that_holds_nothing_gets_a_first_line(text: str, lines: list[str]) -> None:
    assert head.lines(text, len(text), 2) == lines


@pytest.mark.parametrize("text", [text for text, _ in ABOVE.values()], ids=ABOVE)
def test_the_lines_are_found_again(text: str) -> None:
    above = text + "".join(f"{line}\n" for line in head.lines(text, len(text), 2))
    whole = f"{above}  - start: 2027-01-01\n"
    assert whole[: head.start(whole, len(above), len(whole))] == text


def test_the_first_line_of_a_file_that_holds_more_stays() -> None:
    above = "".join(f"{line}\n" for line in head.lines("", 0, 0))
    period = "  - start: 2027-01-01\n"
    whole = f"{above}{period}timezone: UTC\n"
    assert whole[: head.start(whole, len(above), len(above) + len(period))] == f"{FIRST_LINE}\n"


@pytest.mark.parametrize("above", ["periods:\n", "# a\nperiods:\n", f"{FIRST_LINE}\nperiods:\n"])
def test_what_somebody_else_wrote_above_a_list_stays(above: str) -> None:
    whole = f"{above}- start: 2027-01-01\n"
    assert head.start(whole, len(above), len(whole)) == len(above)
