"""A fleet whose cache is a folder."""

from pathlib import Path

import pytest

from downtime.fleet.channel import Channel
from downtime.fleet.engine import Engine
from tests.support.caches import cache_in


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(cache_in(tmp_path / "cache"))


@pytest.fixture
def channel(engine: Engine) -> Channel:
    return Channel(engine)
