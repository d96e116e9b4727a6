"""downtime_follow: its options, its beginning and its end, and the page; in tests/system it is a process of its own."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import pytest_django

from downtime.fleet.channel import PUBLICATION, Channel
from downtime.fleet.publisher import publish
from tests.support.commands import refusal, run, told

Ends = Callable[..., list[float]]


@pytest.fixture
def fleet_flag(tmp_path: Path) -> Path:
    """That of the fleet."""
    return tmp_path / "downtime.fleet.flag"


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ends]:
    """ends(n, event): the n-th sleep lets it happen, and SIGTERM come; returns for how long it has slept."""

    def ends(after: int = 1, event: Callable[[], object] = lambda: None, number: int = signal.SIGTERM) -> list[float]:
        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == after:
                event()
            if len(slept) > after:
                os.kill(os.getpid(), number)

        slept: list[float] = []
        monkeypatch.setattr("time.sleep", sleep)
        return slept

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs behind it
    yield ends
    signal.signal(signal.SIGINT, before)


def test_it_follows_until_sigterm_and_leaves_the_flag_as_it_is(fleet: Channel, fleet_flag: Path, ends: Ends) -> None:
    before = signal.getsignal(signal.SIGTERM)
    ends(2, lambda: publish(fleet, "message: a\n", "anna"))
    printed = run("downtime_follow", "--interval", "0.3", "--name", "web-1").splitlines()
    assert printed == [
        f"Following the fleet as web-1, every 0.3 s, with the flag {fleet_flag}.",
        "Ended by SIGTERM; the flag stays as it is.",
    ]
    assert fleet_flag.read_text() == "message: a\n"
    assert fleet.overview().hosts == ()  # it has signed off
    assert signal.getsignal(signal.SIGTERM) == before


def test_ctrl_c_ends_it_too(fleet: Channel, fleet_flag: Path, ends: Ends) -> None:
    publish(fleet, "", "anna")
    ends(1, number=signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run("downtime_follow")
    assert fleet_flag.exists()
    assert fleet.overview().hosts == ()


def test_it_looks_as_often_as_it_is_told_and_not_all_at_the_same_time(fleet: Channel, ends: Ends) -> None:
    slept = ends(40)
    run("downtime_follow", "--interval", "0.4")
    assert all(0.36 <= seconds <= 0.44 for seconds in slept)
    assert len({round(seconds, 3) for seconds in slept}) > 5


def test_systemd_is_told_that_it_runs_and_that_it_ends(
    fleet: Channel, ends: Ends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service_manager:
        service_manager.bind(str(tmp_path / "notify"))
        service_manager.settimeout(5)

        def events() -> None:
            publish(fleet, "", "anna")

        ends(1, events)
        run("downtime_follow", "--interval", "0.2")
        said = [service_manager.recv(1000).decode() for _ in range(4)]
    assert said == [
        "READY=1",
        "WATCHDOG=1\nSTATUS=Nothing has been published to the fleet",
        "WATCHDOG=1\nSTATUS=The flag of the fleet is raised, as of publication 1",
        "STOPPING=1",
    ]


def test_without_a_cache_it_says_so_to_systemd_too(
    fleet: Channel, ends: Ends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    (tmp_path / "cache").touch()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service_manager:
        service_manager.bind(str(tmp_path / "notify"))
        service_manager.settimeout(5)
        ends(0)
        run("downtime_follow")
        said = [service_manager.recv(1000).decode() for _ in range(2)]
    assert said[1].startswith("WATCHDOG=1\nSTATUS=The cache of the fleet can't be asked: ")


def test_a_thread_can_follow_as_well(fleet: Channel, fleet_flag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No signal reaches it there; whoever has started it ends it."""

    class Enough(Exception):
        pass

    def sleep(seconds: float) -> None:
        raise Enough

    def follow() -> None:
        try:
            run("downtime_follow")
        except Enough as error:
            ended.append(error)

    publish(fleet, "", "anna")
    monkeypatch.setattr("time.sleep", sleep)
    ended: list[Exception] = []
    thread = threading.Thread(target=follow)
    thread.start()
    thread.join()
    assert (len(ended), fleet_flag.exists()) == (1, True)


def test_the_page_is_that_of_the_flag_and_neutral_again_after_it(
    fleet: Channel, fleet_flag: Path, settings: pytest_django.Settings, tmp_path: Path
) -> None:
    page = tmp_path / "downtime.html"
    settings.DOWNTIME_PAGE_FILE = str(page)
    publish(fleet, "message: Back at four.\n", "anna")
    run("downtime_follow", "--once")
    assert (fleet_flag.exists(), "Back at four." in page.read_text()) == (True, True)
    publish(fleet, None, "anna")
    run("downtime_follow", "--once")
    assert (fleet_flag.exists(), "Back at four." in page.read_text()) == (False, False)


