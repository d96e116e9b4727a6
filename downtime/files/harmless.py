"""Makes text from a file harmless: one line that no terminal or CI obeys, whatever the text holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# Control and format characters (C0, C1, bidi, zero width), surrogates, and the separators of lines and paragraphs.
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
# CI obeys a line that begins with `::` (GitHub), or that holds `##[` or `##vso[` anywhere (GitHub, Azure).
_COMMAND_SIGN = re.compile(r"^\s*:(?=:)|#(?=#\w*\[)")


def one_line(text: str) -> str:
    """The text as one line that no terminal or CI obeys, with what they would obey escaped as in Python."""
    return escaped(text, _escape_as_python)


def escaped(line: str, escape: Callable[[str], str]) -> str:
    """The line with each character that a terminal or a CI could obey replaced by what `escape` makes of it."""
    if not line.isprintable():
        line = "".join(escape(one) if unicodedata.category(one) in _HIDDEN else one for one in line)
    return _COMMAND_SIGN.sub(lambda sign: sign[0][:-1] + escape(sign[0][-1]), line)


def _escape_as_python(character: str) -> str:
    escaped = character.encode("unicode_escape").decode()
    return escaped if escaped != character else f"\\x{ord(character):02x}"
