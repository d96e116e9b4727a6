"""The help of the commands."""

import re

import pytest
from django.core.management import load_command_class

from downtime.management.help_text import examples_text, program_name
from tests.management.test_base import COMMANDS


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/srv/shop/manage.py", "manage.py"),
        ("/usr/lib/python3/site-packages/django/__main__.py", "python -m django"),
        ("python -m django", "python -m django"),
        ("django-admin", "django-admin"),
    ],
)
def test_a_program_is_called_as_people_type_it(path: str, name: str) -> None:
    assert program_name(path) == name


def test_each_example_has_a_line_of_its_own_and_names_the_program() -> None:
    assert examples_text("manage.py", ["$ downtime_end", "git show :downtime.yml | $ downtime_check -"]) == (
        "examples:\n  manage.py downtime_end\n  git show :downtime.yml | manage.py downtime_check -"
    )


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_wraps_its_text_and_keeps_its_examples(
    name: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    command = load_command_class("downtime", name)
    lines = command.create_parser("/srv/manage.py", name).format_help().splitlines()
    examples = lines[lines.index("examples:") + 1 :]
    assert examples == [f"  {example.replace('$', 'manage.py')}" for example in command.examples]
    # Django's own order: what all commands have comes last.
    options = [line.split()[0] for line in lines if re.match("  --", line)]
    assert options[-1] == "--force-color"
    text = lines[lines.index("") + 1 : lines.index("options:")]
    assert " ".join(filter(None, text)).startswith(command.help[:20])
    assert max(map(len, text)) <= columns


def test_the_help_names_the_program_that_was_called(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load_command_class("downtime", "downtime_end").run_from_argv(
            ["/lib/django/__main__.py", "downtime_end", "--help"]
        )
    printed = capsys.readouterr().out
    assert printed.startswith("usage: python -m django downtime_end ")
    assert "\n  python -m django downtime_end --dry-run\n" in printed


def test_what_is_to_be_done_next_is_a_command_of_the_program_that_was_called(
    flag: object, capsys: pytest.CaptureFixture[str]
) -> None:
    load_command_class("downtime", "downtime_start").run_from_argv(["manage.py", "downtime_start"])
    load_command_class("downtime", "downtime_status").run_from_argv(["/x/__main__.py", "downtime_status"])
    assert capsys.readouterr().out.endswith("\n\nBring it back: python -m django downtime_end\n")
