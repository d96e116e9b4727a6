"""downtime_start --fleet and downtime_end --fleet: what they publish, whom they wait for, and how they end."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_django
from django.core.management import call_command

from downtime.fleet.channel import PUBLICATION, Channel
from downtime.fleet.documents import Publication
from downtime.fleet.publisher import publish
from downtime.management.fleet import person_and_host, seconds
from tests.support.commands import Terminal, refusal, run, told
from tests.support.fleet_hosts import Hosts

NOT_ALL = 4


@pytest.fixture(autouse=True)
def _known(fleet: Channel, hosts: Hosts) -> None:
    """Something was published before, so that the cache is known to be whole."""
    publish(fleet, None, "anna@deploy-1")


def test_each_host_goes_down_and_comes_back(hosts: Hosts, fleet: Channel, flag: Path) -> None:
    hosts.add("web-1", "web-2")
    printed = run("downtime_start", "--fleet", "--message", "Back at four.", "--for", "2h").splitlines()
    assert re.fullmatch(
        rf"Publication 2 of {person_and_host()}, .*: the flag of the fleet is raised, "
        r"the site is down until .*: Back at four\.",
        printed[0],
    )
    assert printed[1:] == ["0 of 2 hosts have confirmed, 10 s left.", "2 of 2 hosts have confirmed."]
    assert hosts.flag("web-1").read_text() == hosts.flag("web-2").read_text()
    assert "message: Back at four." in hosts.flag("web-1").read_text()
    assert not flag.exists()  # where the command runs, no flag of the host's own is raised
    printed = run("downtime_end", "--fleet").splitlines()
    assert printed[0].endswith(": the flag of the fleet is lowered.")
    assert printed[-1] == "2 of 2 hosts have confirmed."
    assert not hosts.flag("web-1").exists()


def test_it_returns_when_no_process_of_a_host_can_lag_behind(
    hosts: Hosts, settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DOWNTIME_RECHECK = 10
    hosts.add("web-1")
    slept = list[float]()
    monkeypatch.setattr("time.sleep", lambda seconds: (slept.append(seconds), hosts.look()))
    run("downtime_start", "--fleet")
    assert 10 < sum(slept) < 12


def test_hosts_that_do_not_confirm_are_named_and_end_it_with_four(hosts: Hosts, fleet: Channel) -> None:
    hosts.add("web-1", "web-2", "web-3")
    del hosts.followers["web-2"], hosts.followers["web-3"]
    lines = refusal("downtime_start", "--fleet", "--wait", "0.6", code=NOT_ALL).splitlines()
    assert lines[0] == "1 of 3 hosts have confirmed within 0.6 s; not these:"
    assert re.fullmatch(r"  web-2: has not confirmed; follows publication 1; last heard of \d s ago", lines[1])
    assert lines[2].startswith("  web-3: ")


def test_a_host_that_can_not_do_it_is_named_with_the_reason(hosts: Hosts) -> None:
    hosts.add("web-1")
    hosts.flag("web-1").parent.joinpath("own.flag").touch()
    os.rename(hosts.flag("web-1").parent, hosts.flag("web-1").parent.with_name("gone"))
    line = refusal("downtime_start", "--fleet", "--wait", "0.6", code=NOT_ALL).splitlines()[1]
    assert line.startswith(f"  web-1: has not confirmed; {hosts.flag('web-1')} can't be written: No such file")


def test_a_fleet_without_hosts_ends_it_with_four() -> None:
    said = refusal("downtime_start", "--fleet", "--wait", "0", code=NOT_ALL)
    assert said.startswith("no host is known: start manage.py downtime_follow on each")


def test_a_fleet_that_does_not_accept_our_key_ends_it_with_four(hosts: Hosts, settings: pytest_django.Settings) -> None:
    hosts.add("web-1", "web-2")
    hosts.followers.clear()
    settings.SECRET_KEY = "another"
    said = refusal("downtime_start", "--fleet", "--wait", "0", code=NOT_ALL)
    assert said.startswith("no host is known that accepts this SECRET_KEY; in this cache, 2 signed with another one")


def test_a_new_cache_is_given_the_whole_time(hosts: Hosts, fleet: Channel) -> None:
    hosts.add("web-1")
    fleet._engine.ask(lambda cache: cache.delete(PUBLICATION))
    printed = run("downtime_start", "--fleet", "--wait", "0.2").splitlines()
    assert printed[1:] == [
        "The cache is new or was emptied; waiting 0.2 s for hosts to say that they are there.",
        "1 of 1 hosts have confirmed.",
    ]


def test_who_need_not_wait_does_not(hosts: Hosts) -> None:
    hosts.add("web-1")
    assert len(run("downtime_start", "--fleet", "--no-wait").splitlines()) == 1
    assert not hosts.flag("web-1").exists()
    hosts.look()
    assert hosts.flag("web-1").exists()


def test_a_host_with_a_flag_of_its_own_is_named_when_the_fleet_comes_back(hosts: Hosts) -> None:
    hosts.add("web-1", "web-2")
    hosts.own_flag("web-2").touch()
    assert run("downtime_end", "--fleet").splitlines()[2:] == [
        "2 of 2 hosts have confirmed.",
        "On web-2, a flag of its own is raised; manage.py downtime_end lowers it there.",
    ]


def test_to_end_a_host_says_that_the_flag_of_the_fleet_is_raised(fleet: Channel, tmp_path: Path, flag: Path) -> None:
    (tmp_path / "downtime.fleet.flag").touch()
    flag.touch()
    lines = refusal("downtime_end").splitlines()
    assert not flag.exists()
    assert f"because of flag {tmp_path}/downtime.fleet.flag" in lines[0]
    assert lines[1] == "The flag of the fleet is still raised; manage.py downtime_end --fleet lowers it on every host."


def test_to_start_a_host_takes_down_that_host_alone(hosts: Hosts, fleet: Channel, flag: Path) -> None:
    hosts.add("web-1")
    run("downtime_start", "--no-wait")
    hosts.look()
    assert (flag.exists(), hosts.flag("web-1").exists()) == (True, False)


AFTER: dict[str, tuple[Callable[[Channel], object], str]] = {
    "a later one": (
        lambda channel: Channel(channel._engine).put(Publication(99, "x", 1.0, "bob@deploy-2", None)),
        "somebody else has published since: Publication 99 of bob@deploy-2, 1970-01-01 01:00:01 CET: the flag",
    ),
    "another key": (
        lambda channel: channel._engine.ask(lambda cache: cache.set(PUBLICATION, "a:b")),
        "somebody else has published since: something that is signed with another SECRET_KEY",
    ),
}


@pytest.mark.parametrize(("event", "reason"), AFTER.values(), ids=AFTER)
def test_who_is_overtaken_while_it_waits_says_by_whom(
    hosts: Hosts, fleet: Channel, monkeypatch: pytest.MonkeyPatch, event: Callable[[Channel], object], reason: str
) -> None:
    hosts.add("web-1")
    monkeypatch.setattr("time.sleep", lambda seconds: event(fleet))
    lines = refusal("downtime_start", "--fleet").splitlines()
    assert lines[0].startswith(reason)
    assert lines[1] == "manage.py downtime_status --fleet shows what is published"


def test_who_is_overtaken_before_says_so_too(fleet: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    put = Channel.put

    def overtaken(channel: Channel, publication: Publication) -> None:
        put(channel, publication)
        put(channel, Publication(99, "x", 1.0, "bob@deploy-2", None))

    monkeypatch.setattr(Channel, "put", overtaken)
    assert refusal("downtime_start", "--fleet").startswith("somebody else has published since: Publication 99 of bob")


def test_a_cache_that_is_away_has_published_nothing(fleet: Channel, tmp_path: Path) -> None:
    away(tmp_path)
    said = refusal("downtime_start", "--fleet")
    assert said.startswith("nothing was published, as the cache of the fleet can't be asked: ")


def away(tmp_path: Path) -> None:
    """The folder of the cache becomes a file."""
    (tmp_path / "cache").rename(tmp_path / "cache.away")
    (tmp_path / "cache").touch()


def test_what_may_still_be_published_is_said_to_be_unknown(fleet: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Channel, "put", lambda channel, publication: None)
    lines = refusal("downtime_start", "--fleet").splitlines()
    assert lines == [
        "it can't be confirmed that this was published: the cache holds something else, or nothing, after it was "
        "written; an engine that hangs may still apply it",
        "manage.py downtime_status --fleet shows what is published",
    ]


def test_a_cache_that_goes_away_while_hosts_are_waited_for_is_told(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts.add("web-1")
    monkeypatch.setattr("time.sleep", lambda seconds: (tmp_path / "cache").is_dir() and away(tmp_path))
    output = told("downtime_start", "--fleet", "--wait", "0.2")
    assert "The cache of the fleet can't be asked any more: " in output
    assert "0 of 1 hosts have confirmed within 0.2 s; not these:" in output


@pytest.mark.parametrize(("verbosity", "is_shown"), [(1, True), (0, False)])
def test_on_a_terminal_the_waiting_is_shown_and_gone_in_the_end(hosts: Hosts, verbosity: int, is_shown: bool) -> None:
    hosts.add("web-1", "web-2")
    terminal = Terminal()
    call_command("downtime_start", "--fleet", stdout=terminal, verbosity=verbosity)
    shown = "\r0 of 2 hosts have confirmed, 10 s left"
    assert (shown in terminal.getvalue()) == is_shown
    if is_shown:
        assert "\r2 of 2 hosts have confirmed.\n" in terminal.getvalue()
        assert f"\r{' ' * (len(shown) - 1)}\r" in terminal.getvalue()


BAD = {
    "no number": ("--wait", "soon", "--wait is 'soon'; it must be a number of seconds from 0 to 86400"),
    "not a number": ("--wait", "nan", "--wait is 'nan'; it must be a number of seconds"),
    "below": ("--wait", "-1", "--wait is '-1'; it must be a number of seconds"),
    "without an end": ("--wait", "inf", "--wait is 'inf'; it must be a number of seconds"),
}


@pytest.mark.parametrize(("option", "value", "reason"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("command", ["downtime_start", "downtime_end"])
def test_a_bad_number_is_refused_by_its_name(
    fleet: Channel, command: str, option: str, value: str, reason: str
) -> None:
    before = fleet.overview()
    assert refusal(command, "--fleet", f"{option}={value}").startswith(reason)
    assert fleet.overview() == before


@pytest.mark.parametrize("command", ["downtime_start", "downtime_end"])
def test_options_that_do_not_go_together_are_refused(command: str, flag: Path) -> None:
    assert refusal(command, "--wait", "5").startswith("--wait is given without --fleet; ")
    assert refusal(command, "--fleet", "--wait", "5", "--no-wait").startswith("--wait and --no-wait are both given; ")
    assert not flag.exists()


@pytest.mark.parametrize("command", [("downtime_start",), ("downtime_end",), ("downtime_status",)])
def test_without_a_fleet_the_setting_is_named(settings: pytest_django.Settings, command: tuple[str, ...]) -> None:
    settings.DOWNTIME_FLEET_CACHE = None
    assert refusal(*command, "--fleet").startswith("DOWNTIME_FLEET_CACHE is not set, so there is no fleet; set it to ")
    settings.DOWNTIME_FLEET_CACHE = "default"
    said = refusal(*command, "--fleet")
    assert said.startswith("DOWNTIME_FLEET_CACHE is 'default', but the BACKEND of 'default' is ")
    assert said.endswith("which reaches no other process; manage.py check says what to set")


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 0")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert person_and_host().startswith(f"user {os.getuid()}@")


def test_seconds_have_two_ends() -> None:
    assert [seconds(text, 0, 5) for text in ("0", "5", "1e-3")] == [0, 5, 0.001]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            ("downtime_start", "--message", "Back at four."),
            "Would publish: the flag of the fleet is raised, the site is down: Back at four.",
        ),
        (("downtime_end",), "Would publish: the flag of the fleet is lowered."),
    ],
    ids=["start", "end"],
)
def test_a_dry_run_publishes_nothing(hosts: Hosts, fleet: Channel, command: tuple[str, ...], expected: str) -> None:
    hosts.add("web-1", "web-2")
    hosts.own_flag("web-2").touch()
    hosts.look()
    before = fleet.overview()
    printed = run(*command, "--fleet", "--dry-run").splitlines()
    assert printed[:2] == [expected, "These hosts are known: web-1, web-2."]
    own = "On web-2, a flag of its own is raised; manage.py downtime_end lowers it there."
    assert printed[2:] == [own] * (command == ("downtime_end",)) + ["Nothing was changed."]
    assert fleet.overview() == before
    assert not hosts.flag("web-1").exists()


def test_a_dry_run_ends_as_the_real_one_would(fleet: Channel, tmp_path: Path) -> None:
    said = refusal("downtime_start", "--fleet", "--dry-run", code=NOT_ALL)
    assert said.startswith("no host is known: start manage.py downtime_follow on each")
    assert "Would publish: " in run("downtime_start", "--fleet", "--dry-run", "--no-wait")
    away(tmp_path)
    said = refusal("downtime_start", "--fleet", "--dry-run")
    assert said.startswith("nothing can be published, as the cache of the fleet can't be asked: ")