def test_the_page_of_a_host_with_a_flag_of_its_own_speaks_of_that(
    fleet: Channel, settings: pytest_django.Settings, tmp_path: Path
) -> None:
    """As the middleware does, for which a host's own flag comes first."""
    (tmp_path / "downtime.flag").write_text("message: This host alone.\n")
    settings.DOWNTIME_PAGE_FILE = str(tmp_path / "downtime.html")
    publish(fleet, "message: Back at four.\n", "anna")
    run("downtime_follow", "--once")
    assert "This host alone." in (tmp_path / "downtime.html").read_text()


def test_once_does_what_is_published_and_says_what_that_is(fleet: Channel, fleet_flag: Path) -> None:
    publish(fleet, "", "anna")
    assert run("downtime_follow", "--once") == "The flag of the fleet is raised, as of publication 1.\n"
    assert fleet_flag.exists()
    publish(fleet, None, "anna")
    assert run("downtime_follow", "--once") == "The flag of the fleet is lowered, as of publication 2.\n"
    assert not fleet_flag.exists()
    assert fleet.overview().hosts == ()  # it does not follow from here on


def test_once_ends_with_two_if_nothing_was_ever_published(fleet: Channel, fleet_flag: Path) -> None:
    fleet_flag.touch()
    said = refusal("downtime_follow", "--once", code=2)
    assert said == "nothing was ever published to this fleet; the flag stays as it is"
    assert fleet_flag.exists()


def test_once_tries_for_as_long_as_it_is_told(
    fleet: Channel, fleet_flag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(fleet, "", "anna")
    (tmp_path / "cache").rename(tmp_path / "away")
    (tmp_path / "cache").touch()
    said = refusal("downtime_follow", "--once", "--timeout", "0.05")
    assert said.startswith("the cache of the fleet can't be asked: ")
    assert said.endswith("; the flag stays as it is")
    assert not fleet_flag.exists()

    def repaired(seconds: float) -> None:
        if not (tmp_path / "cache").is_dir():
            (tmp_path / "cache").unlink()
            (tmp_path / "away").rename(tmp_path / "cache")

    monkeypatch.setattr("time.sleep", repaired)
    run("downtime_follow", "--once")
    assert fleet_flag.exists()


def test_once_ends_with_one_if_what_is_published_is_not_accepted(fleet: Channel, fleet_flag: Path) -> None:
    fleet._engine.ask(lambda cache: cache.set(PUBLICATION, "a:b"))
    said = refusal("downtime_follow", "--once", "--timeout", "60")
    assert said.startswith("what is published to the fleet is not accepted: it is signed with another SECRET_KEY")
    assert not fleet_flag.exists()


def test_once_ends_with_one_if_the_flag_can_not_be_written(
    fleet: Channel, settings: pytest_django.Settings, tmp_path: Path
) -> None:
    settings.DOWNTIME_FLEET_FLAG_FILE = str(tmp_path / "none" / "flag")
    publish(fleet, "", "anna")
    output = told("downtime_follow", "--once", "--timeout", "0")
    assert f"{tmp_path}/none/flag can't be written: No such file or directory; make its folder first" in output


def test_a_site_that_has_no_flag_can_not_follow(fleet: Channel, settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_FLAG_FILE = []
    assert refusal("downtime_follow").startswith("DOWNTIME_FLAG_FILE is [], so no flag counts, ")


def test_without_a_fleet_the_setting_is_named() -> None:
    assert refusal("downtime_follow").startswith("DOWNTIME_FLEET_CACHE is not set, so there is no fleet; set it to ")


def test_the_host_is_called_by_its_host_name(fleet: Channel, ends: Ends) -> None:
    names = list[str]()
    ends(1, lambda: names.extend(host.host for host in fleet.overview().hosts))
    run("downtime_follow")
    assert names == [socket.gethostname()]


BAD = {
    "no interval": (["--interval", "0"], "--interval is '0'; it must be a number of seconds from 0.05 to 3600"),
    "not a number": (["--interval", "nan"], "--interval is 'nan'; it must be a number of seconds"),
    "no text": (["--interval", "often"], "--interval is 'often'; it must be a number of seconds"),
    "a negative timeout": (["--once", "--timeout=-1"], "--timeout is '-1'; it must be a number of seconds from 0 to"),
    "an endless timeout": (["--once", "--timeout", "inf"], "--timeout is 'inf'; it must be a number of seconds"),
    "a timeout for ever": (["--timeout", "5"], "--timeout is given without --once; "),
    "no name": (["--name", " "], "--name is ' '; it must have at most 200 characters, all of which can be printed"),
    "an empty name": (["--name", ""], "--name is ''; it must have"),
    "two lines": (["--name", "a\nb"], "--name is "),
    "too long": (["--name", "a" * 201], "--name is "),
}


@pytest.mark.parametrize(("arguments", "reason"), BAD.values(), ids=BAD)
def test_a_bad_value_is_refused_by_its_name(fleet: Channel, arguments: list[str], reason: str) -> None:
    assert refusal("downtime_follow", *arguments).startswith(reason)
