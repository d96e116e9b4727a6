"""Packages of the npm registry, only in a folder of the test run."""

import subprocess
from pathlib import Path

import pytest

from tests.support.programs import IS_CI, located, require

# Pinned, so that a failure means a change of ours.
SCRIPTS = ("htmx-2@npm:htmx.org@2.0.11", "htmx-4@npm:htmx.org@4.0.1", "@hotwired/turbo@8.0.23")
LANGUAGE_SERVER = ("yaml-language-server@1.25.0",)


def installed(folder: Path, packages: tuple[str, ...]) -> Path:
    """The folder with the packages. Without npm or its registry, the test is skipped; in CI, it fails."""
    require("npm")
    folder.joinpath("package.json").write_text("{}")
    command = [located("npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if ran.returncode:
        (pytest.fail if IS_CI else pytest.skip)(ran.stdout + ran.stderr)
    return folder / "node_modules"
