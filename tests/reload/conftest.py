"""What the tests of `reload` share."""

import logging

import pytest

from tests.support.heard import Heard


@pytest.fixture
def heard() -> Heard:
    """What was told of: the path, and whether its writer has finished it."""
    return Heard()


@pytest.fixture
def log_all(caplog: pytest.LogCaptureFixture) -> None:
    """Keeps what the app logs from INFO on."""
    caplog.set_level(logging.INFO, "downtime")
