"""Makes what the commands print harmless: one line for each of theirs, whatever the files hold."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable

from django.core.management import base

# Control and format characters (C0, C1, bidi, zero width), surrogates, and the separators of lines and paragraphs.
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
# CI obeys a line that begins with `::` (GitHub), or that holds `##[` or `##vso[` anywhere (GitHub, Azure).
_COMMAND_SIGN = re.compile(r"^\s*:(?=:)|#(?=#\w*\[)")


def one_line(text: str) -> str:
    """The text as one line that no terminal and no CI obeys, with such characters escaped as in Python."""
    return _escaped(text, _escape_as_python)


def as_json(value: object) -> str:
    """The value as JSON of several lines that no terminal and no CI obeys."""
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    return "\n".join(_escaped(line, _escape_as_json) for line in lines)


class CommandError(base.CommandError):
    """Ends a command with these lines, each of which is printed as one line."""

    def __init__(self, *lines: str, returncode: int = 1) -> None:
        self.lines = [one_line(line) for line in lines]
        super().__init__("\n".join(self.lines), returncode=returncode)


def _escaped(line: str, escape: Callable[[str], str]) -> str:
    if not line.isprintable():
        line = "".join(escape(one) if unicodedata.category(one) in _HIDDEN else one for one in line)
    return _COMMAND_SIGN.sub(lambda sign: sign[0][:-1] + escape(sign[0][-1]), line)


def _escape_as_python(character: str) -> str:
    escaped = character.encode("unicode_escape").decode()
    return escaped if escaped != character else f"\\x{ord(character):02x}"


def _escape_as_json(character: str) -> str:
    return re.sub("(....)", r"\\u\1", character.encode("utf-16-be", "surrogatepass").hex())
