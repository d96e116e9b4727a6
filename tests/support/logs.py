"""What was logged since the last time."""

import pytest


def levels_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The level of each record since the last time."""
    levels = [record.levelname for record in caplog.records]
    caplog.clear()
    return levels
