import os
from collections.abc import Callable
from pathlib import Path

import pytest

from downtime.standin.answers import Answers
from downtime.standin.boot import boot
from downtime.standin.loader import Loader, Spoiled
from downtime.standin.options import Options
from downtime.standin.wsgi_standin import StandIn

MakeOptions = Callable[..., Options]


def broken() -> None:
    raise ImportError("No module named 'shop'")


def test_a_site_that_is_up_is_loaded_without_a_trial_and_nothing_stays_in_front_of_it(
    options: MakeOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "fork")
    site = object()
    assert boot(options(lambda: site), StandIn) is site


@pytest.mark.parametrize("said", ["read_only: true", "paths: [/shop]", "end: 2020-01-01"])
def test_a_site_of_which_only_a_part_is_down_fails_as_loudly_as_ever(
    options: MakeOptions, flag: Path, said: str
) -> None:
    flag.write_text(said)
    os.utime(flag, (0, 0))
    with pytest.raises(ImportError, match="No module named 'shop'"):
        boot(options(broken), StandIn)


def test_a_site_that_is_down_and_can_be_loaded_is_loaded(options: MakeOptions, flag: Path) -> None:
    flag.touch()
    site = object()
    assert boot(options(lambda: site), StandIn) is site


def test_a_site_that_is_down_and_can_not_be_loaded_has_a_stand_in(
    options: MakeOptions, flag: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flag.touch()
    application = boot(options(broken), lambda answers, loader: (answers, loader))
    assert isinstance(application[0], Answers)
    assert isinstance(application[1], Loader)
    assert "each request gets 503 until it is up again" in caplog.text


def test_a_site_that_goes_down_while_its_load_fails_has_a_stand_in(
    options: MakeOptions, flag: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As a deploy that begins just after a worker has."""

    def load() -> None:
        flag.touch()
        raise SystemExit("pip has begun")

    _, loader = boot(options(load), lambda answers, loader: (answers, loader))
    with pytest.raises(Spoiled):
        loader.load()
    assert "needs a new process" in caplog.text


def test_a_load_that_returns_nothing_has_failed(options: MakeOptions, flag: Path) -> None:
    """As one whose `return` was forgotten."""
    with pytest.raises(TypeError, match="returned None; the load of the guard must"):
        boot(options(lambda: None), StandIn)
    flag.touch()
    assert isinstance(boot(options(lambda: None), StandIn), StandIn)


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
def test_an_interrupt_ends_the_boot_though_the_site_goes_down(
    options: MakeOptions, flag: Path, error: type[BaseException]
) -> None:
    def load() -> None:
        flag.touch()
        raise error

    with pytest.raises(error):
        boot(options(load), StandIn)
