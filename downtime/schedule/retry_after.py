"""The value of Retry-After, for the middleware and the guard, which refuse requests."""

from __future__ import annotations

import math
from datetime import datetime

from downtime.schedule.periods import NEVER


def retry_after(own: int | None, release: datetime, now: float, default: int | None = None) -> int | None:
    """The value of Retry-After (RFC 9110 section 10.2.3): whole seconds until the release, rounded up, at least 1.

    If the release is NEVER, it is the period's own value or the default. `now` is in seconds since the epoch."""
    if release == NEVER:
        return own or default
    return max(1, math.ceil(release.timestamp() - now))
