"""Responses that are closed by the tests themselves."""

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections


@pytest.fixture
def database_left_alone() -> Iterator[None]:
    """The end of an answer looks after the connections, which tests of the admin may have left open."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)
