"""Lines up text in columns, as wide as a terminal shows it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import accumulate

_GAP = "  "
_ELLIPSIS = "…"


def display_width(text: str) -> int:
    """How many columns of a terminal the text takes: two for each wide East Asian character, none for an accent."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def cut(text: str, width: int | None) -> str:
    """The text if it fits into that width or if there is none; otherwise its beginning and an ellipsis."""
    if width is None or display_width(text) <= width:
        return text
    ends = accumulate(map(_width, text))
    kept = text[: sum(end <= width - len(_ELLIPSIS) for end in ends)]
    words = kept.rstrip()
    return words + (_ELLIPSIS if words == kept else f" {_ELLIPSIS}")


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines, with their cells in columns."""
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    return [_line(cells, widths) for cells in rows]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - display_width(cell)) for cell, width in zip(cells, widths, strict=True))
    return _GAP.join(padded).rstrip()
