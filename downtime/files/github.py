"""Writes a problem as a workflow command, so that GitHub Actions shows it beside its line."""

from __future__ import annotations

from downtime.files.harmless import one_line

# As in https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts; the percent sign comes first.
_IN_DATA = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_IN_PROPERTIES = (*_IN_DATA, (":", "%3A"), (",", "%2C"))


def annotation(message: str, *, path: str = "", line: int = 0) -> str:
    """The command that shows the message as an error, at that line of the file if a file is given."""
    place = f" file={_escaped(path, _IN_PROPERTIES)},line={line}" if path else ""
    return f"::error{place}::{_escaped(message, _IN_DATA)}"


def _escaped(text: str, escapes: tuple[tuple[str, str], ...]) -> str:
    for character, escape in escapes:
        text = text.replace(character, escape)
    return one_line(text)
