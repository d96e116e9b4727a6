import pytest

from downtime.reload import memory_flags
from downtime.schedule.periods import Period

FIRST, SECOND, THIRD = (Period(message=word) for word in ("first", "second", "third"))


def raised() -> list[Period]:
    return [flag.period for flag in memory_flags.raised()]


def test_the_last_one_raised_comes_first_and_any_can_be_lowered() -> None:
    keys = [memory_flags.raise_flag(period) for period in (FIRST, SECOND, THIRD)]
    assert raised() == [THIRD, SECOND, FIRST]
    memory_flags.lower_flag(keys[1])
    assert raised() == [THIRD, FIRST]
    for key in (keys[0], keys[2]):
        memory_flags.lower_flag(key)
    assert raised() == []


def test_equal_ones_are_lowered_one_by_one_and_none_twice() -> None:
    keys = [memory_flags.raise_flag(FIRST) for _ in range(2)]
    memory_flags.lower_flag(keys[0])
    assert raised() == [FIRST]
    with pytest.raises(KeyError):
        memory_flags.lower_flag(keys[0])
    memory_flags.lower_flag(keys[1])
