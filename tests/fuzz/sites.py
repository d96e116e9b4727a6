"""Sites by chance, as the oracle takes them and as their files and settings are written."""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.fuzz import callables
from tests.fuzz.oracle import Downtime, Site

_HOUR = timedelta(hours=1)
_NETWORKS = ("192.0.2.17", "192.0.2.0/24", "2001:db8::/32", "10.0.0.0/8", "::ffff:192.0.2.0/120")


# How old a flag may become, as the setting and as what it means.
_AGES: tuple[tuple[object, timedelta | None], ...] = (
    *((None, None), (0, None), (-5, None), ("5400", None), (True, None), (1e300, None)),
    *(
        (5400, _HOUR * 1.5),
        (5400.0, _HOUR * 1.5),
        (9000, _HOUR * 2.5),
        (12600.0, _HOUR * 3.5),
        (1e11, timedelta(seconds=1e11)),
    ),
)


def site(chance: random.Random) -> Site:
    """A site without any file yet."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    redirect = chance.choice((None, None, "/upgrade/", "https://status.example.com/"))
    settings: dict[str, object] = {
        "DOWNTIME_EXEMPT_EXACT_URLS": chance.choice(([], ["/healthz"], ["//admin", "/shop/"])),
        "DOWNTIME_EXEMPT_PATHS": chance.choice((["/admin"], ["/admin/", "/größer"], [], ["/shop/a"])),
        "DOWNTIME_EXEMPT_IPS": chance.sample(_NETWORKS, chance.randint(0, 3)),
        "DOWNTIME_PROXY_COUNT": chance.choice((0, 0, 1, 2)),
        "DOWNTIME_EXEMPT_IF": _callables(chance),
        "DOWNTIME_URL_REDIRECT": redirect,
        "DOWNTIME_RETRY_AFTER": chance.choice((None, 77)),
    }
    settings["DOWNTIME_FLAG_MAX_AGE"], max_age = chance.choice(_AGES)
    flags = [_flag(chance, now, f"flag {number}", max_age) for number in range(chance.choice((0, 0, 1, 2)))]
    periods = [_period(chance, now, f"period {number}") for number in range(chance.randint(0, 6))]
    return Site(tuple(flags), tuple(periods), settings)


def _callables(chance: random.Random) -> object:
    """Some callables, or one that is written as a text, which is no list."""
    asked = chance.sample(callables.NEVER_LETS_THROUGH, chance.choice((0, 0, 1, 3)))
    if chance.random() < 0.1:
        return chance.choice((*asked, *callables.LETS_THROUGH))
    asked += chance.sample(callables.LETS_THROUGH, chance.choice((0, 1, 1)))
    chance.shuffle(asked)
    return asked


def _period(chance: random.Random, now: datetime, message: str) -> Downtime:
    """A period whose bounds lie whole hours from now, so that many meet and none is near."""
    start = now + _HOUR * chance.choice((-9, -2, -1, -1, 1, 2, 3, 5))
    end = start + _HOUR * chance.choice((1, 2, 3, 4, 24))
    end += _HOUR if end == now else timedelta()
    return Downtime(start, chance.choice((None, end, end, end)), message=f"{message} <&> ü", **_others(chance))


def _flag(chance: random.Random, now: datetime, message: str, max_age: timedelta | None) -> Downtime:
    """A flag that was written some time ago or, by another clock, will be; its end may lie before that, or be over."""
    written = now + _HOUR * chance.choice((-9, -2, -1, -1, 0, 0, 0, 1, 2))
    end = now + _HOUR * chance.choice((-10, -3, -1, 1, 2, 3, 4, 24))
    return Downtime(
        None,
        chance.choice((None, end, end, end)),
        message=f"{message} <&> ü",
        written=written,
        max_age=max_age,
        has_duration=chance.random() < 0.3,
        **_others(chance),
    )


def _others(chance: random.Random) -> dict[str, Any]:
    return {
        "paths": chance.choice(((), (), ("/shop",), ("/cart/", "/größer"), ("/",), ("/shop/a", "/x"))),
        "read_only": chance.random() < 0.3,
        "redirect": chance.choice(("", "", "", "/upgrade", "https://elsewhere.example.com/")),
        "retry_after": chance.choice((None, None, 55)),
    }


def written(site: Site, folder: Path) -> dict[str, object]:
    """Writes the files, and returns the settings that name them."""
    lines = ["periods:" if site.periods else "periods: []"]
    for period in site.periods:
        lines += [f"  - start: {period.start:%Y-%m-%dT%H:%M:%SZ}", *(f"    {line}" for line in period.lines())]
    (folder / "downtime.yml").write_text("\n".join(lines), encoding="utf-8")
    names = [folder / f"{number}.flag" for number in range(2)]
    for name, flag in zip(names, site.flags, strict=False):
        name.write_text("\n".join(flag.lines()), encoding="utf-8")
        assert flag.written
        os.utime(name, (flag.written.timestamp(),) * 2)
    return {"DOWNTIME_SCHEDULE_FILE": folder / "downtime.yml", "DOWNTIME_FLAG_FILE": names}
