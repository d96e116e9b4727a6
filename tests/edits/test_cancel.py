import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from downtime.edits.cancel import cancel
from downtime.edits.head import COMMENT
from downtime.edits.schedule_text import CannotEdit, open_text
from downtime.files.parser import parse
from tests.support.examples import examples
from tests.support.schedules import FIRST_LINE, SCHEDULES, after, before, comments, schedules
from tests.support.texts import BERLIN


def without(text: str, name: str) -> str:
    return cancel(open_text(text, BERLIN), name).text


# The text between « and → is there before the edit, and the text between → and » after it.
CANCELLED = {
    "with its own comments": """\
periods:
  # of a
  - name: a
    start: 2027-01-01
«  # of it
  - name: it
    start: 2027-01-01
    # of it
→»""",
    "one of two blank lines": """\
periods:
  - {name: a, start: 2027-01-01}
«
  - {name: it, start: 2027-01-01}
→»
  - {name: b, start: 2027-01-01}
""",
    "the only one of a file that a command made": f"""\
«{FIRST_LINE}
{COMMENT}
periods:
  - name: it
    start: 2027-01-01
→»""",
    "the only one of a file that somebody went on with": f"""\
{FIRST_LINE}
«{COMMENT}
periods:
  - name: it
    start: 2027-01-01
→»timezone: UTC
""",
    "the first in flow style": "periods: [«{name: it, start: 2027-01-01}, →»{name: b, start: 2027-01-01}]\n",
    "the last in flow style": "periods: [{name: a, start: 2027-01-01}«, {name: it, start: 2027-01-01}→»]\n",
    "the only one in flow style": "periods: [«{name: it, start: 2027-01-01}→»]\n",
}


@pytest.mark.parametrize("marked", CANCELLED.values(), ids=CANCELLED)
def test_the_period_is_taken_out_and_returned(marked: str) -> None:
    source = open_text(before(marked), BERLIN)
    cancelled = cancel(source, "it")
    assert cancelled.text == after(marked)
    assert [cancelled.period] == [period for period in source.schedule.periods if period.name == "it"]


REFUSED = {
    "no such name": ("periods: [{name: one, start: 2027-01-01}]", "no period named 'it'; its periods are 'one'"),
    "a similar name": ("periods: [{name: its, start: 2027-01-01}]", "no period named 'it'; did you mean 'its'?"),
    "no name at all": ("periods: [{start: 2027-01-01}]", "no period named 'it'; none of its periods has a name"),
    "no period": ("", "no period named 'it'; it has none at all"),
    "an anchor that others use": ("periods: [{name: it, start: &s 2027-01-01}, {start: *s}]", "edited safely here"),
    "behind something else": ("? periods\n: - {name: it, start: 2027-01-01}\n", "after something else on its line"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_where_it_cannot_be_taken_out_the_error_says_why(text: str, reason: str) -> None:
    source = open_text(text, BERLIN)
    with pytest.raises(CannotEdit) as error:
        cancel(source, "it")
    assert reason in str(error.value)


@pytest.mark.parametrize("marked", SCHEDULES.values(), ids=SCHEDULES)
def test_cancelling_what_was_added_gives_back_every_byte(marked: str) -> None:
    source = after(marked).removeprefix("\ufeff")
    assert without(source, "new") == before(marked).removeprefix("\ufeff")


@examples(500)
@given(schedules(), st.integers(0, 4))
def test_in_any_schedule_a_period_goes_with_its_own_comments_alone(drawn: tuple[str, int], index: int) -> None:
    text, count = drawn
    assume(index < count)
    old = parse(text, BERLIN).schedule.periods
    new = without(text, f"n{index}")
    assert parse(new, BERLIN).schedule.periods == old[:index] + old[index + 1 :]
    assert comments(new) == [comment for comment in comments(text) if comment != f"# of n{index}"]
    assert new.count("\n") == new.count("\r\n") or "\r\n" not in text
    left = [line.replace(",", "") for line in new.splitlines() if not line.startswith("periods: [")]
    assert set(left) <= {line.replace(",", "") for line in text.splitlines()}
