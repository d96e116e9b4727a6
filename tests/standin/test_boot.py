import os
from collections.abc import Callable
from pathlib import Path

import pytest

from downtime.standin.answers import Answers
from downtime.standin.boot import boot
from downtime.standin.loader import Loader
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
