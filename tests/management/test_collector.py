"""The garbage collector while a command reads or edits the schedule."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from downtime.edits.cancel import cancel
from downtime.management.base import DowntimeCommand
from downtime.management.collector import paused_collector
from downtime.management.schedule_edit import edit_schedule, preview_schedule

READINGS: dict[str, Callable[[Path], object]] = {
    "state": lambda _: DowntimeCommand().state(),
    "schedule": lambda path: DowntimeCommand().schedule(str(path)),
    "edit": lambda _: edit_schedule(DowntimeCommand(), lambda source: cancel(source, "one")),
    "preview": lambda _: preview_schedule(DowntimeCommand(), lambda source: cancel(source, "one")),
}


@pytest.fixture(params=[True, False], ids=["on", "off"])
def is_enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether the collector is on before."""
    if not request.param:
        gc.disable()
    yield request.param
    gc.enable()


def test_it_is_off_within_and_as_before_behind_that(is_enabled: bool) -> None:
    with paused_collector():
        assert not gc.isenabled()
    assert gc.isenabled() is is_enabled
    with pytest.raises(ZeroDivisionError), paused_collector():
        1 / 0  # noqa: B018
    assert gc.isenabled() is is_enabled


@pytest.mark.parametrize("read", READINGS.values(), ids=READINGS)
def test_a_long_schedule_is_read_without_a_collection(schedule: Path, read: Callable[[Path], object]) -> None:
    schedule.write_text("periods:\n  - {name: one, start: 2027-01-01}\n" + "  - {start: 2027-01-01}\n" * 3000)
    collections: list[str] = []

    def heard(phase: str, info: dict[str, int]) -> None:
        collections.append(phase)

    gc.collect()
    gc.callbacks.append(heard)
    try:
        read(schedule)
    finally:
        gc.callbacks.remove(heard)
    assert collections == []


def test_a_command_leaves_the_collector_as_it_was(schedule: Path, is_enabled: bool) -> None:
    schedule.write_text("periods:\n  - {name: one, start: 2027-01-01}\n")
    edit_schedule(DowntimeCommand(), lambda source: cancel(source, "one"))
    DowntimeCommand().state()
    assert gc.isenabled() is is_enabled
