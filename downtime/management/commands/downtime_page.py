"""manage.py downtime_page: renders the page into a file, to be served while Django does not answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from downtime.conf import conf, file_conflict, page_conflict, twin_of
from downtime.files.atomic_write import CannotWrite, replace_followed
from downtime.http.prerendered import Prerendered, prerender
from downtime.management import arguments, page_file
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError
from downtime.management.page_file import Report
from downtime.schedule.periods import Answer

_NO_FILE = (
    "DOWNTIME_PAGE_FILE names no file that the page can be kept in; name one there, or give --to FILE "
    "(manage.py check says what is wrong with the setting)"
)


class Command(DowntimeCommand):
    """Writes the page and its problem details to files, or one of them to the standard output."""

    help = (
        "Renders the down page for a guard or a front server, which show it while Django can't answer: the neutral"
        " page, or the one of a flag that is raised for the whole site; and beside it, as .json, the problem "
        "details for clients that prefer JSON. Meant for image builds."
    )
    examples = (
        "$ downtime_page --to downtime.html",
        "$ downtime_page --json --to -",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="the problem details alone")
        what = "that file instead of DOWNTIME_PAGE_FILE; - for the standard output"
        parser.add_argument("--to", metavar="FILE", help=what)

    def handle(self, *args: Any, **options: Any) -> None:
        is_json, is_printed = options["json"], options["to"] == "-"
        path = "" if is_printed else _path(options["to"], is_json=is_json)
        rendered = _rendered(self.state().answer)
        for trouble in page_file.render_troubles(rendered):
            self.warn(f"{trouble}.")
        if is_printed:
            self.write_bytes(rendered.problem if is_json else rendered.page)
            return
        contents = {path: rendered.problem} if is_json else page_file.contents(path, rendered)
        _write(contents)
        page_file.tell(self, Report(tuple(contents)), of="the problem details" if is_json else "the page")


def _rendered(answer: Answer) -> Prerendered:
    try:
        return prerender(*page_file.subject_of(answer))
    except Exception as error:  # a setting of the site, a character encoding say, can break anything
        raise CommandError(f"the page can't be rendered: {type(error).__name__}: {error}") from error


def _write(contents: dict[str, bytes]) -> None:
    """Writes one file after the other; ends the command at the first that can't be written."""
    try:
        for path, content in contents.items():
            replace_followed(path, content)
    except CannotWrite as error:
        raise CommandError(str(error)) from error


def _path(to: str | None, *, is_json: bool) -> str:
    """Where the page belongs, or the problem details if written alone; ends the command if there is no such place."""
    if to is not None:
        return arguments.convert("--to", to, _json_path if is_json else _page_path)
    if conf.DOWNTIME_PAGE_FILE is None:
        raise CommandError(_NO_FILE)
    return twin_of(conf.DOWNTIME_PAGE_FILE) if is_json else conf.DOWNTIME_PAGE_FILE


def _page_path(text: str) -> str:
    return _checked(text, page_conflict)


def _json_path(text: str) -> str:
    return _checked(text, file_conflict)


def _checked(text: str, conflict_of: Callable[[str], str]) -> str:
    if not text:
        raise ValueError("it must be a file, or - for the standard output")
    path = os.path.abspath(text)
    if conflict := conflict_of(path):
        raise ValueError(conflict)
    return path
