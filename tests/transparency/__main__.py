"""Runs the tests of Django and others without the middleware and with it: python -m tests.transparency [NAME …]

While the site is up, and while another part of it is down, each test has to end as it does without the app. The suites
come from PyPI, each into an environment of its own in a temporary folder; all of it takes half an hour. Prints each
test that ends otherwise, and exits with 1 if there is one, or if the middleware was not entered in that state."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

from tests.support.programs import ROOT
from tests.transparency.suites import SUITES, Suite

_ROW = "{:<30} {:<24} {:>6} {:>8} {:>7}"
_FLAGS = {"up": "", "another part is down": "paths: [/no-such-part]\n"}
_UNSET = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTHONDEVMODE", "PYTEST_ADDOPTS", "CI")


def installed(suite: Suite, folder: Path) -> Path:
    """The source of the suite, which is fetched from PyPI and installed below the folder, and the app with it."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip: list[str | Path] = [folder / "venv" / "bin" / "python", "-m", "pip", "-qq"]
    fetch = [*pip, "download", "--no-deps", "--no-binary", ":all:", "-d", folder, suite.requirement]
    subprocess.run(fetch, check=True)
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    source = folder / archive.name.removesuffix(".tar.gz")
    subprocess.run([*pip, "install", "-e", ROOT, f"{source}{suite.extras}", *suite.needs.split()], check=True)
    return source


def run(suite: Suite, source: Path, files: Path | None = None) -> tuple[dict[str, str], list[bool]]:
    """How each test ended, and `entered` of within.py; with the flag in a folder, or without the app."""
    record = source.parent / "outcomes.json"
    record.unlink(missing_ok=True)
    command = [Path(__file__).with_name("within.py"), record, files or "-", *suite.command.split()]
    with (source.parent / "log").open("wb") as log:
        subprocess.run(
            [source.parent / "venv" / "bin" / "python", *command],
            cwd=source / suite.folder,
            env={name: value for name, value in os.environ.items() if name not in _UNSET},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    outcomes, entered = json.loads(record.read_text())
    return outcomes, entered


def is_transparent(suite: Suite, folder: Path) -> bool:
    """Whether the middleware is entered and changes nothing; prints what becomes of the suite in each state."""
    source = installed(suite, folder)
    before, _ = run(suite, source)
    print(_ROW.format(source.name, "without the app", len(before), "", ""), dict(Counter(before.values())), flush=True)
    is_same = bool(before)
    for state, flag in _FLAGS.items():
        files = folder / f"while {state}"
        files.mkdir()
        if flag:
            (files / "downtime.flag").write_text(flag)
        after, entered = run(suite, source, files)
        names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        differing = [f"  {name}: {before.get(name)}, then {after.get(name)}" for name in names]
        print(_ROW.format("", state, len(after), len(entered), len(names)), *differing, sep="\n", flush=True)
        is_same = is_same and not names and bool(entered) and any(entered) == bool(flag)
    return is_same


def main(arguments: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.transparency", description="Shows that nothing changes.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SUITES)}; default: all")
    names = parser.parse_args(arguments).names or list(SUITES)
    if unknown := [name for name in names if name not in SUITES]:
        parser.error(f"{unknown[0]!r} is none of {', '.join(SUITES)}")
    print(_ROW.format("suite", "site", "tests", "entered", "differ"), flush=True)
    results = []
    for name in names:
        with tempfile.TemporaryDirectory(prefix="transparency-") as folder:
            results.append(is_transparent(SUITES[name], Path(folder)))
    return int(not all(results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
