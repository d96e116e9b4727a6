"""Reads, edits and replaces the schedule under its lock, so that commands at the same time lose nothing."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from downtime.files import atomic_write, disk
from downtime.files.loading import LARGEST


def rewrite(path: str, edit: Callable[[str], str], *, creates: bool = False) -> None:
    """Puts what `edit` makes of the text in the file's place, whole or not at all; it `creates` one that is missing.

    Raises replacing.CannotWrite; OSError and UnicodeDecodeError where it can't be read; and what `edit` raises."""
    with atomic_write.locked(path):
        atomic_write.sweep(path)
        content = _content(path) if not creates or disk.fingerprint(path) else b""
        mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
        text = content[len(mark) :].decode()
        edited = edit(text)
        if edited != text:
            atomic_write.replace(path, mark + edited.encode())


def take_over(path: str, old: bytes | None, new: bytes) -> bool:
    """Puts the new content in the place of the old, None for no file; False where another one is there by now.

    Raises replacing.CannotWrite, and OSError where the file can't be read."""
    with atomic_write.locked(path):
        atomic_write.sweep(path)
        if (_content(path) if disk.fingerprint(path) else None) != old:
            return False
        atomic_write.replace(path, new)
        return True


def _content(path: str) -> bytes:
    return disk.read(path, limit=LARGEST)[0]
