"""Schedules by chance: what a sound one means, what a mistake in it costs, and whatever else a file may hold.

What is expected is worked out from the documented tables, not by the app."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from downtime.files.parser import Parsed, parse_bytes, parse_with_nodes
from downtime.schedule.periods import ALWAYS, NEVER, Period
from tests.fuzz import texts
from tests.fuzz.without_libyaml import parse_bytes_without_libyaml
from tests.support.programs import ROOT
from tests.support.schedules import SCHEDULES, before

_SAMPLES = [before(marked).encode() for name, marked in SCHEDULES.items() if name != "1,000 periods"]
_SAMPLES.append((ROOT / "sample_config" / "downtime.yml").read_bytes())
_DEFAULT = ZoneInfo("Europe/Berlin")
_NO_YAML = "it is not valid YAML"
_MISTAKES = (
    ("start", ("soon", "2026-13-01", "2026-12-01 25:00", "12:30", "~", "[2026-12-01]", "1969-12-31", "9999-01-01", "")),
    ("end", ("1971-01-01", "never", "{}", "2026-02-30")),
    ("duration", ("2", "1w", "-1h", "0m", "1h 30m", "3661d", "no")),
    ("timezone", ("Europe/Berlim", "CEST+1", "/etc/passwd", "../UTC", "no")),
    ("enabled", ("yes", "no", "1", '"true"', "on")),
    ("read_only", ("off", "0", "[true]", "")),
    ("retry_after", ("0", "-1", "soon", "1.5", "9999999999")),
    ("redirect", ("status.example.com", "javascript:x", "ftp://a/", "[]")),
    ("paths", ("/shop", "[]", "[shop]", "[/a//b]", "[/a/../b]", "['/a*']", "[[/a]]")),
    ("name", ("no", '""', "[a]", '"a\\nb"')),
    ("message", ("[a]", "{a: b}", "yes")),
    ("stert", ("2026-12-01",)),
    ("<<", ("{}",)),
)


@dataclass
class _Written:
    """A period as it is written, and what it is expected to mean, by the names of the fields."""

    keys: dict[str, str]
    meaning: dict[str, object] = field(default_factory=dict)
    is_sound: bool = True


def trial(chance: random.Random) -> int:
    """One text of each kind."""
    _check_sound_or_not(chance)
    content = texts.mutated(chance, chance.choice(_SAMPLES))
    _check_anything(chance, content)
    _check_without_libyaml(content)
    _check_one_by_one(content)
    return 3


@dataclass(frozen=True)
class _Document:
    """A schedule as it is written, its periods, and the lines of each."""

    text: str
    periods: list[_Written]
    ranges: list[range]


def document(chance: random.Random) -> str:
    """A schedule with any number of periods, each of which is sound or has a mistake."""
    return _document(chance).text


def _document(chance: random.Random) -> _Document:
    name = chance.choice(("", *texts.ZONES))
    zone = ZoneInfo(name) if name else _DEFAULT
    periods = [_period(chance, number, zone) for number in range(chance.randint(0, 6))]
    zone_line = [f"timezone: {texts.scalar(chance, name)}"] if name else []
    is_below = chance.random() < 0.3
    lines = [] if is_below else [*zone_line]
    column = chance.randint(0, 4)
    lines.append("periods:" if periods else "periods: []")
    ranges = []
    for period in periods:
        lines += chance.choice(([], [""], ["# above"]))
        block = texts.mapping(chance, period.keys, column + 2)
        ranges.append(range(len(lines) + 1, len(lines) + len(block) + 1))
        lines += [f"{' ' * column}- {block[0].lstrip()}", *block[1:]]
    lines += zone_line if is_below else []
    line_break = chance.choice(("\n", "\n", "\r\n"))
    text = chance.choice(("", "", "\ufeff")) + line_break.join(lines) + chance.choice(("", line_break))
    return _Document(text, periods, ranges)


def _check_sound_or_not(chance: random.Random) -> None:
    """Every sound period means what it says, and each that is not is told on a line of its own."""
    written = _document(chance)
    text, periods = written.text, written.periods
    parsed = parse_bytes(text.encode(), _DEFAULT)
    _check_without_libyaml(text.encode())
    _check_one_by_one(text.encode())
    sound = [period for period in periods if period.is_sound]
    found = [_fields(period) for period in parsed.schedule.periods]
    assert found == [period.meaning for period in sound], (text, parsed)
    for period, place in zip(periods, written.ranges, strict=True):
        told = [problem for problem in parsed.problems if problem.line in place]
        assert bool(told) is not period.is_sound, (text, parsed)


def _period(chance: random.Random, number: int, zone: ZoneInfo) -> _Written:
    """A period that is sound, or has a time that is skipped, or one mistake."""
    keys: dict[str, str] = {}
    if chance.random() < 0.3:
        name = chance.choice(texts.ZONES)
        keys["timezone"], zone = texts.scalar(chance, name), ZoneInfo(name)
    starts, start = _time(chance, texts.local_time(chance), zone, is_end=False)
    keys["start"] = starts
    end: datetime | None = NEVER
    how = chance.choice(("end", "duration", "open"))
    if how == "end" and start is not None:
        soonest = start.astimezone(zone).replace(tzinfo=None) + timedelta(hours=16)  # whatever offset the end may have
        later = max(texts.local_time(chance), soonest + timedelta(minutes=chance.randrange(100_000)))
        keys["end"], end = _time(chance, later, zone, is_end=True)
    elif how == "duration" and start is not None:
        text, length = chance.choice((("90m", 5400), ("2h", 7200), ("1h30m", 5400), ("1d", 86400), ("1d2h3m4s", 93784)))
        keys["duration"], end = texts.scalar(chance, text), start + timedelta(seconds=length)
    meaning: dict[str, object] = {"start": start, "end": end, **_others(chance, number, keys)}
    if start is None or end is None:
        return _Written(keys, is_sound=False)
    if chance.random() < 0.15:
        key, values = chance.choice(_MISTAKES)
        keys[key] = chance.choice(values)
        if key in ("end", "duration"):
            keys.pop("duration" if key == "end" else "end", None)
        return _Written(keys, is_sound=False)
    return _Written(keys, meaning)


def _time(chance: random.Random, local: datetime, zone: ZoneInfo, *, is_end: bool) -> tuple[str, datetime | None]:
    """A time as it is written, and the moment that it means; None if the clocks of its zone skip it."""
    kind = chance.randrange(4)
    if kind == 0:
        offset = timedelta(minutes=chance.choice((0, 60, -300, 330)))
        sign = "-" if offset < timedelta() else "+"
        hours, minutes = divmod(int(abs(offset).total_seconds()) // 60, 60)
        text = f"{texts.written(chance, local)}{sign}{hours:02}{chance.choice((':', ''))}{minutes:02}"
        return texts.scalar(chance, text), local.replace(tzinfo=timezone.utc) - offset
    if kind == 1:
        return texts.scalar(chance, f"{texts.written(chance, local)}Z"), local.replace(tzinfo=timezone.utc)
    if kind == 2 and not is_end:
        local = local.replace(hour=0, minute=0, second=0)
        if moment := texts.instant(local, zone, is_end=is_end):  # DESIGN: else the first moment of that day
            return texts.scalar(chance, local.date().isoformat()), moment
    return texts.scalar(chance, texts.written(chance, local)), texts.instant(local, zone, is_end=is_end)


def _others(chance: random.Random, number: int, keys: dict[str, str]) -> dict[str, object]:
    """Adds some of the other keys, and returns what all of them mean."""
    meaning: dict[str, object] = {
        **{"name": "", "enabled": True, "message": "", "redirect": "", "retry_after": None},
        **{"read_only": False, "paths": ()},
    }
    message = texts.message(chance)
    choices: dict[str, tuple[str, object]] = {
        "name": (texts.scalar(chance, f"n{number}"), f"n{number}"),
        "enabled": ("false", False),
        "message": (texts.scalar(chance, message, is_plain=False), message),
        "redirect": (texts.scalar(chance, "https://status.example.com/a?b=c"), "https://status.example.com/a?b=c"),
        "retry_after": (str(number + 1), number + 1),
        "read_only": ("true", True),
        "paths": (chance.choice(("[/a, '/b/']", '["/a", /b]')), ("/a", "/b")),
    }
    for key in chance.sample(sorted(choices), chance.randint(0, 4)):
        keys[key], meaning[key] = choices[key]
    return meaning


def _fields(period: object) -> dict[str, object]:
    names = ("start", "end", "name", "enabled", "message", "redirect", "retry_after", "read_only", "paths")
    return {name: getattr(period, name) for name in names}


def _check_anything(chance: random.Random, content: bytes) -> None:
    """No content raises; problems are on its lines; a text without any is as good with a comment below it."""
    parsed = parse_bytes(content, _DEFAULT)
    assert parsed == parse_bytes(content, _DEFAULT), content
    lines = content.count(b"\n") + content.count(b"\r") + content.count("\u2028".encode()) + content.count(b"\xc2\x85")
    assert all(1 <= problem.line <= lines + content.count("\u2029".encode()) + 1 for problem in parsed.problems), (
        content
    )
    assert [problem.line for problem in parsed.problems] == sorted(problem.line for problem in parsed.problems), content
    _check_periods(chance, parsed, content)
    if not parsed.problems and content.endswith(b"\n"):
        assert parse_bytes(content + b"# below\n", _DEFAULT) == parsed, content


def _check_without_libyaml(content: bytes) -> None:
    """A host whose PyYAML was built without libyaml reads the same periods and problems.

    Only why a text is no YAML at all may be told in other words, and by another line."""
    found, other = parse_bytes(content, _DEFAULT), parse_bytes_without_libyaml(content, _DEFAULT)
    assert other.schedule == found.schedule, content
    assert [one.line for one in other.schedule.periods] == [one.line for one in found.schedule.periods], content
    assert _told(other) == _told(found), content


def _check_one_by_one(content: bytes) -> None:
    """Periods that are read one by one, as each ends, are those that are read when all of the text is known."""
    try:
        text = content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        return
    one_by_one, (whole, _) = parse_bytes(content, _DEFAULT), parse_with_nodes(text, _DEFAULT)
    assert one_by_one == whole, content
    assert list(map(_place, one_by_one.schedule.periods)) == list(map(_place, whole.schedule.periods)), content


def _place(period: Period) -> tuple[object, ...]:
    return period.line, period.zone


def _told(parsed: Parsed) -> list[tuple[int, str]]:
    told = [(problem.line, problem.message) for problem in parsed.problems]
    return [(0, _NO_YAML) if message.startswith(_NO_YAML) else (line, message) for line, message in told]


def _check_periods(chance: random.Random, parsed: Parsed, content: bytes) -> None:
    names = [period.name for period in parsed.schedule.periods if period.name]
    assert len(names) == len(set(names)), content
    now = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(minutes=chance.randrange(2_000_000))
    answer = parsed.schedule.at(now)
    assert answer.until > now, content
    assert all(window.start <= now < window.end for window in answer.active), content
    plain = [period for period in parsed.schedule.periods if period.enabled and not period.recurrence]
    for period in plain:
        assert ALWAYS < period.start < period.end, content
        assert (period.start <= now < period.end) is any(window.period is period for window in answer.active), content
