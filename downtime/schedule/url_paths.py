"""Does a URL path lie below a prefix? Always in whole segments, never by regex."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import normpath


def trimmed(prefix: str) -> str:
    """The prefix without its closing slash, as `is_below` wants it: `/` becomes the empty prefix of every path."""
    return prefix.rstrip("/")


def is_below(path: str, prefixes: Iterable[str]) -> bool:
    """Whether `path` is one of the trimmed prefixes or lies below one: /admin has /admin and /admin/x, not /adminx."""
    return any(path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/") for prefix in prefixes)


def is_plain(path: str) -> bool:
    """Whether `path` says where it leads: no empty, `.` or `..` segment that some part of a site may fold away."""
    if "//" in path:
        return False
    return "/." not in path or not {".", ".."} & set(path.split("/"))


def folded(path: str) -> str:
    """The path with empty, `.` and `..` segments folded away (RFC 3986 section 5.2.4)."""
    return normpath("/" + path.lstrip("/"))
