from datetime import datetime, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from downtime.edits import schedule_text, spans
from downtime.edits.schedule_text import CannotEdit, Splice, spliced
from tests.support.texts import BERLIN

TEXTS = st.lists(st.sampled_from(["a", "  # b", "", " ", "ü🚧"]), max_size=6)


@given(TEXTS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(0, 6), TEXTS)
def test_lines_can_be_inserted_anywhere_and_deleting_them_gives_back_the_text(
    old: list[str], line_break: str, ends: bool, place: int, new: list[str]
) -> None:
    assume(new and new[-1])
    text = line_break.join(old) + (line_break if ends else "")
    assume(line_break in text or line_break == "\n")  # else nothing tells which is wanted
    index = 0
    for _ in range(place):
        index = spans.line_end(text, index)
    splice = schedule_text.insert_lines(text, index, new)
    edited = spliced(text, [splice])
    start, end = index, index + len(splice.text)
    if index == len(text) and text and not text.endswith("\n"):
        start += len(line_break)  # it follows a last line without one
    assert edited[start:end].removesuffix(line_break).split(line_break) == new
    assert spliced(edited, [schedule_text.delete_lines(edited, start, end)]) == text


def test_a_text_whose_lines_end_in_carriage_returns_gets_no_new_ones() -> None:
    with pytest.raises(CannotEdit, match="it can't be edited safely here"):
        schedule_text.insert_lines("a\rb\r", 4, ["c"])


def test_splices_count_from_the_old_text() -> None:
    assert spliced("abcdef", [Splice(1, 2, "x" * 9), Splice(4, 6, ""), Splice(0, 0, "y")]) == "yaxxxxxxxxxcd"


@pytest.mark.parametrize(
    ("moment", "fold", "model", "text"),
    [
        ("2026-12-01 01:00", 0, "", "2026-12-01 02:00:00"),
        ("2026-12-01 01:00", 0, "2026-01-01T00:00", "2026-12-01T02:00:00"),
        ("2026-12-01 01:00", 0, "2026-01-01T00:00Z", "2026-12-01T02:00:00+01:00"),
        ("2026-12-01 01:00", 0, "2026-01-01 00:00-05:00", "2026-12-01 02:00:00+01:00"),
        ("2026-12-01 01:00:00.500", 0, "", "2026-12-01 02:00:00.500000"),
        ("2026-12-01 01:00:00.500", 0, "2026-01-01T00:00:00.000Z", "2026-12-01T02:00:00.500000+01:00"),
        ("2026-10-25 00:30:00.500", 1, "", "2026-10-25 02:30:00.500000+02:00"),
        ("2026-10-25 00:30", 0, "", "2026-10-25 02:30:00"),
        ("2026-10-25 00:30", 1, "", "2026-10-25 02:30:00+02:00"),
        ("2026-10-25 01:30", 0, "", "2026-10-25 02:30:00+01:00"),
        ("2026-10-25 01:30", 1, "", "2026-10-25 02:30:00"),
    ],
)
def test_a_moment_is_written_as_its_model_and_never_ambiguously(moment: str, fold: int, model: str, text: str) -> None:
    instant = datetime.fromisoformat(moment).replace(tzinfo=timezone.utc)
    assert schedule_text.format_moment(instant, BERLIN, fold=fold, model=model) == text


def test_what_has_problems_is_not_opened() -> None:
    with pytest.raises(CannotEdit, match="it already has problems; correct them first") as caught:
        schedule_text.open_text("periods:\n- start: soon\n", BERLIN)
    assert [problem.line for problem in caught.value.problems] == [2]
