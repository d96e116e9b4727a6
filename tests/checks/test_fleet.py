"""Which caches can carry the flag of a fleet, and which of them may be away or empty just when they are needed."""

from typing import Any

import pytest
import pytest_django

from downtime.checks.fleet import cache_conflict
from tests.support.system_checks import found, ids

BACKENDS = "django.core.cache.backends"
REDIS, MEMCACHED = f"{BACKENDS}.redis.RedisCache", f"{BACKENDS}.memcached.PyMemcacheCache"
LOCAL = {"BACKEND": f"{BACKENDS}.locmem.LocMemCache"}
PLACE = "redis://10.0.0.5:6379"
FLEET = {"BACKEND": REDIS, "LOCATION": f"{PLACE}/5"}


CONFLICTS: dict[str, tuple[dict[str, Any], str]] = {
    "no such alias": ({}, "CACHES has no 'fleet'; it has 'default'"),
    "this process alone": (
        {"fleet": LOCAL},
        f"the BACKEND of 'fleet' is {BACKENDS}.locmem.LocMemCache, which reaches no",
    ),
    "nobody": ({"fleet": {"BACKEND": f"{BACKENDS}.dummy.DummyCache"}}, "which reaches no other process"),
    "nothing said": ({"fleet": {"LOCATION": PLACE}}, "the BACKEND of 'fleet' can't be imported: "),
    "a misspelling": ({"fleet": {"BACKEND": f"{BACKENDS}.redis.Redis"}}, "the BACKEND of 'fleet' can't be imported: "),
}


@pytest.mark.parametrize(("caches", "why"), CONFLICTS.values(), ids=CONFLICTS)
def test_a_cache_that_can_not_carry_the_flag_is_an_error(
    settings: pytest_django.Settings, caches: dict[str, Any], why: str
) -> None:
    settings.CACHES = {"default": LOCAL, **caches}
    settings.DOWNTIME_FLEET_CACHE = "fleet"
    [error] = found()
    assert error.id == "downtime.E016"
    assert error.msg == "DOWNTIME_FLEET_CACHE is 'fleet'."
    assert str(error.hint).startswith(
        "It must be the alias in CACHES of a Redis or a Memcached that every host reaches"
    )
    assert why in str(error.hint)
    assert why in cache_conflict("fleet")


def test_a_cache_of_its_own_has_nothing_to_correct(settings: pytest_django.Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": REDIS, "LOCATION": f"{PLACE}/0"}, "fleet": FLEET}
    settings.DOWNTIME_FLEET_CACHE = "fleet"
    assert found() == []
    del settings.DOWNTIME_FLEET_CACHE
    settings.CACHES = {"default": {**FLEET, "KEY_PREFIX": "a"}}
    assert found() == []


@pytest.mark.parametrize(
    ("backend", "why"),
    [("db.DatabaseCache", "is down just when the site has to go down"), ("filebased.FileBasedCache", "share it")],
)
def test_a_cache_in_the_database_or_in_a_folder_is_doubtful(
    settings: pytest_django.Settings, backend: str, why: str
) -> None:
    settings.CACHES = {"default": LOCAL, "fleet": {"BACKEND": f"{BACKENDS}.{backend}", "LOCATION": "/srv/cache"}}
    settings.DOWNTIME_FLEET_CACHE = "fleet"
    [warning] = found()
    assert warning.id == "downtime.W018"
    assert why in warning.msg


@pytest.mark.parametrize("key", ["KEY_PREFIX", "VERSION", "KEY_FUNCTION"])
def test_what_may_part_the_hosts_is_told(settings: pytest_django.Settings, key: str) -> None:
    settings.CACHES = {"default": LOCAL, "fleet": {**FLEET, key: "3f2a"}}
    settings.DOWNTIME_FLEET_CACHE = "fleet"
    [warning] = found()
    assert warning.id == "downtime.W020"
    assert f"which sets {key}: hosts with other values there do not hear each other" in warning.msg


def in_place(location: object, **options: object) -> dict[str, Any]:
    return {"BACKEND": REDIS, "LOCATION": location, "OPTIONS": options}


SHARED: dict[str, tuple[object, object]] = {
    "the same text": (f"{PLACE}/5", f"{PLACE}/5"),
    "the port that is meant": ("redis://10.0.0.5/5", f"{PLACE}/5"),
    "the number that is meant": (PLACE, f"{PLACE}/0"),
    "the number in a query": (f"{PLACE}?db=5", f"{PLACE}/5"),
    "with a password": ("redis://:secret@10.0.0.5:6379/5", f"{PLACE}/5"),
    "one of a list": ([f"{PLACE}/5", "redis://10.0.0.6:6379/5"], f"{PLACE}/5"),
    "one of a text": ("10.0.0.5:11211;10.0.0.6:11211", "10.0.0.6:11211"),
    "a socket": ("unix:///run/redis.sock", "unix:///run/redis.sock"),
}
APART: dict[str, tuple[object, object]] = {
    "another number": (f"{PLACE}/5", f"{PLACE}/4"),
    "another server": (f"{PLACE}/5", "redis://10.0.0.6:6379/5"),
    "another port": ("redis://10.0.0.5:7000/5", f"{PLACE}/5"),
    "no port": ("redis://10.0.0.5:x/5", f"{PLACE}/4"),
    "no address": ("redis://[::1", f"{PLACE}/4"),
}


@pytest.mark.parametrize(("own", "other"), SHARED.values(), ids=SHARED)
def test_a_cache_at_the_place_of_another_is_emptied_with_it(
    settings: pytest_django.Settings, own: object, other: object
) -> None:
    settings.CACHES = {"default": in_place(other), "fleet": in_place(own)}
    settings.DOWNTIME_FLEET_CACHE = "fleet"
    [warning] = found()
    assert warning.id == "downtime.W019"
    assert "which is in the same place as 'default': cache.clear() empties both" in warning.msg


@pytest.mark.parametrize(("own", "other"), APART.values(), ids=APART)
def test_a_cache_at_another_place_is_not(settings: pytest_django.Settings, own: object, other: object) -> None:
    settings.CACHES = {"default": in_place(other), "fleet": in_place(own)}
    settings.DOWNTIME_FLEET_CACHE = "fleet"
    assert found() == []


def test_the_number_may_be_an_option(settings: pytest_django.Settings) -> None:
    settings.CACHES = {"default": in_place(f"{PLACE}/5"), "fleet": in_place(PLACE, db=5)}
    settings.DOWNTIME_FLEET_CACHE = "fleet"
    assert ids() == ["W019"]


def test_the_cache_of_the_site_is_shared_by_itself(settings: pytest_django.Settings) -> None:
    settings.CACHES = {"default": FLEET}
    settings.DOWNTIME_FLEET_CACHE = "default"
    [warning] = found()
    assert "the cache of the whole site: cache.clear() empties both" in warning.msg


@pytest.mark.parametrize("setting", ["CACHE_MIDDLEWARE_ALIAS", "SESSION_CACHE_ALIAS"])
def test_a_cache_that_django_uses_too_is_shared(settings: pytest_django.Settings, setting: str) -> None:
    settings.CACHES = {"default": LOCAL, "fleet": FLEET}
    settings.DOWNTIME_FLEET_CACHE = "fleet"
    setattr(settings, setting, "fleet")
    [warning] = found()
    assert warning.id == "downtime.W019"
    assert f"which {setting} uses too" in warning.msg
