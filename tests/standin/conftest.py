"""Options of a guard over the files of a test."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from downtime.standin.options import Options, checked


@pytest.fixture
def options(flag: Path, schedule: Path, tmp_path: Path) -> Callable[..., Options]:
    """Makes options: options(load, flag_max_age=60); what is not given is as the files of the test have it."""

    def options(load: Callable[[], Any] = lambda: "the site", **changes: Any) -> Options:
        defaults: dict[str, Any] = {
            "flag_file": flag,
            "schedule_file": schedule,
            "time_zone": "UTC",
            "page_file": tmp_path / "downtime.html",
            "flag_max_age": None,
            "timeout": 5,
        }
        return checked(**{**defaults, **changes}, load=load)

    return options


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The exit codes with which this process would have ended; its children end all the same."""
    parent, end = os.getpid(), os._exit
    codes: list[int] = []

    def noted(code: int) -> None:
        if os.getpid() != parent:
            end(code)
        codes.append(code)

    monkeypatch.setattr(os, "_exit", noted)
    return codes
