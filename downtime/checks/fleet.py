"""Finds what is wrong with the cache that carries the flag of a fleet: E016, W018 to W020 of system_checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.utils.module_loading import import_string

from downtime.conf import conf

_OF_ONE_PROCESS = {
    "django.core.cache.backends.locmem.LocMemCache",
    "django.core.cache.backends.dummy.DummyCache",
}
_DOUBTFUL = {
    "django.core.cache.backends.db.DatabaseCache": "in the database, which is down just when the site has to go down",
    "django.core.cache.backends.filebased.FileBasedCache": "in a folder, which reaches only the hosts that share it",
}
_HINT = "Give the fleet an alias of its own in CACHES, on a Redis or a Memcached that every host reaches"


def cache_conflict(alias: str) -> str:
    """Why the cache of that alias can't carry a fleet's flag, as a sentence without its full stop; empty if it can."""
    if alias not in settings.CACHES:
        return f"CACHES has no {alias!r}; it has {', '.join(map(repr, settings.CACHES))}"
    name = settings.CACHES[alias].get("BACKEND", "")
    try:
        backend = import_string(name)
    except ImportError as error:
        return f"the BACKEND of {alias!r} can't be imported: {error}"
    if _OF_ONE_PROCESS & _names(backend):
        return f"the BACKEND of {alias!r} is {name}, which reaches no other process"
    return ""


def doubtful_cache() -> Iterator[CheckMessage]:
    """Warnings about a cache that may be unavailable, emptied or different between hosts just when it is needed."""
    alias = conf.DOWNTIME_FLEET_CACHE
    if alias is None or cache_conflict(alias):
        return
    config = settings.CACHES[alias]
    backend = import_string(config["BACKEND"])
    name = f"DOWNTIME_FLEET_CACHE is {alias!r}"
    for doubt in (_DOUBTFUL[base] for base in _DOUBTFUL.keys() & _names(backend)):
        yield Warning(f"{name}, a cache {doubt}.", hint=f"{_HINT}.", id="downtime.W018")
    if why := _shared_with(alias, config):
        message = f"{name}, {why}: cache.clear() empties both, and then no host that starts knows what was published."
        yield Warning(message, hint=f"{_HINT}, with a database number of its own in Redis.", id="downtime.W019")
    parting = [key for key in ("KEY_PREFIX", "VERSION", "KEY_FUNCTION") if config.get(key)]
    if parting:
        message = f"{name}, which sets {' and '.join(parting)}: hosts with other values there do not hear each other."
        hint = "Leave it out, or make sure that it never changes, especially not with a release."
        yield Warning(message, hint=hint, id="downtime.W020")


def _names(backend: type) -> set[str]:
    """The dotted paths of the class and its bases, so that none of them has to be imported to be compared."""
    return {f"{base.__module__}.{base.__qualname__}" for base in backend.__mro__}


def _shared_with(alias: str, config: dict[str, Any]) -> str:
    """What else uses the same cache; empty if nothing does."""
    for setting in ("CACHE_MIDDLEWARE_ALIAS", "SESSION_CACHE_ALIAS"):
        if alias != "default" and alias == getattr(settings, setting, None):
            return f"which {setting} uses too"
    if alias == "default":
        return "the cache of the whole site"
    place = _place(config)
    for other, its_config in settings.CACHES.items():
        if other != alias and place & _place(its_config):
            return f"which is in the same place as {other!r}"
    return ""


def _place(config: dict[str, Any]) -> set[tuple[object, ...]]:
    """Where a cache keeps its data: its servers, each spelled in one way only, with the number of the database."""
    location, options = config.get("LOCATION", ""), config.get("OPTIONS", {})
    servers = location if isinstance(location, (list, tuple)) else str(location).replace(";", ",").split(",")
    return {_server(str(server).strip(), options.get("db", 0)) for server in servers}


def _server(address: str, default_db: object) -> tuple[object, ...]:
    try:
        url = urlsplit(address)
        port = url.port
    except ValueError:  # Redis will say so itself
        return (address, default_db)
    if not url.scheme or not url.netloc:  # a Memcached server, or the socket of a Redis
        return (address, default_db)
    [db] = parse_qs(url.query).get("db", [url.path.strip("/")])[:1]
    return (url.hostname, port or 6379, db or str(default_db))
