"""CONTRIBUTING.md and the configuration of the tools say what is there."""

import re

import pytest

from tests.project.test_layers import MAY_IMPORT
from tests.support.programs import ROOT

GUIDE = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
QUOTED = sorted(set(re.findall(r"`([^`\s]+)`", GUIDE)))
# A function or class that the guide names, and where.
NAMED = re.findall(r"`(\w+)`(?: from| in|,? \(in)? `(downtime/[\w/]+\.py)`", GUIDE)
PATHS = [text for text in QUOTED if re.match(r"(downtime|tests|sample_config)/|\.ci/|README", text)]
ROWS = re.findall(r"^\| `(\w+)` \| (nothing|`\w+`(?:, `\w+`)*) \|$", GUIDE, re.MULTILINE)


@pytest.mark.parametrize("path", PATHS)
def test_every_path_that_the_guide_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("name", "path"), NAMED, ids=[name for name, _ in NAMED])
def test_every_name_is_where_the_guide_says(name: str, path: str) -> None:
    assert re.search(rf"^ *(?:def|class) {name}\b", (ROOT / path).read_text(), re.MULTILINE)


def test_the_guide_names_paths_and_functions_at_all() -> None:
    assert len(PATHS) > 40
    assert {"copy_response", "period_of", "edit_schedule", "DowntimeCommand"} <= {name for name, _ in NAMED}


def test_the_table_of_imports_is_the_one_that_is_walked() -> None:
    assert {room: set(re.findall(r"`(\w+)`", allowed)) for room, allowed in ROWS} == MAY_IMPORT


def test_the_command_that_sets_up_is_that_of_the_readme() -> None:
    [command] = re.findall(r"^python3 -m venv .*$", GUIDE, re.MULTILINE)
    assert command in (ROOT / "README.rst").read_text()


def test_ruff_has_one_version() -> None:
    [pinned] = re.findall(r"ruff==([\d.]+)", (ROOT / ".ci" / "run").read_text())
    assert f"rev: v{pinned} " in (ROOT / ".pre-commit-config.yaml").read_text()


def test_the_workflow_runs_what_everybody_runs() -> None:
    assert "run: bash .ci/run\n" in (ROOT / ".github" / "workflows" / "tests.yml").read_text()
