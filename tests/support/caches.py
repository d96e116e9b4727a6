"""Caches that tests and benchmarks use instead of a site's."""

from pathlib import Path
from typing import Any


def cache_in(folder: Path, **options: Any) -> dict[str, Any]:
    """The entry in CACHES for a cache in that folder, which all processes of this machine share."""
    return {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(folder), **options}
