"""The hook of .pre-commit-hooks.yaml, by the real pre-commit, which installs the package from git and PyPI."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.project.test_packaging import PARTS
from tests.support.programs import ROOT, located, require
from tests.support.readme import block

SOUND = "periods: [{cron: 30 3 * * SUN, duration: 45m}]\n"
UNSOUND = "periods:\n- {start: 2026-12-01}\n- {start: soon}\n"
CONFIG = block("id: downtime-check").text
ADDRESS = "https://github.com/dstegelman/django-downtime"


class Repository(NamedTuple):
    """A git repository in a folder, in which the shell finds nothing of this test run."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str, code: int = 0) -> str:
        """What a command prints there; it has to end with that exit code."""
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert ran.returncode == code, ran.stdout
        return ran.stdout

    def commit(self, *, code: int = 0) -> str:
        """Commits all that is there, and returns what git and its hooks print."""
        self.run("git", "add", "--all")
        return self.run("git", "commit", "--message", "All", code=code)


def made(folder: Path, home: Path) -> Repository:
    folder.mkdir()
    identity = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    unset = ("PYTHONPATH", "PYTHONDEVMODE", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    repository = Repository(folder, {**kept, **identity, "PRE_COMMIT_HOME": str(home)})
    repository.run("git", "init", "--quiet")
    return repository


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for needed in ("git", "pre-commit"):
        require(needed)
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture(scope="module")
def config(work: Path) -> str:
    """The configuration by which a project uses the hook, of this checkout as it is."""
    package = made(work / "package", work / "home")
    for part in (*PARTS, ".pre-commit-hooks.yaml"):
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, package.folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, package.folder / part)
    package.commit()
    revision = package.run("git", "rev-parse", "HEAD").strip()
    return CONFIG.replace(ADDRESS, str(package.folder)).replace('"2.0.0"', revision)


@pytest.fixture
def project(work: Path, tmp_path: Path, config: str) -> Repository:
    """A project in which pre-commit runs before each commit, with modules that have the names of those of the hook."""
    project = made(tmp_path / "project", work / "home")
    project.folder.joinpath(".pre-commit-config.yaml").write_text(config)
    for name in ("cronsim.py", "downtime/__init__.py"):
        project.folder.joinpath(name).parent.mkdir(exist_ok=True)
        project.folder.joinpath(name).write_text("raise RuntimeError\n")
    project.run(located("pre-commit"), "install")
    return project


def test_a_sound_schedule_is_committed_and_nothing_is_said_of_it(project: Repository) -> None:
    (project.folder / "downtime.yml").write_text(SOUND)
    told = project.commit()
    assert re.search(r"^check downtime\.yml\.+Passed$", told, re.MULTILINE)
    assert "no problem" not in told


def test_a_schedule_with_a_problem_is_not_committed_and_its_line_is_told(project: Repository) -> None:
    (project.folder / "downtime.yml").write_text(UNSOUND)
    told = project.commit(code=1)
    assert re.search(r"^check downtime\.yml\.+Failed$", told, re.MULTILINE)
    assert "\ndowntime.yml:3: start is 'soon'; it must be an ISO 8601 date" in told
    project.run("git", "rev-parse", "HEAD", code=128)


def test_of_several_schedules_each_problem_is_told_and_other_files_are_left_alone(project: Repository) -> None:
    texts = {"downtime.yml": SOUND, "a/downtime.yaml": UNSOUND, "b/downtime.yml": UNSOUND, "not-downtime.yml": UNSOUND}
    for name, text in texts.items():
        (project.folder / name).parent.mkdir(exist_ok=True)
        (project.folder / name).write_text(text)
    told = project.commit(code=1)
    assert sorted(re.findall(r"^(\S+:\d+): ", told, re.MULTILINE)) == ["a/downtime.yaml:3", "b/downtime.yml:3"]


def test_a_commit_without_a_schedule_is_not_checked(project: Repository) -> None:
    assert re.search(r"^check downtime\.yml\.+.*Skipped$", project.commit(), re.MULTILINE)
