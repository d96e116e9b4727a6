"""The tests mirror the package: each module has its test file, and each test file there names a module."""

from pathlib import Path

import pytest

from tests.project.test_layers import MODULES

TESTS = Path(__file__).parents[1]
OF_THE_WHOLE = {"browser", "project", "security", "system"}


def mirrored(module: str) -> str:
    """Where the tests of a module are, below tests/."""
    parts = [part for part in module.split(".") if part != "commands"]
    if parts[0] == "templatetags":  # the only one there
        parts = parts[:1]
    return "/".join([*parts[:-1], f"test_{parts[-1]}.py"])


FILES = {mirrored(module) for module in MODULES}


@pytest.mark.parametrize("path", sorted(FILES))
def test_each_module_has_its_test_file(path: str) -> None:
    assert "def test_" in (TESTS / path).read_text()


def test_each_test_file_is_that_of_a_module() -> None:
    found = {path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    assert {str(path) for path in found if path.parts[0] not in OF_THE_WHOLE} <= FILES
