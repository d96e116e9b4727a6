"""Calls management commands in this process."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command


def run(command: str, *arguments: str) -> str:
    """What the command writes."""
    output = StringIO()
    call_command(command, *arguments, stdout=output, stderr=output)
    return output.getvalue()


def refusal(command: str, *arguments: str) -> str:
    """Why the command can't do what it was asked."""
    with pytest.raises(CommandError) as error:
        run(command, *arguments)
    assert error.value.returncode == 1
    return str(error.value)
