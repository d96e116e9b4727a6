"""Caches that tests and benchmarks put into the place of those of a site."""

from pathlib import Path
from typing import Any


def cache_in(folder: Path, **options: Any) -> dict[str, Any]:
    """The entry in CACHES of one that is kept in that folder, so that all processes of this machine share it."""
    return {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(folder), **options}
