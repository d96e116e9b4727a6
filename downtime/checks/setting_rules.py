"""The rule for each setting: its check id, the values it can have, and the sentence that says so."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from inspect import isasyncgenfunction, isgeneratorfunction
from typing import Any, NamedTuple

from django.http import HttpResponseBase
from django.template.loader import get_template
from django.utils.module_loading import import_string

from downtime.checks.fleet import cache_conflict
from downtime.conf import (
    LONGEST_RECHECK,
    WATCHERS,
    is_count,
    is_list,
    is_number,
    is_path,
    own_file_conflict,
    page_conflict,
)
from downtime.http import client_address
from downtime.schedule import converters

_REMOVED_WATCHERS = {
    "native": "Instead of 'native' write 'auto', which does the same",
    "polling": "Instead of 'polling' write 'none': requests then compare the files four times in each "
    "DOWNTIME_RECHECK, which is the quicker way if no events arrive, as on network file systems and in Docker Desktop",
}


class Rule(NamedTuple):
    """What a setting can be. `is_valid` returns False, or raises ValueError if it can say which part is wrong."""

    id: str
    is_valid: Callable[[Any], bool]
    requirement: str
    """As a sentence without its full stop."""


def is_absolute_path(value: Any) -> bool:
    """Whether the value names the same file or folder in every working directory."""
    return is_path(value) and os.path.isabs(value)


def _is_path_or_paths(value: Any) -> bool:
    # No set: the commands raise and lower the first path.
    paths = value if isinstance(value, (list, tuple)) else [value]
    return all(map(is_absolute_path, paths))


def _is_page_path(value: Any) -> bool:
    return is_absolute_path(value) and _is_free_of(page_conflict(os.path.abspath(value)))


def _is_fleet_flag_path(value: Any) -> bool:
    return is_absolute_path(value) and _is_free_of(own_file_conflict(os.path.abspath(value)))


def _is_fleet_cache(value: Any) -> bool:
    return isinstance(value, str) and value != "" and _is_free_of(cache_conflict(value))


def _is_free_of(conflict: str) -> bool:
    if conflict:
        raise ValueError(conflict)
    return True


def _are_prefixes(value: Any) -> bool:
    return is_list(value) and all(map(_is_prefix, value))


def _is_prefix(value: Any) -> bool:
    # Not "/", which would exempt the whole site.
    return isinstance(value, str) and value != "/" and _is_convertible(value, converters.prefix)


def _are_paths(value: Any) -> bool:
    return is_list(value) and all(isinstance(text, str) and text.startswith("/") for text in value)


def _is_convertible(text: str, convert: Callable[[str], object]) -> bool:
    try:
        convert(text)
    except ValueError:
        return False
    return True


def _are_networks(value: Any) -> bool:
    if not is_list(value) or not all(isinstance(text, str) for text in value):
        return False
    for text in value:
        client_address.network(text)
    return True


def _are_callables(value: Any) -> bool:
    return is_list(value) and all(map(_is_callable, value))


def _is_view(value: Any) -> bool:
    return _is_callable(value, makes=(HttpResponseBase,))


def _is_callable(value: Any, *, makes: tuple[type, ...] = ()) -> bool:
    """Whether the value is the dotted path of a callable that can answer; a class has to make one of `makes`."""
    if not isinstance(value, str):
        return False
    try:
        imported = import_string(value)
    except Exception as error:  # importing a module of the site can raise anything
        raise ValueError(f"{value} can't be imported: {error}") from error
    while isinstance(imported, partial):
        imported = imported.func
    if not callable(imported):
        raise ValueError(f"{value} can't be called")
    if isinstance(imported, type) and not issubclass(imported, makes):
        raise ValueError(f"{value} is a class, whose instances are not answers; name a function, or an instance")
    if _is_generator_function(imported) or _is_generator_function(type(imported).__call__):
        raise ValueError(f"{value} is a generator function, and a generator is not an answer; write return, not yield")
    return True


def _is_generator_function(function: Any) -> bool:
    return isgeneratorfunction(function) or isasyncgenfunction(function)


def _is_watcher(value: Any) -> bool:
    if isinstance(value, str) and value in _REMOVED_WATCHERS:
        raise ValueError(_REMOVED_WATCHERS[value])
    return value in WATCHERS


def _is_template(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(get_template(value))
    except Exception as error:  # a loader or a library of tags can raise anything
        raise ValueError(f"{value} can't be loaded: {type(error).__name__}: {error}") from error


RULES: dict[str, Rule] = {
    "DOWNTIME_SCHEDULE_FILE": Rule(
        "E001", is_absolute_path, "It must be the absolute path of a file, as a str or a Path"
    ),
    "DOWNTIME_FLAG_FILE": Rule(
        "E002",
        _is_path_or_paths,
        "It must be the absolute path of a file, as a str or a Path, or a list of them; [] for no flag",
    ),
    "DOWNTIME_FLAG_MAX_AGE": Rule(
        "E003",
        lambda v: is_number(v) and v > 0,
        "It must be a number of seconds above 0, or None",
    ),
    "DOWNTIME_PAGE_FILE": Rule(
        "E015",
        _is_page_path,
        "It must be the absolute path of a file such as /srv/example/downtime/downtime.html, or None",
    ),
    "DOWNTIME_FLEET_CACHE": Rule(
        "E016",
        _is_fleet_cache,
        "It must be the alias in CACHES of a Redis or a Memcached that every host reaches, or None",
    ),
    "DOWNTIME_FLEET_FLAG_FILE": Rule(
        "E017",
        _is_fleet_flag_path,
        "It must be the absolute path of a file such as /srv/example/downtime/downtime.fleet.flag, or None",
    ),
    "DOWNTIME_EXEMPT_EXACT_URLS": Rule("E004", _are_paths, "It must be a list of paths that begin with /"),
    "DOWNTIME_EXEMPT_PATHS": Rule(
        "E005",
        _are_prefixes,
        "It must be a list of path prefixes such as /admin, without wildcards; / alone would exempt the whole site",
    ),
    "DOWNTIME_EXEMPT_IPS": Rule(
        "E011",
        _are_networks,
        "It must be a list of addresses and networks such as 192.0.2.1, 198.51.100.0/24 or 2001:db8::/32",
    ),
    "DOWNTIME_PROXY_COUNT": Rule(
        "E012", is_count, "It must be a whole number, at least 0; while it is wrong, no address is exempt"
    ),
    "DOWNTIME_EXEMPT_IF": Rule(
        "E013",
        _are_callables,
        "It must be a list of dotted paths of callables that return True or False, "
        "such as downtime.exemptions.is_staff",
    ),
    "DOWNTIME_URL_REDIRECT": Rule(
        "E006",
        lambda v: isinstance(v, str) and _is_convertible(v, converters.url),
        "It must be an http or https URL, a path of this site such as /upgrade/, or None",
    ),
    "DOWNTIME_TEMPLATE": Rule("E007", _is_template, "It must be the name of a template that can be loaded"),
    "DOWNTIME_VIEW": Rule("E014", _is_view, "It must be the dotted path of a callable, or None"),
    "DOWNTIME_RETRY_AFTER": Rule(
        "E008",
        lambda v: is_number(v) and v >= 1 and v == int(v),
        "It must be a whole number of seconds, at least 1, or None",
    ),
    "DOWNTIME_WATCH": Rule("E009", _is_watcher, f"It must be {' or '.join(map(repr, WATCHERS))}"),
    "DOWNTIME_RECHECK": Rule(
        "E010",
        lambda v: is_number(v) and 0 <= v <= LONGEST_RECHECK,
        f"It must be a number of seconds from 0 to {LONGEST_RECHECK}",
    ),
}
