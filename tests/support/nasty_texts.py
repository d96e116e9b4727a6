"""Texts that a terminal or a CI system would obey, and how they are printed."""

import unicodedata

NASTY = {
    "escape sequence": ("\x1b[2J\x1b[1;1HThe site is up.", r"\x1b[2J\x1b[1;1HThe site is up."),
    "line break": ("a\n::error file=x::b", r"a\n::error file=x::b"),
    "carriage return": ("a\r::error::b", r"a\r::error::b"),
    "tab and back": ("a\tb\bc", r"a\tb\x08c"),
    "DEL": ("a\x7f", r"a\x7f"),
    "C1": ("a\x85\x9b2Jb", r"a\x85\x9b2Jb"),
    "line and paragraph separators": ("a\u2028b\u2029", r"a\u2028b\u2029"),
    "bidi": ("a\u202eb\u2066c\u200f", r"a\u202eb\u2066c\u200f"),
    "zero width": ("a\u200b\u200d\ufeffb\xad", r"a\u200b\u200d\ufeffb\xad"),
    "tags": ("a\U000e0041", r"a\U000e0041"),
    "a byte that is no UTF-8": ("a\udcff", r"a\udcff"),
    "a command of GitHub": ("::error::a", r"\x3a:error::a"),
    "an indented command of GitHub": ("  ::error::a", r"  \x3a:error::a"),
    "an old command of GitHub": ("a ##[add-mask]b", r"a \x23#[add-mask]b"),
    "a command of Azure": ("a ###vso[task.x]b", r"a #\x23#vso[task.x]b"),
}
VISIBLE = ["", "We are moving.", "Größer — 5\xa0€, 日本語, 🚧", "a::b", "# a ## b", "[x]", r"C:\new", "a\ue000"]


def is_harmless(text: str) -> bool:
    lines = text.split("\n")
    return not any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp") for line in lines for one in line) and (
        not any(line.lstrip().startswith("::") or "##[" in line or "##vso[" in line for line in lines)
    )
