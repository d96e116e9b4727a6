"""The small site of tests/typed_project, which mypy checks, works as well."""

import os
import subprocess
import sys

import pytest

from tests.support.programs import ROOT

pytestmark = pytest.mark.system


def test_its_own_suite_passes() -> None:
    command = [sys.executable, "-W", "error", "-m", "django", "test", "tests.typed_project.suite"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.typed_project.settings"}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert "Ran 5 tests" in ran.stderr


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_its_application_can_be_loaded_behind_the_guard(kind: str) -> None:
    command = [sys.executable, "-c", f"from tests.typed_project.{kind} import application; print(application)"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.typed_project.settings"}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert f"{kind.upper()}Handler" in ran.stdout, ran.stderr


def test_mypy_is_told_to_check_it() -> None:
    assert "files = downtime, tests/typed_project\n" in (ROOT / "setup.cfg").read_text()
