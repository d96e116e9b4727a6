"""The flag of the fleet on one host: as published, whoever else changes it."""

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from downtime.files.disk import entry_fingerprint
from downtime.fleet.documents import Publication
from downtime.fleet.flag_keeper import FlagKeeper

DOWN = Publication(7, "abc", 1_700_000_000.123456, "anna@deploy-1", "message: Back at four.\n")
UP = Publication(8, "def", 1_700_000_010, "bob@deploy-2", None)


class Pages:
    """What the page was kept for, and whether the flag was there by then."""

    def __init__(self, flag: Path) -> None:
        self.flag, self.kept, self.troubles = flag, list[tuple[str | None, bool]](), list[str]()

    def __call__(self, text: str | None) -> list[str]:
        self.kept.append((text, self.flag.exists()))
        return self.troubles


@pytest.fixture
def pages(flag: Path) -> Pages:
    return Pages(flag)


@pytest.fixture
def keeper(flag: Path, pages: Pages) -> FlagKeeper:
    return FlagKeeper(str(flag), pages)


def test_it_is_raised_with_its_text_and_the_time_of_the_publication(keeper: FlagKeeper, flag: Path) -> None:
    keeper.keep(DOWN)
    assert flag.read_text() == DOWN.flag
    assert flag.stat().st_mtime_ns == 1_700_000_000_123_456_000
    assert keeper.trouble == ""
    keeper.keep(UP)
    assert not flag.exists()


def test_the_page_is_there_before_the_flag_and_neutral_after_it(keeper: FlagKeeper, pages: Pages) -> None:
    for publication in (DOWN, UP):
        keeper.keep(publication)
    assert pages.kept == [(DOWN.flag, False), (None, False)]


def test_what_is_as_published_is_left_alone(keeper: FlagKeeper, flag: Path, pages: Pages) -> None:
    """Also by a process that has not written it."""
    keeper.keep(DOWN)
    before = entry_fingerprint(str(flag))
    keeper.keep(DOWN)
    FlagKeeper(str(flag), pages).keep(DOWN)
    FlagKeeper(str(flag.with_name("other")), pages).keep(UP)
    assert entry_fingerprint(str(flag)) == before
    assert len(pages.kept) == 1


CHANGES: dict[str, Callable[[Path], object]] = {
    "it is removed": os.remove,
    "its text is changed": lambda flag: flag.write_text("message: Later.\n"),
    "it is touched": os.utime,
    "a link takes its place": lambda flag: (flag.unlink(), flag.symlink_to("/nowhere")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_somebody_else_has_changed_is_put_right_and_told(
    keeper: FlagKeeper, flag: Path, change: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    keeper.keep(DOWN)
    change(flag)
    keeper.keep(DOWN)
    assert (flag.read_text(), flag.is_symlink()) == (DOWN.flag, False)
    assert caplog.messages == [
        "the flag of the fleet is raised: publication 7 by anna@deploy-1",
        "the flag of the fleet is raised: publication 7 by anna@deploy-1; somebody else had changed it",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_a_flag_that_somebody_else_has_raised_is_lowered(keeper: FlagKeeper, flag: Path) -> None:
    keeper.keep(UP)
    flag.touch()
    keeper.keep(UP)
    assert not flag.exists()


def test_what_can_not_be_done_is_told_once_and_tried_again(
    flag: Path, pages: Pages, caplog: pytest.LogCaptureFixture
) -> None:
    flag = flag.parent / "later" / "flag"
    keeper = FlagKeeper(str(flag), pages)
    for _ in range(3):
        keeper.keep(DOWN)
    assert keeper.trouble == f"{flag} can't be written: No such file or directory; make its folder first"
    assert caplog.messages == [f"the flag of the fleet is not as published: {keeper.trouble}"]
    flag.parent.mkdir()
    keeper.keep(DOWN)
    assert (flag.read_text(), keeper.trouble) == (DOWN.flag, "")


def test_a_flag_that_can_not_be_looked_at_is_a_trouble(flag: Path, pages: Pages) -> None:
    path = f"{flag.parent}/{'x' * 300}"
    keeper = FlagKeeper(path, pages)
    keeper.keep(UP)
    assert keeper.trouble == f"{path} can't be looked at: File name too long"


def test_a_page_that_can_not_be_kept_is_told_and_keeps_no_site_up(
    keeper: FlagKeeper, flag: Path, pages: Pages, caplog: pytest.LogCaptureFixture
) -> None:
    pages.troubles.append("The page can't be kept\nin page.html: no room")
    keeper.keep(DOWN)
    assert flag.exists()
    assert keeper.trouble == ""
    assert caplog.messages[0] == r"The page can't be kept\nin page.html: no room"


def test_another_publication_of_the_same_text_is_another_time(keeper: FlagKeeper, flag: Path) -> None:
    keeper.keep(DOWN)
    keeper.keep(replace(DOWN, serial=9, at=1_700_000_500.0))
    assert flag.stat().st_mtime == 1_700_000_500
