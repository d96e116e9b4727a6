"""Marks every test here as `system`; a site for each, and the table of what was measured."""

from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from tests.support.harness import Site

MEASURED: dict[str, list[float]] = {}
LATENCIES: dict[str, dict[str, list[float]]] = {}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Every test of this folder is one of the whole system."""
    item.add_marker("system")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that is up, with the default recheck of a second."""
    return Site(tmp_path)


@pytest.fixture
def quick_site(tmp_path: Path) -> Site:
    """A site that is up and lags behind its files by 0.2 s at most."""
    return Site(tmp_path, recheck=0.2)


@pytest.fixture
def lazy_site(tmp_path: Path) -> Site:
    """A site that looks at its files once a minute."""
    return Site(tmp_path, recheck=60.0)


@pytest.fixture
def measured() -> Callable[[str, float], None]:
    """Keeps a time in seconds under a name, for the table at the end."""
    return lambda name, seconds: MEASURED.setdefault(name, []).append(seconds)


@pytest.fixture
def latencies() -> Callable[[str, str, float], None]:
    """Keeps, for a server and what was switched, the seconds until its slowest worker had followed."""
    return lambda server, switched, seconds: LATENCIES.setdefault(server, {}).setdefault(switched, []).append(seconds)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured: in milliseconds, median and worst."""
    if LATENCIES:
        terminalreporter.section("until the slowest worker has followed, in milliseconds: median / worst")
        rule = f"{'=' * 26} {'=' * 13} {'=' * 13}"
        rows = [f"{'server':26} {'flag':13} {'schedule':13}", rule]
        for server, switched in LATENCIES.items():
            rows.append(f"{server:26} {_summary(switched.get('flag')):13} {_summary(switched.get('schedule')):13}")
        for line in (rule, *rows, rule):
            terminalreporter.write_line(line.rstrip())
    if MEASURED:
        terminalreporter.section("measured, in milliseconds: times, median / worst")
        for name, seconds in sorted(MEASURED.items()):
            terminalreporter.write_line(f"{name:50} {len(seconds):4} {_summary(seconds)}")


def _summary(seconds: list[float] | None) -> str:
    return f"{median(seconds) * 1000:.0f} / {max(seconds) * 1000:.0f}" if seconds else ""
