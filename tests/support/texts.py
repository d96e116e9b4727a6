"""The texts that many tests write into the files, and the zone in which they read them."""

from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
OPEN = "periods:\n  - start: 2020-01-01\n"
"""A schedule with one period that has begun and has no end."""
