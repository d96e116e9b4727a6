"""Edits by chance, one after the other, of schedules in every style: each changes what was asked and no other byte."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

import hypothesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from downtime.edits.add import add
from downtime.edits.cancel import cancel
from downtime.edits.end import end_active
from downtime.edits.schedule_text import open_text
from downtime.edits.yaml_writer import Value
from downtime.files.parser import parse
from downtime.schedule.periods import Period
from tests.fuzz import texts
from tests.support.schedules import comments, schedules
from tests.support.texts import BERLIN

_EXAMPLES = 20
_EDITS = 4


def trial(chance: random.Random) -> int:
    """Some schedules, and some edits of each; hypothesis reduces what fails to the least that does."""
    count = 0

    @hypothesis.seed(chance.getrandbits(64))
    @hypothesis.settings(
        max_examples=_EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
    )
    @given(schedules(), st.integers(0, 2**32))
    def edited(drawn: tuple[str, int], number: int) -> None:
        nonlocal count
        text, _ = drawn
        of_one = random.Random(number)
        for step in range(_EDITS):
            text = of_one.choice((_added, _cancelled, _ended, _undone))(of_one, text, step)
            count += 1

    edited()
    return count


def _periods(text: str) -> tuple[Period, ...]:
    parsed = parse(text, BERLIN)
    assert parsed.problems == (), (text, parsed.problems)
    return parsed.schedule.periods


def _is_within(short: str, long: str) -> bool:
    """Whether `short` is `long` without some of its characters."""
    rest = iter(long)
    return all(character in rest for character in short)


def _keys(chance: random.Random, name: str) -> dict[str, Value]:
    """The keys of a period that has not begun in 2026."""
    keys: dict[str, Value] = {"name": name, "start": f"20{chance.randint(30, 60)}-0{chance.randint(4, 9)}-11 02:00"}
    others: dict[str, Value] = {
        "duration": chance.choice(("90m", "2h", "1d")),
        "timezone": chance.choice(texts.ZONES),
        "message": texts.message(chance) + chance.choice(("", "\nand so on", "\u2028x", "\t")),
        "redirect": "https://status.example.com/?a=b#c",
        "retry_after": chance.randint(1, 999),
        "read_only": True,
        "paths": ["/a", "/größer, b", "/it's"],
    }
    for key in chance.sample(sorted(others), chance.randint(0, 4)):
        keys[key] = others[key]
    return keys


def _added(chance: random.Random, text: str, step: int) -> str:
    """The text with one more period at its end: what was there stays, character by character."""
    keys = _keys(chance, f"new{step}")
    new = add(open_text(text, BERLIN), keys).text
    *before, added = _periods(new)
    assert tuple(before) == _periods(text), (text, new)
    message, paths = keys.get("message", ""), keys.get("paths", [])
    assert isinstance(message, str)
    assert isinstance(paths, list)
    expected = (keys["name"], message.strip(), keys.get("retry_after"), keys.get("read_only", False), tuple(paths))
    assert (added.name, added.message, added.retry_after, added.read_only, added.paths) == expected, (text, new)
    assert _is_within(text, new), (text, new)
    assert comments(new) == comments(text), (text, new)
    assert "\r\n" not in text or new.count("\n") == new.count("\r\n"), (text, new)
    return new


def _undone(chance: random.Random, text: str, step: int) -> str:
    """The text after a period was added and cancelled, which is the text before that, byte by byte."""
    new = add(open_text(text, BERLIN), _keys(chance, f"new{step}")).text
    assert cancel(open_text(new, BERLIN), f"new{step}").text == text, (text, new)
    return text


def _cancelled(chance: random.Random, text: str, step: int) -> str:
    """The text without one of its periods, and of its comments without that period's own."""
    old = _periods(text)
    if not old:
        return text
    index = chance.randrange(len(old))
    name = old[index].name
    new = cancel(open_text(text, BERLIN), name).text
    assert _periods(new) == old[:index] + old[index + 1 :], (text, new)
    assert _is_within(new, text), (text, new)
    assert comments(new) == [comment for comment in comments(text) if comment != f"# of {name}"], (text, new)
    return new


def _ended(chance: random.Random, text: str, step: int) -> str:
    """The text after what was active has ended: those periods alone have another end, each on one line."""
    now = datetime(2026, 11, 25, tzinfo=timezone.utc) + timedelta(minutes=chance.randrange(500_000))
    if chance.random() < 0.3:  # while the clocks change
        now = datetime(2027, 10, 31, tzinfo=timezone.utc) + timedelta(minutes=chance.randrange(180))
    old = _periods(text)
    edited = end_active(open_text(text, BERLIN), now)
    new = _periods(edited.text)
    active = [period.enabled and period.start <= now < period.end for period in old]
    assert [window.period for window in sorted(edited.windows, key=lambda window: window.rank)] == [
        period for period, is_active in zip(old, active, strict=True) if is_active
    ]
    for one, other, is_active in zip(old, new, active, strict=True):
        assert other == one or is_active, (text, edited.text)
        # Nobody writes an end that is not after the start.
        assert not is_active or other.end == max(now, one.start + timedelta(seconds=1)), (text, edited.text)
        assert (other.start, other.name, other.message) == (one.start, one.name, one.message), (text, edited.text)
    kept = set(edited.text.splitlines())
    assert len([line for line in text.splitlines() if line not in kept]) <= sum(active), (text, edited.text)
    assert comments(edited.text) == comments(text), (text, edited.text)
    return edited.text
