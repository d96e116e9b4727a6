"""What was logged since the last time, and a log that is broken."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


def levels_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The level of each record since the last time."""
    levels = [record.levelname for record in caplog.records]
    caplog.clear()
    return levels


class _Broken(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise RuntimeError("the filter is broken")


@contextmanager
def broken_filter(name: str) -> Iterator[None]:
    """Whatever is logged to the logger of that name raises RuntimeError, as a filter of a site may."""
    broken = _Broken()
    logging.getLogger(name).addFilter(broken)
    try:
        yield
    finally:
        logging.getLogger(name).removeFilter(broken)
