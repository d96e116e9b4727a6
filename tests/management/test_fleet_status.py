"""downtime_status --fleet: what is published, and which hosts follow, for people and programs."""

import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
import pytest_django
from django.core.management import call_command

from downtime.fleet.channel import PUBLICATION, Channel
from downtime.fleet.publisher import publish
from tests.support.commands import refusal
from tests.support.fleet_hosts import Hosts

DOWN = "message: Back at four.\nend: 2099-12-01 04:00:00+01:00\nread_only: true\npaths: [/shop]\n"


def status(*arguments: str) -> tuple[list[str], int]:
    """The lines that are printed, as if no second had passed, and the exit code."""
    output = StringIO()
    code = 0
    try:
        call_command("downtime_status", "--fleet", *arguments, stdout=output)
    except SystemExit as end:
        code = int(end.code or 0)
    return re.sub(r"heard of \d s", "heard of 0 s", output.getvalue()).splitlines(), code


def test_what_is_published_is_told_with_each_host(hosts: Hosts, fleet: Channel) -> None:
    publish(fleet, DOWN, "anna@deploy-1")
    hosts.add("web-1", "web-2")
    lines, code = status()
    assert lines[0].startswith("Publication 1 of anna@deploy-1, ")
    assert lines[0].endswith("a part of the site is read-only (/shop) until 2099-12-01 04:00:00 CET: Back at four.")
    assert lines[1:] == [
        "  web-1: has confirmed; last heard of 0 s ago",
        "  web-2: has confirmed; last heard of 0 s ago",
        "2 of 2 hosts have confirmed.",
    ]
    assert code == 0


def test_a_host_that_does_not_follow_ends_it_with_four(hosts: Hosts, fleet: Channel) -> None:
    hosts.add("web-1", "web-2")
    publish(fleet, None, "anna@deploy-1")
    hosts.followers["web-2"].poll()
    lines, code = status()
    assert lines[1:] == [
        "  web-1: has not confirmed; has been told nothing yet; last heard of 0 s ago",
        "  web-2: has confirmed; last heard of 0 s ago",
        "1 of 2 hosts have confirmed.",
    ]
    assert code == 4


def test_nothing_is_published_at_first(hosts: Hosts) -> None:
    assert status() == (
        [
            "Nothing is published to the fleet. Each host does what it was told before.",
            "No host is known: start manage.py downtime_follow on each, with the same cache in DOWNTIME_FLEET_CACHE.",
        ],
        4,
    )
    hosts.add("web-1")
    lines, code = status()
    assert lines[1:] == ["  web-1: has been told nothing yet; last heard of 0 s ago"]
    assert code == 0


def test_hosts_have_to_do_the_same_also_if_the_cache_has_lost_what_was_published(hosts: Hosts, fleet: Channel) -> None:
    hosts.add("web-1", "web-2")
    publication = publish(fleet, "", "anna@deploy-1").publication
    for host, code in (("web-1", 4), ("web-2", 0)):
        fleet.put(publication)
        hosts.followers[host].poll()
        fleet._engine.ask(lambda cache: cache.delete(PUBLICATION))
        assert status()[1] == code


def test_what_another_key_has_signed_ends_it_with_one(
    hosts: Hosts, fleet: Channel, settings: pytest_django.Settings
) -> None:
    publish(fleet, None, "anna@deploy-1")
    hosts.add("web-1")
    settings.SECRET_KEY = "another"
    hosts.add("web-2")
    lines, code = status()
    assert lines[0] == (
        "What is published is not accepted here: it is signed with another SECRET_KEY, or has been changed. "
        "Each host does what it was told before."
    )
    assert lines[1].startswith("  web-2: has been told nothing yet")
    assert lines[2] == "In this cache, 1 signed with another SECRET_KEY, or by another version of django-downtime."
    assert code == 1


def test_programs_get_the_same_as_json(hosts: Hosts, fleet: Channel) -> None:
    publish(fleet, DOWN, "anna@deploy-1")
    hosts.add("web-1")
    hosts.own_flag("web-1").touch()
    hosts.look()
    lines, code = status("--json")
    found = json.loads("\n".join(lines))
    at, heard = found["publication"].pop("at"), found["hosts"][0].pop("last_heard")
    assert {at[-6:], heard[-6:], found.pop("at")[-6:]} <= {"+01:00", "+02:00"}
    assert found == {
        "cache": "fleet",
        "publication": {
            "serial": 1,
            "by": "anna@deploy-1",
            "raised": True,
            "end": "2099-12-01T04:00:00+01:00",
            "message": "Back at four.",
            "read_only": True,
            "paths": ["/shop"],
        },
        "refused": None,
        "hosts": [{"name": "web-1", "confirmed": True, "serial": 1, "trouble": None, "own_flag": True}],
        "strangers": 0,
    }
    assert code == 0


PUBLICATIONS: dict[str, tuple[Callable[[Channel], object], object, int]] = {
    "nothing": (lambda channel: None, None, 4),
    "lowered": (lambda channel: publish(channel, None, "anna"), {"serial": 1, "by": "anna", "raised": False}, 4),
    "without an end": (
        lambda channel: publish(channel, "", "anna"),
        {
            **{"serial": 1, "by": "anna", "raised": True, "end": None, "message": None},
            **{"read_only": False, "paths": []},
        },
        4,
    ),
    "another key": (lambda channel: channel._engine.ask(lambda cache: cache.set(PUBLICATION, "a:b")), None, 1),
}


@pytest.mark.parametrize(("event", "expected", "code"), PUBLICATIONS.values(), ids=PUBLICATIONS)
def test_json_tells_every_kind_of_publication(
    fleet: Channel, event: Callable[[Channel], object], expected: object, code: int
) -> None:
    event(fleet)
    lines, ended = status("--json")
    found = json.loads("\n".join(lines))
    if found["publication"]:
        del found["publication"]["at"]
    assert (found["publication"], bool(found["refused"]), ended) == (expected, code == 1, code)


def test_a_host_that_is_gone_can_be_forgotten(hosts: Hosts, fleet: Channel) -> None:
    publish(fleet, None, "anna@deploy-1")
    hosts.add("web-1", "web-2")
    lines, _ = status("--forget", "web-1")
    assert lines[0] == ("Forgot web-1; if downtime_follow still runs there, it says within seconds that it is there.")
    assert lines[2] == "  web-2: has confirmed; last heard of 0 s ago"
    hosts.look()
    assert len(status()[0]) == 4
    assert json.loads("\n".join(status("--forget", "web-2", "--json")[0]))["hosts"][0]["name"] == "web-1"
    assert refusal("downtime_status", "--fleet", "--forget", "web-9") == (
        "--forget is 'web-9', and no host of that name is known"
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--forget", "web-1"], "--forget is given without --fleet; "),
        (["--fleet", "--exit-code"], "--exit-code is given with --fleet; it is for the files of this host"),
        (["--fleet", "--at", "now"], "--at is given with --fleet; "),
        (["--fleet", "--path", "/"], "--path is given with --fleet; "),
        (["--fleet", "--method", "GET"], "--method is given with --fleet; "),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_options_that_do_not_go_together_are_refused(fleet: Channel, arguments: list[str], reason: str) -> None:
    assert refusal("downtime_status", *arguments).startswith(reason)


def test_a_cache_that_is_away_ends_it_with_one(fleet: Channel, tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    assert refusal("downtime_status", "--fleet").startswith("the cache of the fleet can't be asked: ")
