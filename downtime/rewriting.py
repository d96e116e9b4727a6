"""Reads, edits and replaces the schedule under its lock, so that commands at the same time lose nothing."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from downtime import files
from downtime.loading import LARGEST


def rewrite(path: str, edit: Callable[[str], str]) -> None:
    """Puts what `edit` makes of the text in the file's place, whole or not at all.

    Raises files.CannotWrite, OSError and UnicodeDecodeError where the file can't be read, and what `edit` raises."""
    with files.locked(path):
        content, _ = files.read(path, limit=LARGEST)
        mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
        text = content[len(mark) :].decode()
        edited = edit(text)
        if edited != text:
            files.replace(path, mark + edited.encode())
