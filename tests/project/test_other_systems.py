"""What can be told on this system of others: the app needs nothing that only POSIX systems have.

Windows itself is not run here, nor macOS; .github/workflows/tests.yml runs the unit tests there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.test_layers import MODULES
from tests.support.programs import ROOT

pytestmark = pytest.mark.system

BEGIN = """
import importlib
import os
import sys
from pathlib import Path

from tests.support import without_posix

without_posix.take_away()
import django
from django.conf import settings

django.setup()
folder = Path(sys.argv[1])
settings.DOWNTIME_FLAG_FILE, settings.DOWNTIME_SCHEDULE_FILE = folder / "downtime.flag", folder / "downtime.yml"
"""
USE = """
from django.core.management import call_command
from django.test import Client

from downtime.test import site_down


def run(*arguments):
    call_command(*arguments)
    print(arguments[0], Client().get("/").status_code)


print("up", Client().get("/").status_code)
run("downtime_start", "--no-wait", "--message", "Back at four.")
run("downtime_status")
run("downtime_start", "--no-wait", "--message", "Back at five.")
run("downtime_end")
run("downtime_schedule", "disks", "--start", "+1d", "--for", "2h", "--no-wait")
run("downtime_schedule", "now", "--start", "2026-01-01", "--end", "2090-01-01", "--no-wait")
run("downtime_schedule", "dry", "--start", "+2d", "--for", "2h", "--dry-run")
run("downtime_cancel", "now")
run("downtime_check")
run("downtime_edit")
run("downtime_page", "--to", str(folder / "page.html"))
with site_down():
    print("site_down", Client().get("/").status_code)
print(sorted(path.name for path in folder.iterdir()))
"""


def ran(code: str, folder: Path) -> list[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.bare_settings", "EDITOR": "true"}
    command = [sys.executable, "-c", BEGIN + code, str(folder)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout.splitlines()


def test_every_module_can_be_imported_without_what_only_posix_has(tmp_path: Path) -> None:
    names = sorted({*(f"downtime.{name}" for name in MODULES)} - {"downtime.admin"})
    code = f"for name in {names}:\n    importlib.import_module(name)\nprint(len(sys.modules))"
    assert ran(code, tmp_path)


def test_the_site_and_its_commands_work_without_what_only_posix_has(tmp_path: Path) -> None:
    printed = ran(USE, tmp_path)
    told = [line for line in printed if line.startswith(("up ", "downtime_", "site_down ", "["))]
    assert told == [
        "up 200",
        "downtime_start 503",
        "downtime_status 503",
        "downtime_start 503",
        "downtime_end 200",
        "downtime_schedule 200",
        "downtime_schedule 503",
        "downtime_schedule 503",
        "downtime_cancel 200",
        "downtime_check 200",
        "downtime_edit 200",
        "downtime_page 200",
        "site_down 503",
        "['.downtime.yml.lock', 'downtime.yml', 'page.html', 'page.json']",
    ]
