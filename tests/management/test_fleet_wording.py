"""How what was published to a fleet, and what its hosts say, is worded."""

from dataclasses import replace

import pytest
import pytest_django

from downtime.fleet.documents import Confirmation, Publication
from downtime.management.fleet_wording import host_line, is_followed, publication_line, strangers_line

AT = 1_780_000_000.0  # 2026-05-28 22:26:40 in Berlin
DOWN = Publication(57, "abc", AT, "anna@deploy-1", "message: Back at four.\n")
UP = replace(DOWN, serial=58, flag=None)
WHO = "Publication 57 of anna@deploy-1, 2026-05-28 22:26:40 CEST: the flag of the fleet is raised"

PUBLISHED = {
    "down": ("message: Back at four.\n", f"{WHO}, the site is down: Back at four."),
    "without a message": ("", f"{WHO}, the site is down."),
    "with an end": ("end: 2026-05-29 01:00:00+02:00\n", f"{WHO}, the site is down until 2026-05-29 01:00:00 CEST."),
    "a part": ("paths: [/shop]\nread_only: true\n", f"{WHO}, a part of the site is read-only (/shop)."),
    "all of it": ("paths: [/, /shop]\n", f"{WHO}, the site is down."),
    "expired": ("end: 2026-05-28 22:26:50+02:00\n", f"{WHO}, but it expired at 2026-05-28 22:26:50 CEST."),
    "plain text": ("Back soon", f"{WHO}, the site is down: Back soon"),
}


@pytest.mark.parametrize(("flag", "line"), PUBLISHED.values(), ids=PUBLISHED)
def test_what_was_published_is_told_with_who_did_it_and_when(flag: str, line: str) -> None:
    assert publication_line(replace(DOWN, flag=flag), AT + 60) == line


def test_a_lowered_flag_is_told_so() -> None:
    assert publication_line(UP, AT) == (
        "Publication 58 of anna@deploy-1, 2026-05-28 22:26:40 CEST: the flag of the fleet is lowered."
    )


def test_the_age_at_which_a_flag_lets_go_counts(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_FLAG_MAX_AGE = 3600
    assert publication_line(replace(DOWN, flag=""), AT) == f"{WHO}, the site is down until 2026-05-28 23:26:40 CEST."


FOLLOWS = Confirmation("web-1", "f", 57, "abc", AT)
HOSTS = {
    "confirmed": ({}, 3, "has confirmed; last heard of 3 s ago"),
    "long ago": ({}, 250, "has confirmed; last heard of 4 min ago by its clock"),
    "behind": ({"serial": 55}, 0, "has not confirmed; follows publication 55; last heard of 0 s ago"),
    "another of that serial": ({"token": "x"}, 0, "has not confirmed; follows publication 57; last heard of 0 s ago"),
    "told nothing": ({"serial": 0}, 0, "has not confirmed; has been told nothing yet; last heard of 0 s ago"),
    "no room": ({"trouble": "no room"}, 0, "has not confirmed; no room; last heard of 0 s ago"),
    "drained": ({"own_flag": True}, 0, "has confirmed; last heard of 0 s ago; a flag of its own is raised"),
    "a clock behind": ({}, 7200, "has confirmed; last heard of 2 h ago by its clock"),
    "a clock ahead": ({}, -7200, "has confirmed; last heard of just now, by a clock that is 2 h ahead of this one"),
    "a clock a bit ahead": ({}, -2, "has confirmed; last heard of 0 s ago"),
}


@pytest.mark.parametrize(("changes", "age", "line"), HOSTS.values(), ids=HOSTS)
def test_a_host_is_told_with_what_it_follows_and_when_it_was_heard_of(
    changes: dict[str, object], age: float, line: str
) -> None:
    assert host_line(replace(FOLLOWS, **changes), DOWN, AT + age) == f"  web-1: {line}"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("serial", "line"), [(0, "has been told nothing yet; last heard"), (57, "follows publication 57; last heard")]
)
def test_while_nothing_is_published_it_is_told_what_a_host_follows(serial: int, line: str) -> None:
    assert host_line(replace(FOLLOWS, serial=serial), None, AT).startswith(f"  web-1: {line}")
    assert is_followed(FOLLOWS, None)


def test_hosts_with_another_key_are_told_with_the_reason() -> None:
    another = "in this cache, 3 signed with another one, or by another version of django-downtime."
    assert strangers_line(3, is_alone=True) == f"no host is known that accepts this SECRET_KEY; {another}"
    assert strangers_line(3, is_alone=False) == (
        "in this cache, 3 signed with another SECRET_KEY, or by another version of django-downtime."
    )
    assert strangers_line(0, is_alone=True).startswith("no host is known: start manage.py downtime_follow on each")
