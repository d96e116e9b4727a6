"""Finds the key that was meant by a misspelt one, or by a synonym."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_SYNONYMS = {"until": "end", "for": "duration", "reason": "message"}
_LONGEST = 40
_CLOSE = 0.8


def nearest(key: object, keys: Sequence[str], *, cutoff: float = 0.6) -> str | None:
    """The one of `keys` that this one was meant to be, or None if it is like none; a higher cutoff is stricter."""
    if not isinstance(key, str):
        return None
    spelled = key[:_LONGEST].lower().replace("-", "_")
    spelled = _SYNONYMS.get(spelled, spelled)
    return next(iter(get_close_matches(spelled, keys, n=1, cutoff=cutoff)), None)


def is_close(key: object, keys: Sequence[str]) -> bool:
    """Whether the key is so close to one of `keys` that it can hardly be the beginning of a sentence."""
    return nearest(key, keys, cutoff=_CLOSE) is not None
