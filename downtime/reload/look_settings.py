"""The settings for one look at the files, read before it: a lazy setting may run any code of the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from django.utils.timezone import get_default_timezone

from downtime.conf import conf


@dataclass(frozen=True, slots=True)
class LookSettings:
    """Which files to look at, and how."""

    schedule_path: str
    flag_paths: tuple[str, ...]
    flag_max_age: float | None
    """In seconds."""
    recheck: float
    """In seconds."""
    way: str
    """How to learn of changes: one of conf.WATCHERS."""
    zone: tzinfo
    """The zone of times without an offset."""

    @classmethod
    def read(cls) -> LookSettings:
        """The settings as they are now; raises whatever a lazy setting raises."""
        return cls(
            conf.DOWNTIME_SCHEDULE_FILE,
            conf.flag_files,
            conf.DOWNTIME_FLAG_MAX_AGE,
            conf.DOWNTIME_RECHECK,
            conf.DOWNTIME_WATCH,
            get_default_timezone(),
        )
