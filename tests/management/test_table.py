"""Columns of text, as wide as a terminal shows it."""

import pytest

from downtime.management.table import aligned, cut, display_width


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("disks", 5),
        ("".join(map(chr, range(128))), 128),
        ("ディスク", 8),
        ("\N{FULLWIDTH LATIN SMALL LETTER D}", 2),
        ("é", 1),
        ("e\u0301", 1),
        ("🚧", 2),
    ],
)
def test_a_wide_character_takes_two_columns_and_an_accent_none(text: str, width: int) -> None:
    assert display_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("storage", None, "storage"),
        ("storage", 7, "storage"),
        ("storage", 6, "stora…"),
        ("storage  upgrade", 10, "storage …"),
        ("ディスク", 7, "ディス…"),
        ("ディスク", 6, "ディ…"),
        ("ディスク", 1, "…"),
    ],
)
def test_what_does_not_fit_is_cut_and_never_wider(text: str, width: int | None, expected: str) -> None:
    assert cut(text, width) == expected
    assert width is None or display_width(cut(text, width)) <= width


def test_columns_begin_below_each_other() -> None:
    assert aligned([("IN", "PERIOD", "X"), ("3 h", "ディスク", "a"), ("12 min", "disks", "")]) == [
        "IN      PERIOD    X",
        "3 h     ディスク  a",
        "12 min  disks",
    ]
    assert aligned([]) == []
