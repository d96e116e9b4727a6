"""Which values can each setting have?"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from django.template.loader import get_template
from django.utils.module_loading import import_string

from downtime.conf import WATCHERS, is_count, is_list, is_number, is_path
from downtime.http import client_address
from downtime.schedule import converters


class Rule(NamedTuple):
    """What a setting may be. `is_right` raises ValueError where it can say what exactly is wrong."""

    id: str
    is_right: Callable[[Any], bool]
    allowed: str


def is_absolute(value: Any) -> bool:
    """Whether the value names a file or a folder, wherever a process runs."""
    return is_path(value) and os.path.isabs(value)


def _is_path_or_paths(value: Any) -> bool:
    """A set would have no first one, which the commands raise and lower."""
    paths = value if isinstance(value, (list, tuple)) else [value]
    return bool(paths) and all(map(is_absolute, paths))


def _are_prefixes(value: Any) -> bool:
    return is_list(value) and all(isinstance(text, str) and _is_right(converters.prefix, text) for text in value)


def _are_paths(value: Any) -> bool:
    return is_list(value) and all(isinstance(text, str) and text.startswith("/") for text in value)


def _is_right(convert: Callable[[str], object], text: str) -> bool:
    try:
        return bool(convert(text))
    except ValueError:
        return False


def _are_networks(value: Any) -> bool:
    if not is_list(value) or not all(isinstance(text, str) for text in value):
        return False
    for text in value:
        client_address.network(text)
    return True


def _are_callables(value: Any) -> bool:
    return is_list(value) and all(_is_callable(name) for name in value)


def _is_callable(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        found = import_string(value)
    except Exception as error:  # a module of the site can raise anything as it is imported
        raise ValueError(f"{value} can't be imported: {error}") from error
    if not callable(found):
        raise ValueError(f"{value} can't be called")
    return True


def _is_template(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(get_template(value))
    except Exception:  # a loader and a library of tags can raise anything
        return False


RULES: dict[str, Rule] = {
    "DOWNTIME_SCHEDULE_FILE": Rule("E001", is_absolute, "It must be the absolute path of a file, as a str or a Path"),
    "DOWNTIME_FLAG_FILE": Rule(
        "E002",
        _is_path_or_paths,
        "It must be the absolute path of a file, as a str or a Path, or a list of them",
    ),
    "DOWNTIME_FLAG_MAX_AGE": Rule(
        "E003",
        lambda v: is_number(v) and v > 0,
        "It must be a number of seconds above 0, or None",
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
        "It must be a list of dotted paths of callables, such as downtime.exemptions.is_staff",
    ),
    "DOWNTIME_URL_REDIRECT": Rule(
        "E006",
        lambda v: isinstance(v, str) and _is_right(converters.url, v),
        "It must be an http or https URL, a path of this site such as /upgrade/, or None",
    ),
    "DOWNTIME_TEMPLATE": Rule("E007", _is_template, "It must be the name of a template that can be loaded"),
    "DOWNTIME_VIEW": Rule("E014", _is_callable, "It must be the dotted path of a callable, or None"),
    "DOWNTIME_RETRY_AFTER": Rule(
        "E008",
        lambda v: is_number(v) and v >= 1 and v == int(v),
        "It must be a whole number of seconds, at least 1, or None",
    ),
    "DOWNTIME_WATCH": Rule("E009", lambda v: v in WATCHERS, f"It must be {' or '.join(map(repr, WATCHERS))}"),
    "DOWNTIME_RECHECK": Rule(
        "E010",
        lambda v: is_number(v) and v >= 0,
        "It must be a number of seconds, at least 0",
    ),
}
