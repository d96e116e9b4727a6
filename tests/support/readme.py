"""README.rst and the guides beside the samples: their text, their blocks, and which test runs each block."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

import yaml

from downtime.files.flag_file import FLAG_KEYS
from tests.support.programs import ROOT

DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in (ROOT / "README.rst", *sorted(ROOT.glob("sample_config/*/README.rst")))
}
"""The text of each document by its path, README.rst first."""

TEXT = "\n".join(DOCUMENTS.values())
"""The text of all documents."""

_RUN = "tests/system/test_readme.py"
_IN_PROCESS = "tests/project/test_readme.py"

RUN_BY_KIND = {
    "settings": f"{_RUN}::test_the_project_has_no_error_with_these_settings",
    "schedule": f"{_IN_PROCESS}::test_a_schedule_has_no_problem",
    "flag": f"{_IN_PROCESS}::test_a_flag_has_no_problem",
    "template": f"{_IN_PROCESS}::test_a_template_shows_the_period_that_is_near",
    "synopsis": f"{_RUN}::test_the_commands_take_what_their_synopses_say",
}
"""The test that runs each block of a kind, as returned by `kind_of`."""

RUN_BY_WORDS = {
    "sample_config/manage.py runserver": "tests/project/test_sample_config.py",
    "touch sample_config/downtime.flag": "tests/project/test_sample_config.py",
    "pytest -n auto": f"{_IN_PROCESS}::test_ci_runs_what_everybody_runs",
    "pip install django-downtime": "tests/project/test_packaging.py",
    "touch downtime.flag  ": f"{_RUN}::test_a_flag_file_takes_the_site_down",
    "# here, wait for the requests": f"{_RUN}::test_a_deploy_is_down_from_its_first_command_to_its_last",
    "downtime_cancel new-disks": f"{_RUN}::test_a_period_can_be_planned_and_cancelled_in_the_sample_site",
    "guard.wsgi(": f"{_RUN}::test_a_project_that_can_not_be_imported_is_down_behind_its_guard",
    "# goes on until it is ended": f"{_RUN}::test_the_commands_take_what_their_synopses_say",
    "$ echo $?": f"{_RUN}::test_one_command_takes_every_host_down_and_names_those_that_do_not_follow",
    "PGOPTIONS": f"{_RUN}::test_a_migration_gives_up_while_something_holds_a_lock",
    "**/downtime.flag": "tests/project/test_sample_config.py",
    "def health": f"{_IN_PROCESS}::test_a_marked_view_passes_while_the_site_is_down",
    "class Webhook": f"{_IN_PROCESS}::test_marked_classes_pass_while_the_site_is_down",
    "downtime_link --hours 2": f"{_RUN}::test_the_link_is_printed",
    "downtime_page --to downtime.html": f"{_RUN}::test_the_page_and_its_details_are_written",
    "> downtime.flag": f"{_RUN}::test_a_text_in_the_flag_is_the_message",
    "def sorry": f"{_IN_PROCESS}::test_the_view_of_the_site_answers_while_it_is_down",
    "ALTER ROLE web": "tests/system/test_admin_polls.py",
    "office.register": f"{_IN_PROCESS}::test_an_admin_site_of_its_own_shows_the_periods",
    "live.is_down()         #": f"{_IN_PROCESS}::test_other_code_is_told_what_is_down",
    "def send_invoice": "tests/system/test_celery.py::test_each_invoice_is_sent_once",
    "class Chat": "tests/system/test_channels.py::test_sockets_are_closed_while_the_site_is_down",
    "htmx:responseError": "tests/browser/test_scripts.py",
    "new EventSource": "tests/browser/test_scripts.py",
    "proxy_next_upstream": "tests/system/test_clients_and_proxies.py",
    "{% block brand %}": "tests/browser/test_down_page.py::test_a_page_of_one_s_own_looks_as_in_the_readme",
    "style-src": "tests/browser/test_content_security_policy.py",
    ".git/hooks/pre-commit": "tests/management/test_downtime_check.py",
    "def only_reads": "tests/test_exemptions.py",
    "for 12 min": "tests/management/test_downtime_status.py",
    "because of storage-upgrade": "tests/management/test_downtime_status.py",
    "--path /shop/cart": f"{_RUN}::test_a_visit_at_another_time_is_told",
    "problems=$(": f"{_RUN}::test_cron_mails_what_is_wrong_with_the_schedule_and_nothing_else",
    "--downtime-accent": "tests/browser/test_banner.py::test_its_look_can_be_changed_as_the_readme_says",
    "downtime.urls": f"{_IN_PROCESS}::test_the_feeds_are_where_the_readme_says",
    "status.upcoming": "tests/browser/test_banner.py::test_a_front_end_shows_what_is_planned_as_the_readme_says",
    "class DownTest": f"{_RUN}::test_the_tests_of_a_site_pass",
    "periods_of_1.py": "tests/system/test_upgrade.py",
    "staging/downtime.yml": "tests/test___main__.py::test_several_schedules_are_checked_as_the_guide_says",
    "id: downtime-check": "tests/system/test_pre_commit.py",
    "def test_the_site_is_down": f"{_RUN}::test_the_test_case_passes",
    "sys.exit(": f"{_RUN}::test_a_script_does_nothing_while_the_site_is_down",
}
"""The test, or its file, that runs the block with these words, which it gets with `block("these words")`."""


@dataclass(frozen=True, slots=True)
class Block:
    """A literal block of a document: its first line there, its language (empty if none is named), and its text."""

    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def _blocks_of(document: str) -> Iterator[Block]:
    """The example of a setting, which stands in its line, is one too."""
    lines = DOCUMENTS[document].splitlines()
    for number, line in enumerate(lines):
        for example in re.findall(r"Example: ``(.+?)``$", line):
            yield Block(document, number + 1, "python", f"{example}\n")
        directive = re.fullmatch(r" *\.\. code-block:: *(\S*)", line)
        if not directive and (not line.endswith("::") or line.lstrip().startswith("..")):
            continue
        column = len(line) - len(line.lstrip())
        inside = takewhile(lambda text, at=column: not text[: at + 1].strip(), lines[number + 1 :])
        text = textwrap.dedent("\n".join(inside)).strip("\n")
        yield Block(document, number + 3, directive.group(1) if directive else "", f"{text}\n")


BLOCKS = tuple(block for document in DOCUMENTS for block in _blocks_of(document))


def block(words: str) -> Block:
    """The one block that contains these words."""
    found = [block for block in BLOCKS if words in block.text]
    assert len(found) == 1, f"{words!r} has to be in one block of the documents, and is in {found}"
    return found[0]


def kind_of(block: Block) -> str:
    """The kind of a block that needs no test of its own; empty for any other."""
    if block.language == "python":
        return "settings" if _are_settings(block.text) else ""
    if block.language == "yaml":
        return _kind_of_yaml(block.text)
    if block.language == "html+django":
        return "template"
    return "synopsis" if re.search(r"^python manage\.py downtime_\w+.*\[", block.text, re.MULTILINE) else ""


def _kind_of_yaml(text: str) -> str:
    try:
        keys = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        return ""
    if not isinstance(keys, dict):
        return ""
    return "schedule" if "periods" in keys else "flag" if set(keys) <= set(FLAG_KEYS) else ""


def of_kind(kind: str) -> list[Block]:
    """The blocks of a kind, at least one."""
    found = [block for block in BLOCKS if kind_of(block) == kind]
    assert found, kind
    return found


def synopses() -> list[str]:
    """How each command is called, in the order of the documents; in each form, if it has several."""
    text = "".join(block.text for block in of_kind("synopsis"))
    return re.findall(r"^(?:EDITOR=\w+ )?python manage\.py downtime_\w+.*(?:\n {4,}.+)*", text, re.MULTILINE)


def _are_settings(text: str) -> bool:
    """Whether the code only assigns names in capitals."""
    try:
        statements = ast.parse(text).body
    except SyntaxError:
        return False
    targets = [ast.unparse(target) for statement in statements for target in getattr(statement, "targets", [statement])]
    return all(re.fullmatch("[A-Z_]+", target) for target in targets)
