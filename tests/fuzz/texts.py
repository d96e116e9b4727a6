"""Texts of YAML by chance: what a person might write, and what becomes of a text by mistake."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
WORDS = (
    "disks",
    "größer",
    "日本語",
    "🚧",
    "a: b",
    "# c",
    "it's",
    '"so"',
    "- x",
    "no",
    "12:30",
    "\\n",
    "%",
    "&a",
    "{}",
    "ß",
)
PIECES = (
    *("\n", "\r\n", "\r", "\t", " ", "  ", "- ", ": ", ", ", "[", "]", "{", "}", "#", " #", "&a ", "*a", "!", "!!str "),
    *("'", '"', "|", ">", "|+", "%", "---\n", "...\n", "~", "null", "yes", "<<: *a", "? ", "\x00", "\x85", "\u2028"),
    *("\ufeff", "periods:", "  - start: 2026-12-01\n", "end: ", "name: a\n", "paths: [/a]", "2026-13-45", "1e999"),
)


def mutated(chance: random.Random, content: bytes) -> bytes:
    """The content after some accidents: bytes that are lost, doubled, moved or others, and pieces of YAML."""
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        size = len(content)
        at, other = chance.randint(0, size), chance.randint(0, size)
        low, high = min(at, other), max(at, other)
        length = chance.choice((1, 1, 4, 40))
        piece = chance.choice(PIECES).encode("utf-8", "surrogatepass")
        accidents = (
            lambda c, at=at, length=length: c[:at] + c[at + length :],
            lambda c, at=at, piece=piece: c[:at] + piece + c[at:],
            lambda c, at=at, piece=piece: c[:at] + piece + c[at + 1 :],
            lambda c, at=at, length=length: c[: at + length] + c[at : at + length] + c[at + length :],
            lambda c, low=low, high=high, length=length: c[:low] + c[high : high + length] + c[low:],
            lambda c, at=at: c[:at] + bytes([chance.randrange(256)]) + c[at + 1 :],
            lambda c, at=at: c[:at],
        )
        content = chance.choice(accidents)(content)
    return content


def message(chance: random.Random) -> str:
    """A line of words, some of which YAML could take for something else."""
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 5)))


def scalar(chance: random.Random, text: str, *, is_plain: bool = True) -> str:
    """The text as a YAML scalar; without quotes only if it `is_plain`, that is, YAML could take it for nothing else."""
    quoted = ["'" + text.replace("'", "''") + "'", json.dumps(text, ensure_ascii=False)]
    return chance.choice([*quoted, text, text] if is_plain else quoted)


def mapping(chance: random.Random, keys: dict[str, str], column: int = 0) -> list[str]:
    """The lines of a mapping, in any order and style: block or flow, with comments and blank lines."""
    pairs = list(keys.items())
    chance.shuffle(pairs)
    if pairs and chance.random() < 0.25:
        return [" " * column + "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"]
    lines = []
    for key, value in pairs:
        lines += chance.choice(([], [], [""], [" " * chance.randint(0, 9) + "# a comment: x"])) if lines else []
        lines.append(f"{' ' * column}{key}:{' ' * chance.randint(1, 3)}{value}{chance.choice(('', '', '  # why'))}")
    return lines


def local_time(chance: random.Random) -> datetime:
    """A time on a wall clock, often near a clock change."""
    if chance.random() < 0.3:
        day = chance.choice(
            (datetime(2026, 3, 29), datetime(2026, 10, 25), datetime(2027, 3, 14), datetime(2026, 11, 1))
        )
        return day + timedelta(minutes=chance.randrange(0, 300, 5))
    return datetime(2020, 1, 1) + timedelta(seconds=chance.randrange(10 * 366 * 86400))


def instant(local: datetime, zone: ZoneInfo, *, is_end: bool) -> datetime | None:
    """The moment at which the clocks of the zone show that: of two the earlier as a start and the later as an end.

    Found by trying the offsets of the days around it; None if the clocks skip that time."""
    around = [(local + timedelta(days=days)).replace(tzinfo=zone).utcoffset() for days in (-2, 2)]
    offsets = {*around, *(local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))}
    moments = {(local - offset).replace(tzinfo=timezone.utc) for offset in offsets if offset is not None}
    shown = sorted(moment for moment in moments if moment.astimezone(zone).replace(tzinfo=None) == local)
    return (shown[-1] if is_end else shown[0]) if shown else None


def written(chance: random.Random, local: datetime) -> str:
    """The time as ISO 8601 spells it, with seconds if it has some."""
    separator = chance.choice((" ", "T", "t"))
    return local.isoformat(separator, "seconds" if local.second or chance.random() < 0.5 else "minutes")
