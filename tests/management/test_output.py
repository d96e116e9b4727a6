"""What the commands print is theirs: no character of a file moves a cursor, begins a line or speaks to CI."""

import ast
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import downtime.management
from downtime.management.output import CommandError, as_json, one_line
from tests.support.commands import told

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


@pytest.mark.parametrize(("text", "expected"), NASTY.values(), ids=NASTY)
def test_what_a_terminal_or_ci_could_obey_is_escaped(text: str, expected: str) -> None:
    assert one_line(text) == expected
    assert one_line(expected) == expected
    assert is_harmless(expected)


@pytest.mark.parametrize("text", VISIBLE, ids=ascii)
def test_what_people_can_see_stays_as_it_is(text: str) -> None:
    assert one_line(text) == text


@pytest.mark.parametrize("text", [*VISIBLE, *(text for text, _ in NASTY.values())], ids=ascii)
def test_json_means_what_it_is_made_of_and_is_as_harmless(text: str) -> None:
    written = as_json({"message": [text]})
    assert json.loads(written) == {"message": [text]}
    assert is_harmless(written)


def test_an_error_has_a_line_for_each_of_its_lines() -> None:
    error = CommandError("a\nb", "::c", returncode=3)
    assert (str(error), error.returncode) == ("a\\nb\n\\x3a:c", 3)


IN_A_FILE = "x" + "".join(text for text, _ in NASTY.values()).replace("\udcff", "")
PROBLEMS = {
    "periods": [
        {IN_A_FILE: 1, "start": IN_A_FILE, "timezone": IN_A_FILE, "cron": IN_A_FILE},
        {"redirect": f"http://\u2100{IN_A_FILE}", "paths": [IN_A_FILE], "name": IN_A_FILE},
        {"name": "##[x]", "start": "2099-01-01"},
        {"name": "##[x]", "start": "2099-01-01"},
    ]
}
SOUND = {"name": "##[x]", "message": IN_A_FILE, "paths": ["/\x9b\u202e\x85\u2028"]}
TEXTS = {
    "active": yaml.safe_dump({"periods": [{"start": "2020-01-01", **SOUND}]}),
    "coming": yaml.safe_dump({"periods": [{"start": "2099-01-01", **SOUND}]}),
    "problems": yaml.safe_dump(PROBLEMS),
    "no YAML": f"a: *{IN_A_FILE}",
    "a flag": yaml.safe_dump({"message": IN_A_FILE, "end": IN_A_FILE}),
}
COMMANDS = {
    "status": ["downtime_status"],
    "status in JSON": ["downtime_status", "--json"],
    "check": ["downtime_check"],
    "edit": ["downtime_edit"],
    "schedule": ["downtime_schedule", "new", "--start", "2099-01-01", "--for", "1h", "--message", IN_A_FILE],
    "end": ["downtime_end"],
    "cancel": ["downtime_cancel", "##[x]"],
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_command_prints_what_a_file_holds_as_it_is(
    schedule: Path, flag: Path, editor: Callable[..., Path], text: str, command: list[str]
) -> None:
    (flag if text is TEXTS["a flag"] else schedule).write_text(text)
    editor('echo >> "$1"')
    printed = told(*command)
    assert printed
    assert is_harmless(printed), printed


@pytest.mark.parametrize("text", [None, "", "periods: [{start: x}]"], ids=["missing", "sound", "unsound"])
def test_a_path_can_not_begin_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("::error::\n::error::\x1b\u202e")
    if text is not None:
        path.write_text(text)
    first, *others = told("downtime_check", str(path)).splitlines()
    assert first.startswith(r"\x3a:error::\n::error::\x1b\u202e")
    assert not any("error" in line for line in others)


def test_everything_that_is_printed_comes_from_here() -> None:
    """Each text that is written is a constant or made harmless, and each CommandError is the one of this module."""
    printers = (".stdout.write", ".stderr.write", "self.write")
    for path in Path(downtime.management.__file__).parent.rglob("*.py"):
        nodes = [*ast.walk(ast.parse(path.read_text()))]
        imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
        sources = {node.module for node in imports if "CommandError" in (alias.name for alias in node.names)}
        assert sources <= {"downtime.management.output"}, path
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        written = [ast.unparse(call.args[0]) for call in calls if ast.unparse(call.func).endswith(printers)]
        if path.stem == "base":
            written.remove("text")  # of the method that all others call
        assert [text for text in written if not text.startswith(("one_line(", "as_json(", "'"))] == [], path
