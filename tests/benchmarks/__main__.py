"""Prints what the app costs, each figure beside its goal: python -m tests.benchmarks [NAME …]

NAME is a line, or what some begin with: `refused`, `replaced-uvicorn`. Two things are always measured in turns, in CPU
time, and the median of the rounds' ratios is printed, with its quartiles. Each figure has a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from tests.benchmarks import beside, commands, cron, fleet, gaps, guard, passing, reading, refused, replaced, startup
from tests.benchmarks.programs import do_all_work, ending_well

_BOTH = (False, True)  # sync, async
_SIZES = (1, 10, 1_000)
_SERVERS = {"sync": "gunicorn sync", "gthread": "gunicorn gthread", "uvicorn": "uvicorn"}
_LINES: dict[str, list[Callable[[], None]]] = {
    "up": [partial(passing.up, 1)],
    "up-many": [partial(passing.up, 100_000)],
    **{
        f"replaced-{name}": [partial(replaced.replaced, server, periods) for periods in (1_000, 10_000)]
        for name, server in {**_SERVERS, "waitress": "waitress"}.items()
    },
    "reading": [reading.duration, reading.memory, gaps.in_a_thread, gaps.in_a_site],
    "passing": [partial(passing.beside_parts, periods, is_async=way) for periods in _SIZES for way in _BOTH]
    + [partial(passing.read_only, is_async=way) for way in _BOTH],
    "exempt": [partial(line, is_async=way) for line in (passing.exempt_path, passing.exempt_network) for way in _BOTH],
    "refused": [partial(refused.refused, case, is_async=way) for way in _BOTH for case in refused.CASES],
    "refused-uvicorn": [refused.under_uvicorn],
    "down": [refused.down],
    "stand-in": [guard.standing_in],
    "stand-in-uvicorn": [guard.standing_in_under_uvicorn],
    "boot": [guard.boot],
    "commands": [commands.commands],
    "startup": [startup.startup],
    **{f"beside-{name}": [partial(beside.beside, server)] for name, server in _SERVERS.items()},
    "cron": [cron.occurrences],
    "fleet": [fleet.fleet],
}


def main(names: list[str]) -> int:
    """The exit code: 1 if a line failed, 2 if there is none of that name."""
    if sys.flags.dev_mode:
        return _fail("in Python's development mode the figures mean nothing; unset PYTHONDEVMODE", 2)
    if unknown := [name for name in names if not any(_is_meant(line, [name]) for line in _LINES)]:
        return _fail(f"no such line: {' '.join(unknown)}; there are {' '.join(_LINES)}", 2)
    chosen = [line for line in _LINES if not names or _is_meant(line, names)]
    failed = [line for line in chosen if not do_all_work(_LINES[line])]
    return _fail(f"failed: {' '.join(failed)}", 1) if failed else 0


def _is_meant(line: str, names: list[str]) -> bool:
    return any(line == name or line.startswith(f"{name}-") for name in names)


def _fail(why: str, code: int) -> int:
    print(why, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(ending_well(partial(main, sys.argv[1:])))
