"""Makes what the commands print harmless: one line for each of theirs, whatever the files hold."""

from __future__ import annotations

import json
import re

from django.core.management import base

from downtime.files.harmless import escaped, one_line


def as_json(value: object) -> str:
    """The value as JSON of several lines that no terminal and no CI obeys."""
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    return "\n".join(escaped(line, _escape_as_json) for line in lines)


def encodable(text: str, encoding: str | None) -> str:
    """The text with what the encoding of an output lacks escaped as in JSON, so that JSON stays JSON."""
    known = encoding or "utf-8"
    try:
        text.encode(known)
    except UnicodeEncodeError:
        return "".join(one.encode(known, "ignore").decode(known) or _escape_as_json(one) for one in text)
    return text


class CommandError(base.CommandError):
    """Ends a command with these lines, each of which is printed as one line."""

    def __init__(self, *lines: str, returncode: int = 1) -> None:
        self.lines = [one_line(line) for line in lines]
        super().__init__("\n".join(self.lines), returncode=returncode)


def _escape_as_json(character: str) -> str:
    return re.sub("(....)", r"\\u\1", character.encode("utf-16-be", "surrogatepass").hex())
