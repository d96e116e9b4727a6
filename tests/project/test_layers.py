"""Who may import whom: each room of the package imports rooms of the floors below it, and only those that it needs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import downtime

PACKAGE = Path(downtime.__file__).parent
MAY_IMPORT = {
    "schedule": set[str](),
    "conf": set(),
    "decorators": set(),
    "files": {"schedule"},
    "__main__": {"files"},
    "http": {"schedule", "conf", "decorators"},
    "edits": {"schedule", "files"},
    "reload": {"schedule", "files", "conf"},
    "exemptions": {"schedule", "http", "conf"},
    "live": {"schedule", "reload", "conf"},
    "test": {"schedule", "live"},
    "checks": {"schedule", "files", "http", "conf", "decorators", "exemptions"},
    "fleet": {"files"},
    "visit": {"schedule", "http", "conf", "exemptions"},
    "management": {"schedule", "files", "edits", "http", "conf", "exemptions", "fleet", "checks", "visit"},
    "standin": {"schedule", "files", "reload", "http", "conf"},
    "guard": {"standin"},
    "middleware": {"schedule", "live", "exemptions", "http", "conf"},
    "feeds": {"schedule", "http", "live", "decorators"},
    "urls": {"feeds"},
    "context_processors": {"schedule", "live"},
    "templatetags": {"schedule", "http", "feeds"},
    "admin_page": {"schedule", "files", "reload", "live", "http", "conf", "visit"},
    "apps": {"checks"},
    "admin": {"admin_page"},
}
"""Each package, and each module of the top level; a room stands below those that may import it."""

MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if path.name != "__init__.py"
)
WITHOUT_DJANGO = [name for name in MODULES if name.partition(".")[0] in ("schedule", "files", "edits", "__main__")]
# Time, paths and zone come in as arguments here too.
PURE = [
    *WITHOUT_DJANGO,
    *("reload.watch", "reload.path_resolution", "reload.stability", "http.client_address"),
    *("admin_page.rows", "admin_page.timeline", "admin_page.shell_commands"),
]
ONLY_IMPORTERS = {
    "watchdog": {"reload.watch"},
    "cronsim": {"schedule.cron_search"},
    "icalendar": {"feeds.calendar"},
    "yaml": {"files.yaml_nodes", "files.pure_yaml", "files.flag_file", "edits.yaml_writer"},
    "threading": {
        *("reload.supervisor", "reload.process_state", "reload.reading", "reload.turn", "reload.watch"),
        *("standin.process_lock", "fleet.engine", "management.commands.downtime_follow"),
    },
}
VERSION = "downtime.__version__"
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}
# The lock helper is Django's, and only who writes needs it.
LATE = {"files.lock": {"django.core.files.locks"}}
# Those of the guard and the feeds import what may be missing, or what the other kind of server needs, only if it is
# asked for.
IMPORTING_LATE = {
    *("reload.supervisor", "guard", "standin.observer", "standin.agreement", "feeds.views"),
    *LATE,
}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(PACKAGE.joinpath(*module.split(".")).with_suffix(".py").read_text())


@cache
def imports(module: str) -> tuple[str, ...]:
    """The full name of all that a module imports, be it nested in a function or only for the types."""
    return tuple(_imports(module))


def _imports(module: str) -> Iterator[str]:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively on line {node.lineno}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(module: str) -> set[str]:
    """The modules of the package that a module imports, or imports something from."""
    # The version is all that the package itself holds, so that it belongs to no room.
    named = [name for name in imports(module) if name.partition(".")[0] == "downtime" and name != VERSION]
    own = [name.removeprefix("downtime.") for name in named]
    return {next((known for known in MODULES if f"{name}.".startswith(f"{known}.")), name) for name in own}


def room_of(module: str) -> str:
    return module.partition(".")[0]


def test_every_module_has_its_room() -> None:
    assert {room_of(module) for module in MODULES} == set(MAY_IMPORT)


@pytest.mark.parametrize("module", MODULES)
def test_no_property_is_cached_under_a_lock(module: str) -> None:
    """As that of functools is before Python 3.12, which would keep every thread waiting for one; Django's is not."""
    assert "functools.cached_property" not in set(imports(module))


def test_a_package_itself_is_empty() -> None:
    packages = [path for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE]
    assert [path for path in packages if path.read_text()] == []


def test_the_package_of_all_holds_the_version_and_nothing_else() -> None:
    [statement] = ast.parse(PACKAGE.joinpath("__init__.py").read_text()).body
    assert isinstance(statement, ast.Assign)
    assert ast.unparse(statement) == f"__version__ = {downtime.__version__!r}"


def test_every_module_that_a_rule_names_is_there() -> None:
    named = {*PURE, *IMPORTING_LATE, *(module for modules in ONLY_IMPORTERS.values() for module in modules)}
    assert named <= set(MODULES)


def test_the_rooms_stand_one_above_the_other() -> None:
    TopologicalSorter(MAY_IMPORT).prepare()  # raises CycleError


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_rooms_that_it_may(room: str) -> None:
    reached = {room_of(name) for module in MODULES if room_of(module) == room for name in own_imports(module)}
    assert reached - {room} <= MAY_IMPORT[room]


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_no_modules_of_a_room_import_each_other_in_a_circle(room: str) -> None:
    inside = [module for module in MODULES if room_of(module) == room]
    TopologicalSorter({module: own_imports(module) & set(inside) for module in inside}).prepare()  # raises CycleError


@pytest.mark.parametrize("library", ONLY_IMPORTERS)
def test_a_library_is_known_to_few(library: str) -> None:
    importers = {
        module
        for module in MODULES
        for name in imports(module)
        if name.partition(".")[0] == library and not name.startswith("yaml.nodes.")
    }
    assert importers == ONLY_IMPORTERS[library]


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_knows_no_django(module: str) -> None:
    known = {name for name in imports(module) if name.partition(".")[0] == "django"}
    assert known == LATE.get(module, set())


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_knows_no_clock(module: str) -> None:
    read = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in CLOCKS
    }
    assert not {name for name in read if name.partition(".")[0] in ("datetime", "date", "time", "timezone")}
    assert not {name for name in imports(module) if name.startswith("time.")}


def test_what_reads_and_edits_the_files_can_be_imported_without_django() -> None:
    code = "import sys\nsys.modules['django'] = None\n" + "".join(
        f"import downtime.{name}\n" for name in WITHOUT_DJANGO
    )
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_whatever_the_guard_imports_at_first_needs_the_standard_library_alone() -> None:
    """Also what it imports to answer, but for the reading of the files, whose absence it survives."""
    needed = [name for name in MODULES if name == "guard" or (room_of(name) == "standin" and name != "standin.meaning")]
    code = "import sys\n" + "".join(f"import downtime.{name}\n" for name in needed)
    command = [sys.executable, "-S", "-c", code]
    ran = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("module", [module for module in MODULES if module not in IMPORTING_LATE])
def test_imports_stand_at_the_top_except_where_they_cost_too_much(module: str) -> None:
    functions = [node for node in ast.walk(tree_of(module)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    nested = [node for function in functions for node in ast.walk(function)]
    assert not [node.lineno for node in nested if isinstance(node, ast.Import | ast.ImportFrom)]
