"""Waiting that nobody does, editors and terminals for downtime_edit, and a page that is kept."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import pytest_django

from downtime.fleet.channel import Channel
from downtime.management.progress import LONGEST_SLEEP
from tests.support.editing import Terminal
from tests.support.fleet_hosts import Hosts
from tests.support.programs import posix_module


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long commands have waited, each time in pieces; nobody really does."""
    slept: list[float] = []
    is_over = True

    def sleep(seconds: float) -> None:
        nonlocal is_over
        if is_over:
            slept.append(0.0)
        slept[-1] += seconds
        is_over = seconds < LONGEST_SLEEP

    monkeypatch.setattr("time.sleep", sleep)
    return slept


@pytest.fixture
def recheck_of_a_second(settings: pytest_django.Settings, slept: list[float]) -> None:
    """Commands would wait for seconds."""
    settings.DOWNTIME_RECHECK = 1.0


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the copies are, which has to be empty if none is kept."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def editor(tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Sets $EDITOR to a shell script, to which the copy is $1."""

    def editor(*lines: str, variable: str = "EDITOR") -> Path:
        program = tmp_path / f"{variable.lower()} of mine"
        program.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
        program.chmod(0o755)
        monkeypatch.setenv(variable, f"'{program}'")
        return program

    monkeypatch.delenv("VISUAL", raising=False)
    return editor


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], int]]:
    """Types on the terminal that is the standard input."""
    pty = posix_module("pty")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        yield lambda text: os.write(ours, text.encode())
    os.close(ours)


@pytest.fixture
def terminal(schedule: Path, flag: Path, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts the command on a terminal of its own, with more lines of settings."""
    opened: list[Terminal] = []

    def terminal(settings: str = "") -> Terminal:
        opened.append(Terminal(schedule, flag, tmp_path, settings))
        return opened[0]

    yield terminal
    for one in opened:
        one.close()


@pytest.fixture
def page(settings: pytest_django.Settings, tmp_path: Path) -> Path:
    """Where the page is kept; nothing is there."""
    folder = tmp_path / "web"
    folder.mkdir()
    settings.DOWNTIME_PAGE_FILE = folder / "downtime.html"
    return folder / "downtime.html"


@pytest.fixture
def twin(page: Path) -> Path:
    """Where its problem details are kept."""
    return page.with_suffix(".json")


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were moved into their place, as it happens."""
    names: list[str] = []
    move = os.replace

    def noted(source: str, target: str, **folders: int) -> None:
        names.append(os.path.basename(target))
        move(source, target, **folders)

    monkeypatch.setattr(os, "replace", noted)
    return names


@pytest.fixture
def hosts(fleet: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hosts:
    """Hosts that follow the fleet, and look whenever a command sleeps; there are none at first."""
    hosts = Hosts(fleet, tmp_path)
    monkeypatch.setattr("time.sleep", hosts.look)
    return hosts
