"""Loads downtime.yml, and rewrites it under its lock."""

from __future__ import annotations

import codecs
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from hashlib import sha256
from typing import NamedTuple, Protocol, TypeVar

from downtime.files import atomic_write, disk, dry_run
from downtime.files.disk import Fingerprint
from downtime.files.entry import Entry
from downtime.files.fields import Problem
from downtime.files.lock import locked
from downtime.files.parser import Parsed, Pause, never_pause, parse_bytes

# In bytes: about 300,000 periods.
LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """A schedule file as it was read; the fingerprint is None if there was no file."""

    path: str
    fingerprint: Fingerprint | None
    parsed: Parsed
    is_read: bool = True
    """False if its content could not be read, which may work on the next try."""
    digest: bytes = b""
    """The digest of its content; empty if there was none, or if it could not be read."""


class Content(NamedTuple):
    """A schedule file as it is on disk; the fingerprint is None if there was no file."""

    path: str
    fingerprint: Fingerprint | None
    content: bytes | str
    """What it holds, or why it can't be read."""


class Edit(Protocol):
    """The result of an edit: the new text, and whatever else the edit found out."""

    @property
    def text(self) -> str:
        """The whole new text."""


EditT = TypeVar("EditT", bound=Edit)


def load_schedule(path: str, zone: tzinfo) -> Loaded:
    """The schedule file; one that is missing means no periods, one that can't be read is a problem."""
    return parse_schedule(read_schedule(path), zone)


def read_schedule(path: str) -> Content:
    """The content of the schedule file, not parsed yet; raises nothing."""
    fingerprint = None
    try:
        fingerprint = disk.fingerprint(path)
        content, fingerprint = disk.read(path, limit=LARGEST)
        return Content(path, fingerprint, content)
    except (FileNotFoundError, NotADirectoryError):
        return Content(path, None, b"")
    except (OSError, MemoryError) as error:
        return Content(path, fingerprint, _reason(error))


def parse_schedule(
    content: Content, zone: tzinfo, *, known: Loaded | None = None, pause: Pause = never_pause
) -> Loaded:
    """What the content means. If it is `known` already, in the same zone, it is not parsed again."""
    path, fingerprint, text = content
    if isinstance(text, bytes):
        digest = sha256(text).digest()
        if known is not None and known.digest == digest:
            return Loaded(path, fingerprint, known.parsed, digest=digest)
        try:
            return Loaded(path, fingerprint, parse_bytes(text, zone, pause=pause), digest=digest)
        except MemoryError as error:
            text = _reason(error)
    problem = Problem(1, f"it can't be read: {text}")
    return Loaded(path, fingerprint, Parsed(problems=(problem,)), is_read=False)


def _reason(error: OSError | MemoryError) -> str:
    hint = "; make it shorter, or raise the limit" if isinstance(error, MemoryError) else ""
    return f"{disk.reason(error)}{hint}"


def rewrite(
    path: str,
    edit: Callable[[str], EditT],
    *,
    creates: bool = False,
    waiting: Callable[[str], object] = lambda what: None,
) -> EditT:
    """Replaces the file's text, whole or not at all, with that of the edit, and returns the edit.

    A missing file is an error unless `creates` is set; `waiting` is told if it has to wait for the lock. Raises
    atomic_write.CannotWrite; OSError and UnicodeDecodeError if the file can't be read; and what `edit` raises."""
    with locked(path, waiting=waiting) as entry:
        atomic_write.sweep(entry)
        mark, text = _text(entry, creates=creates)
        edited = edit(text)
        if edited.text != text:
            atomic_write.replace(entry, mark + edited.text.encode())
        return edited


def preview(path: str, edit: Callable[[str], EditT], *, creates: bool = False) -> tuple[str, EditT]:
    """The file's text, and the edit that `rewrite` would make of it; changes nothing, and takes no lock.

    Raises what `rewrite` does, but CannotWrite only if it is known that the file can't be written."""
    with dry_run.writable(path) as entry:
        _, text = _text(entry, creates=creates)
        edited = edit(text)
        if edited.text != text:
            dry_run.require_replaceable(entry)
        return text, edited


def _text(entry: Entry, *, creates: bool) -> tuple[bytes, str]:
    """The byte order mark of the file, if it has one, and its text; raises OSError and UnicodeDecodeError."""
    old = _content(entry)
    if old is None and not creates:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), entry.path)
    old = old or b""
    mark = codecs.BOM_UTF8 if old.startswith(codecs.BOM_UTF8) else b""
    return mark, old[len(mark) :].decode()


def take_over(path: str, old: bytes | None, new: bytes) -> bool:
    """Replaces the `old` content, None for no file, with the new one; False if the file holds something else by now.

    Raises atomic_write.CannotWrite, and OSError if the file can't be read."""
    with locked(path) as entry:
        atomic_write.sweep(entry)
        if _content(entry) != old:
            return False
        atomic_write.replace(entry, new)
        return True


def content(path: str) -> bytes:
    """The whole content of the file; raises OSError, also if it is larger than LARGEST."""
    return disk.read(path, limit=LARGEST)[0]


def _content(entry: Entry) -> bytes | None:
    """The whole content of the very file that is to be replaced; None if there is none. Raises OSError."""
    if entry.status() is None:
        return None
    return disk.read(entry.path, limit=LARGEST, opener=lambda _, flags: entry.open(flags))[0]
