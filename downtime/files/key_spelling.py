"""Tells which key was meant by one that is misspelt, or that is a synonym."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_SYNONYMS = {"until": "end", "for": "duration", "reason": "message"}
_LONGEST = 40
_CLOSE = 0.8


def nearest(key: object, keys: Sequence[str], *, cutoff: float = 0.6) -> str | None:
    """The one of `keys` that was meant by this one, or None if it is like none; the higher the cutoff, the closer."""
    if not isinstance(key, str):
        return None
    spelled = key[:_LONGEST].lower().replace("-", "_")
    spelled = _SYNONYMS.get(spelled, spelled)
    return next(iter(get_close_matches(spelled, keys, n=1, cutoff=cutoff)), None)


def is_close(key: object, keys: Sequence[str]) -> bool:
    """Whether the key so nearly is one of `keys` that it can hardly be the beginning of a sentence."""
    return nearest(key, keys, cutoff=_CLOSE) is not None
