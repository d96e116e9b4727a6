"""What was logged since the last call, and a log that is broken."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


def levels_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The level of each record since the last call."""
    levels = [record.levelname for record in caplog.records]
    caplog.clear()
    return levels


class _Broken(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise RuntimeError("the filter is broken")


@contextmanager
def broken_filter(name: str) -> Iterator[None]:
    """Makes every message to the logger of that name raise RuntimeError, as a site's filter may."""
    broken = _Broken()
    logging.getLogger(name).addFilter(broken)
    try:
        yield
    finally:
        logging.getLogger(name).removeFilter(broken)
