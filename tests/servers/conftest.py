"""A site for each test, and the table of what was measured."""

from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from tests.servers.harness import Site

MEASURED: dict[str, list[float]] = {}


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print milliseconds, median and worst, for each name that was measured."""
    if not MEASURED:
        return
    terminalreporter.section("measured, in milliseconds")
    terminalreporter.write_line(f"{'':44}{'times':>6}{'median':>9}{'worst':>9}")
    for name, seconds in sorted(MEASURED.items()):
        middle, worst = median(seconds) * 1000, max(seconds) * 1000
        terminalreporter.write_line(f"{name:44}{len(seconds):6}{middle:9.0f}{worst:9.0f}")
