"""What the commands print is theirs: no character of a file moves a cursor, begins a line or speaks to CI."""

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import downtime.management
from downtime.management.output import CommandError, as_json, encodable
from tests.support.commands import told
from tests.support.nasty_texts import NASTY, VISIBLE, is_harmless


@pytest.mark.parametrize("text", [*VISIBLE, *(text for text, _ in NASTY.values())], ids=ascii)
def test_json_means_what_it_is_made_of_and_is_as_harmless(text: str) -> None:
    written = as_json({"message": [text]})
    assert json.loads(written) == {"message": [text]}
    assert is_harmless(written)


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("Größer 🚧", "utf-8", "Größer 🚧"),
        ("Größer 🚧", None, "Größer 🚧"),
        ("Größer 🚧", "latin-1", r"Größer \ud83d\udea7"),
        ("Größer 🚧", "ascii", r"Gr\u00f6\u00dfer \ud83d\udea7"),
        ("ü" * 5_000, "ascii", r"\u00fc" * 5_000),
    ],
    ids=["UTF-8", "not known", "Latin 1", "ASCII", "long"],
)
def test_what_an_output_lacks_is_escaped_so_that_json_stays_json(text: str, encoding: str, expected: str) -> None:
    assert encodable(text, encoding) == expected
    assert json.loads(encodable(as_json([text]), encoding)) == [text]


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
        if path.stem == "output":
            written.remove("text")  # of the method that all others call
            written.remove("text")  # of the one by which a page goes into a file or a pipe
            written.remove("line")  # a harmless one, with paint
            written.remove("paint(one_line(text))")
        assert [text for text in written if not text.startswith(("one_line(", "as_json(", "'"))] == [], path
