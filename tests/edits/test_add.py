import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from downtime.edits.add import Added, add, period_of
from downtime.edits.cancel import cancel
from downtime.edits.splices import open_text
from downtime.files.parser import parse
from tests.support.schedules import NEW, SCHEDULES, after, before, schedules
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


@pytest.mark.parametrize("marked", SCHEDULES.values(), ids=SCHEDULES)
def test_cancelling_what_was_added_gives_back_every_byte(marked: str) -> None:
    source = after(marked).removeprefix("\ufeff")
    assert without(source, "new") == before(marked).removeprefix("\ufeff")


def comments(text: str) -> list[str]:
    return re.findall(r"# (?:top|list|end|of n\d)\b", text)


@settings(max_examples=500)
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


@settings(max_examples=500)
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
