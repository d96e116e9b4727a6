"""The sentinel file: is it raised, what does it say, raise it, lower it. Its presence counts, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

import yaml

from downtime.files import atomic_write, disk, yaml_nodes
from downtime.files.disk import Fingerprint
from downtime.files.fields import KEYS, Problem, Reader
from downtime.schedule.periods import NEVER, Period

_LONGEST = 65_536
FLAG_KEYS = tuple(key for key in KEYS if key not in ("name", "cron", "start", "enabled"))
_LOOKS_LIKE_KEYS = re.compile(rf"^({'|'.join(KEYS)})\s*:", re.MULTILINE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Flag:
    """A raised flag: the period that it stands for, and what of its content could not be understood."""

    path: str
    fingerprint: Fingerprint
    period: Period
    problems: tuple[Problem, ...] = ()


def fingerprint(path: str) -> Fingerprint | None:
    """The flag's fingerprint, None where it is not raised. Raises OSError where that can't be told."""
    return disk.entry_fingerprint(path)


def read(path: str, fingerprint: Fingerprint, *, zone: tzinfo, max_age: float | None) -> Flag:
    """What the flag with that fingerprint stands for, whatever it holds; it lets go at `max_age` seconds."""
    raised = fingerprint.modified_at
    try:
        content, _ = disk.read(path, limit=_LONGEST)
        period, problems = meaning(content.decode().removeprefix("\ufeff"), zone, raised)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        period, problems = (
            Period(raised),
            (Problem(1, f"the flag's content can't be read: {reason}; it counts all the same"),),
        )
    if max_age is not None:
        age = min(timedelta(seconds=min(max_age, 1e12)), NEVER - raised)
        period = replace(period, end=min(period.end, raised + age))
    return Flag(path, fingerprint, period, problems)


def meaning(source: str, zone: tzinfo, raised: datetime) -> tuple[Period, tuple[Problem, ...]]:
    """The period that a flag with that content stands for: a mapping of a period's keys, or else the message.

    What can't be understood is a problem, and otherwise as if it were not there."""
    reader = Reader(source)
    try:
        root = yaml_nodes.compose(source)
        keys = [key.value for key, _ in yaml_nodes.pairs(root)] if root else []
    except yaml_nodes.NotYaml as error:
        if _LOOKS_LIKE_KEYS.search(source) or _CONTROLS.search(source):
            return Period(raised), (Problem(error.line, f"{error.message}; write plain text, or the keys of a period"),)
        root = None
    except ValueError:
        root = None
    if root is None or not any(key in KEYS for key in keys):
        return Period(raised, message=source.strip()), ()
    found = reader.keys(root, "a flag", FLAG_KEYS)
    plain = reader.plain(found)
    end = reader.end(found, reader.zone(found, zone), raised)
    return Period(raised, end, line=yaml_nodes.line_of(root), **plain), reader.problems_by_line()


def load_flags(paths: tuple[str, ...], *, zone: tzinfo, max_age: float | None) -> list[Flag]:
    """The raised ones of the flags, in order; one of which it can't be told counts as not raised."""
    raised = []
    for path in paths:
        try:
            found = fingerprint(path)
        except OSError:
            continue
        if found is not None:
            raised.append(read(path, found, zone=zone, max_age=max_age))
    return raised


def uninspectable(paths: tuple[str, ...]) -> list[str]:
    """What keeps each flag of which it can't be told whether it is raised from being looked at."""
    reasons = []
    for path in paths:
        try:
            fingerprint(path)
        except OSError as error:
            reasons.append(f"{path} can't be looked at: {error.strerror}; it counts as before, or as not raised")
    return reasons


def message(text: str) -> str:
    """A message that a flag can hold; raises ValueError for one that is too long."""
    if len(text) > _LONGEST // 8:  # each character may take eight, escaped
        raise ValueError(f"it must have at most {_LONGEST // 8} characters")
    return text


def raise_flag(path: str, keys: Mapping[str, object]) -> None:
    """Raises the flag, or updates one that is up, with those keys of a period. Raises replacing.CannotWrite."""
    text = {key: _encodable(value) for key, value in keys.items()}
    content = yaml.safe_dump(text, allow_unicode=True, sort_keys=False) if text else ""
    if set("\x85\u2028\u2029") & set(content):  # breaks that PyYAML writes as they are, and reads as spaces
        content = yaml.safe_dump(text, sort_keys=False)
    atomic_write.replace(path, content.encode())


def lower_flag(path: str) -> bool:
    """Lowers the flag; False where it was not raised. Raises replacing.CannotWrite."""
    return atomic_write.remove(path)


def _encodable(value: object) -> object:
    """The value without what a command line of another encoding leaves in a text (PEP 383)."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_encodable(item) for item in value] if isinstance(value, list) else value
