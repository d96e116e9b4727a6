"""Reads, raises and lowers downtime.flag. Its presence takes the site down, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

import yaml

from downtime.files import atomic_write, disk, yaml_nodes
from downtime.files.disk import Fingerprint
from downtime.files.fields import KEYS, Problem, Reader
from downtime.files.key_spelling import is_close
from downtime.schedule.periods import NEVER, Period

_LONGEST = 65_536
FLAG_KEYS = tuple(key for key in KEYS if key not in ("name", "cron", "start", "enabled"))
_BEGINS_LIKE_A_KEY = re.compile(r"^([\w-]+)\s*:", re.MULTILINE)
# At most this many keys are compared with those of a flag, which takes some 20 microseconds for each.
_MOST_COMPARED = 100
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Flag:
    """A raised flag: the period that it stands for, and the problems of its content."""

    path: str
    fingerprint: Fingerprint
    period: Period
    problems: tuple[Problem, ...] = ()
    is_read: bool = True
    """False if its content could not be read, which may work on the next try."""


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags of a list of paths, each looked at once, in the order of the paths."""

    raised: tuple[Flag, ...] = ()
    uninspectable: tuple[str, ...] = ()
    """Why a flag can't be inspected, one sentence for each; it counts as not raised."""


def load_flags(paths: tuple[str, ...], *, zone: tzinfo, max_age: float | None) -> Flags:
    """The flags that are raised, and why any of the others can't be inspected."""
    raised, uninspectable = [], []
    for path in paths:
        try:
            fingerprint = disk.entry_fingerprint(path)
        except OSError as error:
            why = disk.reason(error)
            uninspectable.append(f"{path} can't be looked at: {why}; it counts as before, or as not raised")
            continue
        if fingerprint is not None:
            raised.append(read_flag(path, fingerprint, zone=zone, max_age=max_age))
    return Flags(tuple(raised), tuple(uninspectable))


def read_flag(path: str, fingerprint: Fingerprint, *, zone: tzinfo | None, max_age: float | None) -> Flag:
    """The flag with that fingerprint, whatever it holds; it expires when it is `max_age` seconds old."""
    raised_at = fingerprint.modified_at
    period, is_read = Period(raised_at), True
    problems: tuple[Problem, ...] = ()
    try:
        content, _ = disk.read(path, limit=_LONGEST)
        period, problems = meaning(content.decode().removeprefix("\ufeff"), zone, raised_at)
    except UnicodeDecodeError:
        problems = _unreadable("it is not UTF-8 text")
    except (OSError, MemoryError) as error:
        problems, is_read = _unreadable(disk.reason(error)), False
    return Flag(path, fingerprint, _aged(period, max_age), problems, is_read)


def _aged(period: Period, max_age: float | None) -> Period:
    """The period of a flag that expires when it is `max_age` seconds old."""
    if max_age is None:
        return period
    age = min(timedelta(seconds=min(max_age, 1e12)), NEVER - period.start)
    return replace(period, end=min(period.end, period.start + age))


def unread(path: str, fingerprint: Fingerprint, old: Flag | None) -> Flag:
    """The flag with that fingerprint, before it is read: it means what the old one meant, if there was one."""
    period = Period(fingerprint.modified_at) if old is None else old.period
    return Flag(path, fingerprint, period, is_read=False)


def _unreadable(reason: str) -> tuple[Problem, ...]:
    return (Problem(1, f"the flag's content can't be read: {reason}; it counts all the same"),)


def meaning(text: str, zone: tzinfo | None, raised_at: datetime) -> tuple[Period, tuple[Problem, ...]]:
    """The period that a flag with that text stands for, and its problems: the keys of a period, or otherwise a message.

    What can't be understood is a problem, and counts as left out."""
    reader = Reader(text)
    try:
        root = yaml_nodes.compose(text)
        keys = [key.value for key, _ in yaml_nodes.pairs(root)] if root else []
    except yaml_nodes.NotYaml as error:
        if _are_keys(_BEGINS_LIKE_A_KEY.findall(text)) or _CONTROLS.search(text):
            message = f"{error.message}; write plain text, or the keys of a period"
            return Period(raised_at), (Problem(error.line, message),)
        root = None
    except ValueError:
        root = None
    if root is None or not _are_keys(keys):
        return Period(raised_at, message=text.strip()), ()
    entries = reader.entries(root, "a flag", FLAG_KEYS)
    values = reader.values(entries)
    end = reader.end(entries, reader.zone(entries, zone), raised_at, after="the flag was last written")
    return Period(raised_at, end, line=yaml_nodes.line_of(root), **values), reader.problems_by_line()


def _are_keys(keys: Sequence[object]) -> bool:
    """Whether one of these is a key of a period, or narrowly misses one of a flag; otherwise they begin a sentence."""
    return any(key in KEYS for key in keys) or any(is_close(key, FLAG_KEYS) for key in keys[:_MOST_COMPARED])


def path_of(period: Period, flags: Iterable[Flag]) -> str:
    """The path of the flag that this very period stands for; empty for a period of the schedule."""
    return next((flag.path for flag in flags if flag.period is period), "")


def message(text: str) -> str:
    """The message as a file can hold it; raises ValueError for one that is too long for a flag.

    Bytes of a command line in another encoding, which are no characters (PEP 383), become question marks."""
    if len(text) > _LONGEST // 8:  # each character may take eight, escaped
        raise ValueError(f"it must have at most {_LONGEST // 8} characters")
    return text.encode("utf-8", "replace").decode()


def raise_flag(path: str, text: str, *, modified_at: float | None = None) -> None:
    """Raises the flag with that text, or updates one that is up; a link is replaced.

    It counts as raised at that time, in seconds since the epoch, by default now. Raises atomic_write.CannotWrite."""
    atomic_write.replace_unfollowed(path, text.encode(), modified_at=modified_at)


def is_written(path: str, text: str, modified_at: float) -> bool:
    """Whether the flag is known to be there as `raise_flag` leaves it."""
    try:
        content, fingerprint = disk.read(path, limit=_LONGEST)
    except OSError:
        return False
    return content == text.encode() and fingerprint.modified_ns == atomic_write.nanoseconds(modified_at)


def period_of(text: str, *, zone: tzinfo, raised_at: datetime, max_age: float | None) -> Period:
    """The period that a flag with that text stands for, if it is raised at that moment."""
    return _aged(meaning(text, zone, raised_at)[0], max_age)


def flag_text(keys: Mapping[str, object]) -> str:
    """What a flag with those keys of a period holds."""
    text = yaml.safe_dump(dict(keys), allow_unicode=True, sort_keys=False) if keys else ""
    if set("\x85\u2028\u2029") & set(text):  # breaks that PyYAML writes as they are, and reads as spaces
        text = yaml.safe_dump(dict(keys), sort_keys=False)
    return text


def lower_flag(path: str) -> bool:
    """Lowers the flag; False if it was not raised. Raises atomic_write.CannotWrite."""
    return atomic_write.remove_unfollowed(path)
