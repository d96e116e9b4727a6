import pytest

from downtime.files.github import annotation
from tests.support.nasty_texts import NASTY, is_harmless

# As the package @actions/core of GitHub escapes them.
ESCAPED = {
    "nothing special": ("a b, c: d", "a b, c: d", "a b%2C c%3A d"),
    "percent": ("100%0A", "100%250A", "100%250A"),
    "line breaks": ("a\r\nb\nc", "a%0D%0Ab%0Ac", "a%0D%0Ab%0Ac"),
    "a command": ("::error::a", r"\x3a:error::a", "%3A%3Aerror%3A%3Aa"),
    "letters": ("größer 日本語", "größer 日本語", "größer 日本語"),
}


@pytest.mark.parametrize(("text", "in_data", "in_property"), ESCAPED.values(), ids=ESCAPED)
def test_each_part_of_the_command_is_escaped_as_github_reads_it(text: str, in_data: str, in_property: str) -> None:
    assert annotation(text) == f"::error::{in_data}"
    assert annotation("m", path=text, line=3) == f"::error file={in_property},line=3::m"


@pytest.mark.parametrize("text", [text for text, _ in NASTY.values()], ids=NASTY)
def test_whatever_a_file_holds_the_command_is_one_line_and_the_only_one(text: str) -> None:
    line = annotation(text, path=text, line=1)
    assert line.startswith("::error file=")
    assert is_harmless(line.removeprefix("::"))
