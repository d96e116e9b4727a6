"""Imports point down only: each room may import those before it in the list, and nothing else of the package."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import downtime

PACKAGE = Path(downtime.__file__).parent
ROOMS = [
    "schedule.url_paths",
    "schedule.recurrence",
    "schedule.periods",
    "schedule.site_status",
    "admin_page.rows",
    "admin_page.timeline",
    "admin_page.shell_commands",
    "schedule.occurrence",
    "http.client_address",
    "schedule.converters",
    "files.disk",
    "files.atomic_write",
    "reload.path_resolution",
    "files.yaml_nodes",
    "reload.watch",
    "conf",
    "reload.stability",
    "files.fields",
    "files.parser",
    "files.flag_file",
    "files.loading",
    "edits.spans",
    "edits.yaml_writer",
    "edits.splices",
    "edits.end",
    "edits.add",
    "edits.cancel",
    "files.rewriting",
    "reload.supervisor",
    "reload.schedule_tracker",
    "reload.snapshot",
    "live",
    "http.throttled_log",
    "http.calling",
    "http.redirects",
    "decorators",
    "http.routing",
    "http.bypass",
    "exemptions",
    "http.negotiation",
    "http.pages",
    "http.responses",
    "middleware",
    "setting_rules",
    "checks",
    "context_processors",
    "templatetags.downtime",
    "admin_page.file_status",
    "admin_page.wording",
    "admin_page.columns",
    "admin_page.timeline_svg",
    "admin_page.status_panel",
    "admin_page.changelist",
    "admin",
    "management.output",
    "management.arguments",
    "management.base",
    "management.editor",
    "management.commands.downtime_cancel",
    "management.commands.downtime_check",
    "management.commands.downtime_edit",
    "management.commands.downtime_end",
    "management.commands.downtime_link",
    "management.commands.downtime_schedule",
    "management.commands.downtime_start",
    "management.commands.downtime_status",
    "apps",
]
# These know no Django and no clock: time, paths and zone come in as arguments.
CORE = [
    *[
        "schedule.url_paths",
        "schedule.recurrence",
        "schedule.periods",
        "schedule.converters",
        "files.disk",
        "files.atomic_write",
        "reload.path_resolution",
        "files.yaml_nodes",
        "reload.watch",
        "reload.stability",
    ],
    *[
        "files.fields",
        "files.parser",
        "files.flag_file",
        "files.loading",
        "edits.spans",
        "edits.yaml_writer",
        "edits.splices",
        "edits.end",
    ],
    *[
        "edits.add",
        "edits.cancel",
        "files.rewriting",
        "schedule.occurrence",
        "http.client_address",
        "schedule.site_status",
        "admin_page.rows",
        "admin_page.timeline",
        "admin_page.shell_commands",
    ],
]
WRITERS = [room for room in ROOMS if room.startswith(("edits.", "files.rewriting", "management"))]
ONLY_IMPORTERS = {
    "watchdog": {"reload.watch"},
    "cronsim": {"schedule.recurrence"},
    "yaml": {"files.yaml_nodes", "files.flag_file", "edits.yaml_writer"},
    "threading": {"reload.supervisor", "reload.snapshot", "reload.watch"},
}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}


def tree_of(room: str) -> ast.Module:
    return ast.parse(PACKAGE.joinpath(*room.split(".")).with_suffix(".py").read_text())


def imports(room: str) -> Iterator[str]:
    """The full name of all that a room imports, be it nested in a function or only for the types."""
    for node in ast.walk(tree_of(room)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{room} imports relatively on line {node.lineno}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_of(room: str) -> set[str]:
    """The rooms that a room imports, or imports something from."""
    own = [name.removeprefix("downtime.") for name in imports(room) if name.partition(".")[0] == "downtime"]
    found = {next((known for known in ROOMS if f"{name}.".startswith(f"{known}.")), name) for name in own}
    return found - {room}


def test_every_module_has_its_place_in_the_list() -> None:
    modules = (path.relative_to(PACKAGE).with_suffix("").parts for path in PACKAGE.rglob("*.py"))
    assert sorted(".".join(parts) for parts in modules if parts[-1] != "__init__") == sorted(ROOMS)


def test_a_package_itself_is_empty() -> None:
    assert [path for path in PACKAGE.rglob("__init__.py") if path.read_text().strip()] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_below_it(room: str) -> None:
    assert rooms_of(room) <= set(ROOMS[: ROOMS.index(room)])


@pytest.mark.parametrize("room", WRITERS)
def test_what_edits_the_files_does_not_know_this_process_s_picture_of_them(room: str) -> None:
    reached, waiting = set[str](), [room]
    while waiting:
        waiting += rooms_of(waiting.pop()) - reached
        reached.update(waiting)
    assert not reached & {"live", "reload.snapshot", "reload.supervisor", "reload.schedule_tracker", "reload.watch"}


@pytest.mark.parametrize("library", ONLY_IMPORTERS)
def test_a_library_is_known_to_few(library: str) -> None:
    importers = {
        room
        for room in ROOMS
        for name in imports(room)
        if name.partition(".")[0] == library and not name.startswith("yaml.nodes.")
    }
    assert importers == ONLY_IMPORTERS[library]


@pytest.mark.parametrize("room", CORE)
def test_the_core_knows_no_django(room: str) -> None:
    known = {name for name in imports(room) if name.partition(".")[0] == "django"}
    assert known == ({"django.core.files.locks"} if room == "files.atomic_write" else set())


@pytest.mark.parametrize("room", CORE)
def test_the_core_knows_no_clock(room: str) -> None:
    read = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree_of(room))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in CLOCKS
    }
    assert not {name for name in read if name.partition(".")[0] in ("datetime", "date", "time", "timezone")}
    assert not {name for name in imports(room) if name.startswith("time.")}


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "reload.supervisor"])
def test_imports_stand_at_the_top_but_where_they_cost_too_much(room: str) -> None:
    functions = [node for node in ast.walk(tree_of(room)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    nested = [node for function in functions for node in ast.walk(function)]
    assert not [node.lineno for node in nested if isinstance(node, ast.Import | ast.ImportFrom)]
