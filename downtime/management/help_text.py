"""The help of the commands: Django's own, with examples below it that stay as they are written."""

from __future__ import annotations

import os
from collections.abc import Iterable

from django.core.management.base import DjangoHelpFormatter


class HelpFormatter(DjangoHelpFormatter):
    """Wraps text as Django's own does, except for indented lines, which it keeps."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill = super()._fill_text
        return "\n".join(one if one.startswith(" ") else fill(one, width, indent) for one in text.splitlines())


def examples_text(program: str, examples: Iterable[str]) -> str:
    """The examples, each on a line of its own; a `$` stands for that program."""
    return "\n".join(["examples:", *(f"  {example.replace('$', program)}" for example in examples)])


def program_name(path: str) -> str:
    """What people type to run the program of that path: manage.py, django-admin or python -m django."""
    name = os.path.basename(path)
    return "python -m django" if name == "__main__.py" else name
