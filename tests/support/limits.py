"""Limits of the system that a test reaches on purpose."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.programs import posix_module


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Lets this process open no more files inside the block."""
    resource = posix_module("resource")
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
