"""The versions of Python and Django that setup.cfg names are those with which the tests run."""

import re
from configparser import ConfigParser

import yaml

from tests.support.programs import ROOT

SETUP = ConfigParser()
SETUP.read_string((ROOT / "setup.cfg").read_text())
CLASSIFIERS = SETUP["metadata"]["classifiers"].split("\n")
CI = (ROOT / ".ci" / "run").read_text()
JOBS = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())["jobs"]


def versions_of(topic: str) -> list[str]:
    """The versions in the classifiers, in order."""
    found = [re.fullmatch(rf"{topic} :: (\d+\.\d+)", classifier) for classifier in CLASSIFIERS]
    return [match[1] for match in found if match]


PYTHONS = versions_of("Programming Language :: Python")
DJANGOS = versions_of("Framework :: Django")


def lower_bounds() -> dict[str, str]:
    """The oldest version of each library, by its name; setup.cfg names one only."""
    options, extras = SETUP["options"], SETUP["options.extras_require"]
    lines = "\n".join([options["install_requires"], *(extras[name] for name in extras)])
    found = set(re.findall(r"^([\w-]+)(?:\[\w+\])?>=([\d.]+)", lines, re.MULTILINE))
    assert len(found) == len(dict(found)), f"a library has two oldest versions in setup.cfg: {sorted(found)}"
    return dict(found)


def test_the_oldest_python_is_required_named_and_run() -> None:
    assert SETUP["options"]["python_requires"] == f">={PYTHONS[0]}"
    assert f"oldest=$(python_of {PYTHONS[0]})\n" in CI
    assert SETUP["mypy"]["python_version"] == PYTHONS[0]


def test_the_newest_python_that_is_there_is_run() -> None:
    [newest] = re.findall(r"^newest=\$\(python_of (.*)\)$", CI, re.MULTILINE)
    assert newest.split() == sorted(newest.split(), reverse=True)
    assert newest.split()[0] == PYTHONS[-1]
    assert set(newest.split()) <= set(PYTHONS)


def test_the_workflow_runs_each_python() -> None:
    matrix = JOBS["unit-tests"]["strategy"]["matrix"]
    assert matrix["python"] == PYTHONS
    assert {row["os"] for row in matrix["include"]} == {"macos-latest", "windows-latest"}
    assert all((ROOT / path).exists() for row in matrix["include"] for path in row.get("tests", "").split())
    [installed] = [step["run"] for step in JOBS["tests"]["steps"] if "uv python install" in step.get("run", "")]
    assert {PYTHONS[0], PYTHONS[-1]} <= set(installed.split())


def test_the_oldest_django_is_required_and_named() -> None:
    assert lower_bounds()["Django"] == DJANGOS[0]


def test_ci_pins_the_oldest_of_every_library_with_a_bound() -> None:
    [script] = re.findall(r"^sed -nE 's/(.*)/\\1==\\2/p' setup.cfg", CI, re.MULTILINE)
    pinned = dict(re.findall(script.replace("^[[:space:]]+", r"(?m)^\s+"), (ROOT / "setup.cfg").read_text()))
    assert pinned == lower_bounds()
    assert {"Django", "watchdog", "PyYAML", "cronsim"} <= set(pinned)
