import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from downtime.standin.loader import PAUSE, CannotLoad, Loader, Spoiled
from downtime.standin.options import Options
from tests.support.programs import posix_module
from tests.support.waiting import wait_until

resource = posix_module("resource")

MakeOptions = Callable[..., Options]
THIS = os.getpid()


class Site:
    """What is loaded: each load is noted with its process, and fails if a file says so."""

    def __init__(self, folder: Path) -> None:
        self.broken, self.broken_here, self._loads = folder / "broken", folder / "broken here", folder / "loads"

    def load(self) -> str:
        with self._loads.open("a") as loads:
            loads.write(f"{os.getpid()}\n")
        if self.broken.exists():
            raise RuntimeError(f"broken {self.broken.read_text()}")
        if self.broken_here.exists() and os.getpid() == THIS:
            raise SystemExit(3)
        return "the site"

    @property
    def loads(self) -> list[bool]:
        """For each load whether it was in this process."""
        return [int(line) == THIS for line in self._loads.read_text().split()]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_what_loads_in_a_child_is_loaded_here_once(options: MakeOptions, site: Site) -> None:
    loader = Loader(options(site.load))
    assert [loader.load(), loader.load(), loader.application] == ["the site"] * 3
    assert site.loads == [False, True]


def test_what_fails_in_a_child_is_not_loaded_here(
    options: MakeOptions, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.broken.write_text("now")
    loader = Loader(options(site.load))
    for _ in range(2):
        with pytest.raises(CannotLoad, match="RuntimeError: broken now"):
            loader.load()
    assert site.loads == [False, False]
    assert len(caplog.records) == 2
    assert "the site can't be loaded:\nTraceback" in caplog.text
    site.broken.unlink()
    wait_until(lambda: can_load(loader), within=PAUSE + 5, what="the repaired site is loaded")
    assert site.loads == [False, False, False, True]


def can_load(loader: Loader) -> bool:
    try:
        return bool(loader.load())
    except CannotLoad:
        return False


def test_a_site_that_is_repaired_before_it_is_up_is_loaded_at_the_next_request(
    options: MakeOptions, site: Site
) -> None:
    site.broken.touch()
    loader = Loader(options(site.load))
    with pytest.raises(CannotLoad):
        loader.load()
    site.broken.unlink()
    assert loader.load() == "the site"


def test_a_load_that_fails_after_a_good_trial_spoils_the_process(
    options: MakeOptions, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.broken_here.touch()
    loader = Loader(options(site.load))
    for _ in range(2):
        with pytest.raises(Spoiled):
            loader.load()
    assert site.loads == [False, True]
    assert "needs a new process" in caplog.text


def test_where_no_child_can_be_tried_the_load_is_tried_here(
    options: MakeOptions, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "fork")
    site.broken.touch()
    with pytest.raises(Spoiled):
        Loader(options(site.load)).load()
    site.broken.unlink()
    assert Loader(options(site.load)).load() == "the site"
    assert site.loads == [True, True]


def test_a_process_that_may_open_no_more_files_is_not_spoiled(options: MakeOptions, site: Site) -> None:
    loader = Loader(options(site.load))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        with pytest.raises(CannotLoad, match="it can't be tried in a child"):
            loader.load()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert loader.load() == "the site"


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
def test_an_interrupt_is_none_of_its_failures(
    options: MakeOptions, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    monkeypatch.delattr(os, "fork")

    def load() -> None:
        raise error

    with pytest.raises(error):
        Loader(options(load)).load()


def test_one_thread_loads_and_the_others_get_what_it_has_loaded(options: MakeOptions, site: Site) -> None:
    loader, loaded = Loader(options(site.load)), []
    threads = [threading.Thread(target=lambda: loaded.append(loader.load())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded == ["the site"] * 5
    assert site.loads == [False, True]
