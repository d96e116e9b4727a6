from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from downtime.edits.add import Added, add, period_of
from downtime.edits.cancel import cancel
from downtime.edits.schedule_text import CannotEdit, open_text
from downtime.files.parser import parse
from tests.support.examples import examples
from tests.support.schedules import NEW, SCHEDULES, after, before, comments, schedules
from tests.support.texts import BERLIN


def with_new(text: str) -> Added:
    return add(open_text(text, BERLIN), NEW)


def without(text: str, name: str) -> str:
    return cancel(open_text(text, BERLIN), name).text


@pytest.mark.parametrize("marked", SCHEDULES.values(), ids=SCHEDULES)
def test_a_period_is_added_at_the_end_in_the_file_s_own_style(marked: str) -> None:
    source = before(marked).removeprefix("\ufeff")
    added = with_new(source)
    assert added.text == after(marked).removeprefix("\ufeff")
    old, new = parse(source, BERLIN), parse(added.text, BERLIN)
    assert not new.problems
    zone = ZoneInfo("UTC") if "UTC" in source else BERLIN
    assert new.schedule.periods == (*old.schedule.periods, period_of(NEW, zone))


@examples(500)
@given(schedules())
def test_in_any_schedule_a_period_can_be_added_and_cancelled_and_nothing_else_changes(drawn: tuple[str, int]) -> None:
    text, count = drawn
    old = parse(text, BERLIN)
    assert (len(old.schedule.periods), old.problems) == (count, ())
    zone = ZoneInfo("Europe/Rome") if "Rome" in text else BERLIN
    added = with_new(text)
    assert parse(added.text, BERLIN).schedule.periods == (*old.schedule.periods, period_of(NEW, zone))
    assert comments(added.text) == comments(text)
    assert ("\r\n" in added.text) is ("\r\n" in text)
    assert added.text.count("\n") == added.text.count("\r\n") or "\r\n" not in text
    assert without(added.text, "new") == text


def test_a_name_that_another_period_has_is_refused() -> None:
    with pytest.raises(CannotEdit, match="the name 'new' is taken by the period on line 2"):
        with_new("periods:\n- name: new\n  start: 2026-12-01\n")


def test_a_recurring_period_can_be_added() -> None:
    keys = {"name": "new", "cron": "0 3 * * *", "duration": "45m"}
    added = add(open_text("periods: []\n", BERLIN), keys)
    assert parse(added.text, BERLIN).schedule.periods == (period_of(keys, BERLIN),)


@pytest.mark.parametrize(("last_without", "has_blank_line"), [(3, True), (13, False)])
def test_a_blank_line_comes_before_it_if_one_is_between_each_of_the_last_ten(
    last_without: int, has_blank_line: bool
) -> None:
    blanks = ["" if number == last_without else "\n" for number in range(20)]
    text = "periods:\n" + "".join(f"{blank}  - start: 2027-01-01\n" for blank in blanks)
    assert with_new(text).text.startswith(text + "\n" * has_blank_line + "  - name: new\n")
